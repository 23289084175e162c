//! JSON as it must be where security hangs on it: each name of an object stands once, and nothing is nested deeply
//! (RFC 7515 §5.2, security RP-1). A parser that keeps the last of two would read another token than its neighbour.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep arrays and objects may stand in each other.
const MAX_DEPTH: usize = 16;

/// An object whose names stand once each. A mark of the byte order before it says nothing (RFC 8259 §8.1).
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if !is_strict(bytes) {
        return Err("is not JSON, or says something twice");
    }
    serde_json::from_slice(bytes).map_err(|_| "is JSON, but no object")
}

/// A member that is text with something in it; any other type is an absence.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// The texts in a member that is a list of texts, or one; `None` when it is neither.
pub(super) fn texts<'a>(object: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a str>> {
    match object.get(name)? {
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
        Value::String(one) => Some(vec![one]),
        _ => None,
    }
}

/// Whether `bytes` are one JSON value without a repeated name.
fn is_strict(bytes: &[u8]) -> bool {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Strict(MAX_DEPTH).deserialize(&mut deserializer).and_then(|()| deserializer.end()).is_ok()
}

/// Reads a value of at most this depth and keeps nothing of it.
struct Strict(usize);

impl Strict {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.inner()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names: HashSet<String> = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a name stands twice"));
            }
            map.next_value_seed(self.inner()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_json_with_duplicate_keys_or_deep_nesting_is_refused() {
        for good in [r#"{"a":[1,2.5,-3,"x",null,true,{"a":{}}],"b":{}}"#, "[]", "1", " {} "] {
            assert!(is_strict(good.as_bytes()), "{good}");
        }
        for bad in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"a":{"sub":"a","s\u0075b":"b"}}"#,
            r#"[{"a":1,"a":1}]"#,
            "",
            "{",
            "{}x",
            "<html>",
            "{\"a\":1,}",
        ] {
            assert!(!is_strict(bad.as_bytes()), "{bad}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_strict(deep(MAX_DEPTH).as_bytes()) && !is_strict(deep(MAX_DEPTH + 2).as_bytes()));
        assert!(!is_strict("[".repeat(200_000).as_bytes()));
    }
}
