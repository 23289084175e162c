//! The page about what programs can ask.

use serde::Serialize;

/// `api_docs.html`
#[derive(Debug, Serialize)]
pub struct ApiDocsPage<'a> {
    /// What can be asked, surface by surface.
    pub sections: &'a [ApiSection],
    /// Link to the same as OpenAPI, for programs.
    pub document: &'a str,
    /// Link to where a person starts.
    pub home: String,
}

/// The operations of a surface.
#[derive(Debug, Serialize)]
pub struct ApiSection {
    /// The name of the surface.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// Its operations, sorted by path.
    pub operations: Vec<ApiOperation>,
}

/// What a program can ask.
#[derive(Debug, Serialize)]
pub struct ApiOperation {
    /// Its name in the document.
    pub id: String,
    /// Its method in capitals.
    pub method: String,
    /// Its path, with parameters in braces.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// More about it; may be empty.
    pub description: String,
    /// What the caller shows, any one of these: `bearer read:accounts`. Empty for everybody.
    pub needs: Vec<String>,
    /// The names of what it takes in path, query and body.
    pub takes: Vec<String>,
    /// The statuses of its answers.
    pub answers: Vec<String>,
}
