//! What the demo's page is made of, and how requests and answers are written down on it. Its words are English; the
//! template translates them. What travels is left as it is.

use actix_web::http::StatusCode;
use lysand_auth::host::pages::AccountOnPage;
use serde::Serialize;
use serde_json::Value;

/// `demo.html`: the sign-in in steps.
#[derive(Debug, Serialize)]
pub struct DemoPage<'a> {
    /// The heading.
    pub heading: &'static str,
    /// What happened, in a sentence or two.
    pub summary: &'static str,
    /// What went wrong, if anything did.
    pub trouble: Option<String>,
    /// Whom the app could speak for.
    pub account: Option<AccountOnPage<'a>>,
    /// What app and server said to each other.
    pub steps: Vec<Step>,
    /// Where the form "try it again" posts to.
    pub again: String,
    /// Where a person starts.
    pub home: String,
    /// Hidden field of that form.
    pub form_token: String,
}

/// One request and its answer.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its place, from 1.
    pub number: usize,
    /// What happens, as a heading.
    pub title: &'static str,
    /// Why, in words for somebody who writes an app.
    pub explanation: &'static str,
    /// What was sent.
    pub request: Option<Message>,
    /// What came back.
    pub answer: Option<Message>,
}

/// A request or an answer.
#[derive(Debug, Serialize)]
pub struct Message {
    /// Start line, headers and body as they travel, except for line breaks.
    pub text: String,
    /// What else is to be said about it.
    pub note: Option<&'static str>,
    /// What each parameter is for.
    pub parameters: Vec<Parameter>,
}

/// One parameter in words.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value before encoding, shortened where it is secret.
    pub value: String,
    /// What it is for.
    pub meaning: &'static str,
}

impl Parameter {
    /// A parameter whose value may be seen.
    #[must_use]
    pub fn new(name: &'static str, value: impl Into<String>, meaning: &'static str) -> Self {
        Self { name, value: value.into(), meaning }
    }

    /// A parameter of whose value only the beginning is shown.
    #[must_use]
    pub fn secret(name: &'static str, value: &str, meaning: &'static str) -> Self {
        Self::new(name, shortened(value), meaning)
    }

    fn encoded(&self) -> String {
        let value: String = url::form_urlencoded::byte_serialize(self.value.as_bytes()).collect();
        // A shortened value is no value to be copied: it keeps its mark.
        format!("{}={}", self.name, value.replace("%E2%80%A6", "…"))
    }
}

impl Message {
    /// A request whose parameters stand in the query.
    #[must_use]
    pub fn query(url: &str, parameters: Vec<Parameter>) -> Self {
        Self { text: format!("GET {url}?{}", lines(&parameters)), note: None, parameters }
    }

    /// A request whose parameters stand in a form.
    #[must_use]
    pub fn form(url: &str, parameters: Vec<Parameter>) -> Self {
        let body = lines(&parameters);
        let text = format!("POST {url}\nContent-Type: application/x-www-form-urlencoded\n\n{body}");
        Self { text, note: None, parameters }
    }

    /// A request with a bearer token.
    #[must_use]
    pub fn bearer(url: &str, token: &str) -> Self {
        Self::raw(format!("GET {url}\nAuthorization: Bearer {}", shortened(token)), None)
    }

    /// An answer that sends the browser on, with the parameters in the query.
    #[must_use]
    pub fn redirect(place: &str, parameters: Vec<Parameter>) -> Self {
        Self { text: format!("HTTP/1.1 302 Found\nLocation: {place}?{}", lines(&parameters)), note: None, parameters }
    }

    /// A message without its values, since the app never sees them.
    #[must_use]
    pub fn raw(text: String, note: Option<&'static str>) -> Self {
        Self { text, note, parameters: Vec::new() }
    }

    /// An answer with a JSON body; the values of `secrets` are shortened, `explained` go below it.
    #[must_use]
    pub fn json(status: u16, mut body: Value, secrets: &[&str], explained: Vec<Parameter>) -> Self {
        for name in secrets {
            if let Some(Value::String(value)) = body.get_mut(name) {
                *value = shortened(value);
            }
        }
        let body = serde_json::to_string_pretty(&body).unwrap_or_default();
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        let text = format!("HTTP/1.1 {status} {reason}\nContent-Type: application/json\n\n{body}");
        Self { text, note: None, parameters: explained }
    }
}

/// One parameter a line: easier to read than how it travels.
fn lines(parameters: &[Parameter]) -> String {
    parameters.iter().map(Parameter::encoded).collect::<Vec<_>>().join("\n  &")
}

/// The first characters of a secret: enough to recognise it in the next step, too few to use it.
fn shortened(secret: &str) -> String {
    match secret.char_indices().nth(6) {
        Some((end, _)) => format!("{}…", &secret[..end]),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_request_text_is_form_encoded_as_sent() {
        let request = Message::form(
            "https://social.example/oauth/token",
            vec![
                Parameter::new("redirect_uri", "https://a.example/b c", ""),
                Parameter::secret("code", "kBzFv0sYw2mQ8r1uJxN4tE7pLcA9dHgOi3WqS5yVbRk", ""),
            ],
        );
        assert_eq!(
            request.text,
            "POST https://social.example/oauth/token\nContent-Type: application/x-www-form-urlencoded\n\n\
             redirect_uri=https%3A%2F%2Fa.example%2Fb+c\n  &code=kBzFv0…"
        );
    }

    #[test]
    fn demo_page_shortens_secrets_in_shown_messages() {
        assert_eq!(shortened("kBzFv0sYw2"), "kBzFv0…");
        assert_eq!(shortened("short"), "…");
        assert_eq!(shortened("éééééééé"), "éééééé…");
        let answer = Message::json(
            200,
            serde_json::json!({ "access_token": "0123456789", "scope": "read" }),
            &["access_token"],
            vec![],
        );
        assert!(answer.text.contains("012345…") && !answer.text.contains("0123456789"));
    }
}
