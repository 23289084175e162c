//! The OpenAPI document, held against what the server answers: the status is documented, the type too, and the JSON is of its schema (native NAT-12).

mod document;
mod schemas;

use reqwest::Method;
use serde_json::Value;

use self::document::DOCUMENT;
use crate::http::Response;

/// Demands that an answer is what the document says. Paths that it does not have, pages of people above all, are not looked at.
///
/// # Panics
/// When it is not.
#[track_caller]
pub fn require(method: &Method, path: &str, response: &Response) {
    if let Err(why) = judge(method, path, response) {
        panic!("docs/openapi.json disagrees with {method} {path}: {why}\n{}", response.body);
    }
}

/// The surfaces of native clients.
const NATIVE: [&str; 3] = ["synctv", "toki", "resonite"];

/// What does not exist while it is off, as it is unless somebody turns it on.
const OFF_BY_DEFAULT: [&str; 3] = ["postOauthDeviceAuthorization", "getHub", "postHub"];

fn is_json(response: &Response) -> bool {
    response.header("content-type").starts_with("application/json")
}

/// Native clients share paths with pages, and with whoever is asked while their dialect is off.
fn is_of_page_or_nobody(response: &Response) -> bool {
    let is_missing = matches!(response.status.as_u16(), 404 | 405) && !response.body.is_empty();
    is_missing || response.status.is_redirection() || !(is_json(response) || response.body.is_empty())
}

/// What a proxy says itself: pages of ours begin with their type.
fn is_of_proxy(response: &Response) -> bool {
    response.header("content-type").starts_with("text/html") && response.body.trim_start().starts_with("<html>")
}

/// What the document has against an answer.
///
/// # Errors
/// The operation, and what is wrong.
pub fn judge(method: &Method, path: &str, response: &Response) -> Result<(), String> {
    let asked = if *method == Method::HEAD { &Method::GET } else { method };
    if is_of_proxy(response) {
        return Ok(());
    }
    let mut judged = Ok(());
    for (surface, operation) in DOCUMENT.operations(asked, path) {
        judged = judge_by(surface, operation, response);
        if judged.is_ok() {
            return judged;
        }
    }
    judged
}

fn judge_by(surface: &str, operation: &Value, response: &Response) -> Result<(), String> {
    if NATIVE.contains(&surface) && is_of_page_or_nobody(response) {
        return Ok(());
    }
    let name = operation["operationId"].as_str().unwrap_or_default();
    if OFF_BY_DEFAULT.contains(&name) && response.status == 404 {
        return Ok(());
    }
    let complaint = |why: String| format!("{name}: {why}");
    let status = response.status.as_u16().to_string();
    let documented = DOCUMENT.resolve(&operation["responses"][&status]);
    if documented.is_null() {
        return Err(complaint(format!("the status {status} is not documented")));
    }
    if response.body.is_empty() {
        return Ok(());
    }
    let sent = response.header("content-type");
    let media_type = sent.split(';').next().unwrap_or_default().trim();
    let Some(schema) = documented["content"].get(media_type).map(|media| &media["schema"]) else {
        return Err(complaint(format!("the type {sent:?} is not documented for {status}")));
    };
    if media_type != "application/json" {
        return Ok(());
    }
    let body: Value = serde_json::from_str(&response.body).map_err(|error| complaint(error.to_string()))?;
    DOCUMENT.validate(schema, &body).map_err(|why| complaint(format!("{status}: {why}")))
}
