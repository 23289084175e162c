//! What the provider sends, as its habit has it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::Value;

use super::habit::Part;
use super::signer::Signer;
use super::state::{CLIENT_ID, State};

/// One answer of the provider, taken apart.
struct Written<'a> {
    status: u16,
    content_type: &'a str,
    text: &'a str,
}

fn written(text: &str) -> Written<'_> {
    let mut found = Written { status: 200, content_type: "application/json", text };
    if let Some((status, rest)) = found.text.strip_prefix('!').and_then(|rest| rest.split_once(' ')) {
        (found.status, found.text) = (status.parse().expect("a status"), rest);
    }
    if let Some((content_type, rest)) = found.text.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
        (found.content_type, found.text) = (content_type, rest);
    }
    found
}

impl State {
    /// What it signs with at present.
    pub(super) fn signer(&self) -> Arc<Signer> {
        let Some(name) = self.differences(Part::Signer).first().copied() else {
            return Arc::new(Signer::Ed25519(self.key().0));
        };
        Arc::clone(self.inner().signer.get_or_insert_with(|| Arc::new(Signer::named(name))))
    }

    /// The key of its key set.
    pub(super) fn jwk(&self) -> Value {
        let mut key = self.signer().jwk(&self.key().1);
        self.merge(Part::Key, &mut key, "");
        key
    }

    /// How a part differs; nothing when it does not.
    pub(super) fn differences(&self, part: Part) -> Vec<&'static str> {
        self.inner().habit.iter().filter(|(of, _)| *of == part).map(|(_, text)| *text).collect()
    }

    /// Merges what differs into an object.
    pub(super) fn merge(&self, part: Part, object: &mut Value, subject: &str) {
        for text in self.differences(part) {
            let text = written(text).text;
            if text.starts_with('{') {
                let filled = self.fill(text, subject);
                let changes: Value = serde_json::from_str(&filled).unwrap_or_else(|error| panic!("{error}: {filled}"));
                let members = object.as_object_mut().expect("an object");
                for (name, value) in changes.as_object().expect("an object") {
                    match value {
                        Value::String(word) if word == "(absent)" => drop(members.remove(name)),
                        value => drop(members.insert(name.clone(), value.clone())),
                    }
                }
            }
        }
    }

    /// An answer of a route, as it differs.
    pub(super) fn answer(&self, part: Part, mut object: Value, subject: &str) -> HttpResponse {
        self.merge(part, &mut object, subject);
        let mut body = object.to_string();
        let (mut status, mut content_type) = (200, "application/json");
        for text in self.differences(part) {
            let differs = written(text);
            (status, content_type) = (differs.status, differs.content_type);
            if let Some(whole) = differs.text.strip_prefix('=') {
                body = self.fill(whole, subject).replace("$BODY", &object.to_string());
            }
        }
        HttpResponse::build(StatusCode::from_u16(status).expect("a status")).content_type(content_type).body(body)
    }

    fn fill(&self, text: &str, subject: &str) -> String {
        let now = self.inner().now.to_string();
        let text = text.replace("$URL", &self.url).replace("$CLIENT", CLIENT_ID).replace("$NOW", &now);
        let text = text.replace("$SUB", subject);
        if text.contains("$KEY") { text.replace("$KEY", &self.jwk().to_string()) } else { text }
    }
}
