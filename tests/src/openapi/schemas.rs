//! Schemas of the document: made strict, and compiled.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Lets objects of which the document names the members have no others. The document itself leaves that open, since members may be added.
pub(super) fn close(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(close),
        Value::Object(members) => {
            let names_members = members.get("properties").is_some_and(Value::is_object);
            if names_members && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        _ => {}
    }
}

/// A schema of the document with all that it refers to.
pub(super) fn compile(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": { "schemas": document["components"]["schemas"] } });
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&whole).unwrap_or_else(|error| panic!("{schema}: {error}"))
}
