//! JSON whose members are named in any case, at every depth (native 3.1).

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value, with every member that an object has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

/// The members of an object, repeated ones included.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Members(Vec<(String, Json)>);

impl Json {
    /// The value of these bytes; none when they are none, or an object names a member twice with different values, in whatever case.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(Self::is_unambiguous)
    }

    /// Whether this is as good as nothing.
    fn is_absent(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    fn is_unambiguous(&self) -> bool {
        match self {
            Self::List(items) => items.iter().all(Self::is_unambiguous),
            Self::Object(members) => members.are_unambiguous(),
            _ => true,
        }
    }
}

impl Members {
    /// A member, in any case; nothing for null and the empty text.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let mut named = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        named.find(|value| !value.is_absent())
    }

    fn are_unambiguous(&self) -> bool {
        let mut names: Vec<(String, &Json)> =
            self.0.iter().map(|(name, json)| (name.to_ascii_lowercase(), json)).collect();
        names.retain(|(_, json)| !json.is_absent());
        names.sort_by(|one, other| one.0.cmp(&other.0));
        let is_doubled = names.windows(2).any(|two| two[0].0 == two[1].0 && two[0].1 != two[1].1);
        !is_doubled && self.0.iter().all(|(_, json)| json.is_unambiguous())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resonite_members_are_found_in_any_case_and_not_twice() {
        let members = |text: &str| match Json::parse(text.as_bytes()) {
            Some(Json::Object(members)) => Some(members),
            _ => None,
        };
        let found = members(r#"{"userName":"ada","X":null,"y":"","ownerID":null,"OWNERid":"U-1"}"#).unwrap();
        assert_eq!(found.get("username"), Some(&Json::Text("ada".into())));
        assert_eq!((found.get("x"), found.get("Y"), found.get("z")), (None, None, None));
        assert_eq!(found.get("ownerId"), Some(&Json::Text("U-1".into())), "null is as good as absent");
        assert!(members(r#"{"a":"x","A":"x"}"#).is_some());
        for doubled in [
            r#"{"a":"x","A":"y"}"#,
            r#"{"a":"x","a":"y"}"#,
            r#"{"b":{"c":"x","C":"y"}}"#,
            r#"{"b":[{"c":true,"C":false}]}"#,
            r#"{"a":"x","b":"1","A":"y"}"#,
        ] {
            assert!(members(doubled).is_none(), "{doubled}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for broken in ["", "{", "[]", "7", "null", "{\"a\":1,}", "{\"a\":\"\\ud800\"}", "\u{feff}{}", &*deep] {
            assert!(members(broken).is_none(), "{broken}");
        }
    }
}
