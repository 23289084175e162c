//! Bodies of type `application/json`: the members of one object.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use super::value::Value;
use crate::error::{Code, Error};

/// The members of an object, and the names of those that are null.
pub(super) type Pairs = (Vec<(String, Value)>, Vec<String>);

pub(super) fn json_pairs(bytes: &[u8]) -> Result<Pairs, Error> {
    let Members(members) = serde_json::from_slice(bytes)
        .map_err(|error| Error::refused(Code::InvalidRequest, format!("The JSON body cannot be read: {error}.")))?;
    let (mut pairs, mut nulls) = (Vec::new(), Vec::new());
    for (name, json) in members {
        let value = match &json {
            // What a browser calls a credential is kept whole: it has objects in it.
            Json::Object(_) if name == "credential" => Some(Value::Text(json.to_string())),
            _ => json_value(json),
        };
        match value {
            Some(value) => pairs.push((name, value)),
            None => nulls.push(name),
        }
    }
    Ok((pairs, nulls))
}

/// The members of a JSON object as they are, repeated ones included; `None` for every other text.
pub(crate) fn json_members(bytes: &[u8]) -> Option<Vec<(String, Json)>> {
    serde_json::from_slice(bytes).ok().map(|Members(members)| members)
}

fn json_value(json: Json) -> Option<Value> {
    match json {
        Json::Null => None,
        Json::Array(items) => Some(
            items.into_iter().map(scalar).collect::<Option<Vec<_>>>().map_or(Value::Nested(Vec::new()), Value::List),
        ),
        Json::Object(members) => {
            let members = members.into_iter().filter_map(|(name, json)| Some((name, scalar(json)?)));
            Some(Value::Nested(members.collect()))
        }
        other => scalar(other).map(Value::Text),
    }
}

fn scalar(json: Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text),
        Json::Bool(yes) => Some(yes.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The members of a JSON object, repeated ones included: a map would silently keep the last.
struct Members(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
