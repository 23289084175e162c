//! Sample values for the page about what programs can ask.

use serde_json::Value;

use super::add;
use crate::pages::contexts::{ApiDocsPage, ApiOperation, ApiSection};

/// The page with an operation that has all there can be, and with one that has nothing.
pub(super) fn api_docs(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let operation = |words: &[&str]| ApiOperation {
        id: text.to_owned(),
        method: text.to_owned(),
        path: text.to_owned(),
        summary: text.to_owned(),
        description: words.concat(),
        needs: words.iter().map(|word| (*word).to_owned()).collect(),
        takes: words.iter().map(|word| (*word).to_owned()).collect(),
        answers: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    let operations = vec![operation(&[text, text]), operation(&[])];
    let sections = [ApiSection { name: text.to_owned(), description: text.to_owned(), operations }];
    add(samples, "api_docs.html", &ApiDocsPage { sections: &sections, document: text, home: text.to_owned() });
}
