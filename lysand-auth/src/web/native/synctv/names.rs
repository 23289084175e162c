//! How the names of members are spelled: `snake_case`, or `camelCase` where a client speaks that (native 1.1).

use serde_json::{Map, Value};

/// What a page hands to the browser as it is.
const UNTOUCHED: [&str; 2] = ["options", "passkey_options"];

/// A name in `snake_case`; `None` when it is spelled so already.
pub(super) fn to_snake(name: &str) -> Option<String> {
    let is_camel = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().any(|byte| byte.is_ascii_uppercase());
    is_camel.then(|| {
        let letters = name.chars().flat_map(|letter| match letter.is_ascii_uppercase() {
            true => vec!['_', letter.to_ascii_lowercase()],
            false => vec![letter],
        });
        letters.collect()
    })
}

/// The same answer with all names in `camelCase`.
pub(super) fn in_camel(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = if UNTOUCHED.contains(&&*name) { value } else { in_camel(value) };
                (to_camel(&name), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(in_camel).collect()),
        other => other,
    }
}

fn to_camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn synctv_names_have_two_spellings_that_lead_to_one_another() {
        for (snake, camel) in [("refresh_token", "refreshToken"), ("mfa_session_id", "mfaSessionId")] {
            assert_eq!(to_snake(camel).as_deref(), Some(snake));
            assert_eq!(to_camel(snake), camel);
            assert_eq!(to_snake(snake), None);
        }
        for other in ["username", "Username", "X", "", "a-B", "größeX"] {
            assert_eq!(to_snake(other), None, "{other}");
        }
    }

    #[test]
    fn synctv_names_of_browsers_and_values_stay_as_they_are() {
        let told =
            json!({ "session_id": "a_b", "options": { "user_verification": [{ "x_y": 1 }] }, "a": [{ "b_c": 1 }] });
        let camel =
            json!({ "sessionId": "a_b", "options": { "user_verification": [{ "x_y": 1 }] }, "a": [{ "bC": 1 }] });
        assert_eq!(in_camel(told), camel);
    }
}
