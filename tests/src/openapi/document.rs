//! The document, and where in it an operation is.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::Value;

use super::schemas;

/// As it is written: what a server leaves out because it is off is judged, too.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

/// The one of this process: its schemas are compiled once.
pub(super) static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::load);

/// The document, with schemas that allow no member which they do not name.
pub(super) struct Document {
    document: Value,
    /// Paths with parameters, as their segments.
    templates: Vec<(Vec<String>, String)>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Document {
    fn load() -> Self {
        let text = fs::read_to_string(FILE).expect("docs/openapi.json");
        let mut document: Value = serde_json::from_str(&text).expect("docs/openapi.json");
        schemas::close(&mut document);
        let paths = document["paths"].as_object().expect("paths").keys();
        let templates = paths.filter(|path| path.contains('{')).map(|path| (segments(path), path.clone())).collect();
        Self { document, templates, validators: Mutex::default() }
    }

    /// What answers a method at a path, each with its surface: two share a path where each has requests of its own.
    pub(super) fn operations(&self, method: &Method, path: &str) -> Vec<(&str, &Value)> {
        let asked = segments(path);
        let plain = format!("/{}", asked.join("/"));
        let method = method.as_str().to_ascii_lowercase();
        let beside = format!("{plain}#");
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let mut items: Vec<&Value> =
            paths.filter(|(path, _)| **path == plain || path.starts_with(&beside)).map(|(_, item)| item).collect();
        if items.is_empty() {
            let template = self.templates.iter().find(|(template, _)| fits(template, &asked));
            items.extend(template.map(|(_, template)| &self.document["paths"][template]));
        }
        items.into_iter().filter_map(|item| Some((item["x-surface"].as_str()?, item.get(&method)?))).collect()
    }

    /// What a reference names, or the value itself.
    pub(super) fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        place.map_or(value, |place| self.document.pointer(place).unwrap_or(&Value::Null))
    }

    /// What a schema has against a body, with the place of it.
    pub(super) fn validate(&self, schema: &Value, body: &Value) -> Result<(), String> {
        let key = schema.to_string();
        let known = self.validators.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = Arc::new(schemas::compile(&self.document, schema));
            self.validators.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
            made
        });
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("at {:?}: {error}", error.instance_path().to_string()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }
}

/// The segments of a path, whatever doubled or trailing slashes it has.
fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

fn fits(template: &[String], asked: &[String]) -> bool {
    template.len() == asked.len()
        && template.iter().zip(asked).all(|(template, asked)| template.starts_with('{') || template == asked)
}
