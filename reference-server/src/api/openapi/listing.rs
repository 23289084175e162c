//! The document as a person reads it: its operations, surface by surface.

use serde_json::Value;

use crate::pages::contexts::{ApiOperation, ApiSection};

/// The operations of a document by the surfaces that its tags name.
pub(super) fn sections(document: &Value) -> Vec<ApiSection> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let section = |tag: &Value| {
        let name = text(&tag["name"]);
        let paths = document["paths"].as_object().into_iter().flatten();
        let paths = paths.filter(|(_, item)| item["x-surface"] == name.as_str());
        let operations = paths.flat_map(|(path, item)| {
            let operations =
                item.as_object().into_iter().flatten().filter(|(_, value)| value.get("responses").is_some());
            operations.map(move |(method, operation)| entry(document, (method, path), operation))
        });
        ApiSection { operations: operations.collect(), description: text(&tag["description"]), name }
    };
    tags.map(section).collect()
}

fn entry(document: &Value, (method, path): (&str, &str), operation: &Value) -> ApiOperation {
    ApiOperation {
        id: text(&operation["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        needs: needs(&operation["security"]),
        takes: takes(document, operation),
        answers: operation["responses"]
            .as_object()
            .into_iter()
            .flat_map(|responses| responses.keys().cloned())
            .collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Each way to be let in; the empty one, nothing to show, is left out.
fn needs(security: &Value) -> Vec<String> {
    let ways = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    let words = ways.flatten().map(|(scheme, scopes)| {
        let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
        [scheme.as_str()].into_iter().chain(scopes).collect::<Vec<_>>().join(" ")
    });
    words.collect()
}

fn takes(document: &Value, operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| text(&parameter["name"]));
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten().next();
    let schema = content.map_or(&Value::Null, |(_, media)| &media["schema"]);
    let schema =
        schema["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#'))).unwrap_or(schema);
    let fields = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
    let mut names: Vec<String> = parameters.collect();
    for field in fields {
        if !names.contains(&field) {
            names.push(field);
        }
    }
    names
}
