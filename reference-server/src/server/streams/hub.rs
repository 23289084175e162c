//! The hub of Resonite's clients speaks SignalR in JSON: a handshake, and nothing else.

use serde_json::{Value, json};

use super::silent::{LARGEST, Protocol};

/// What ends each message.
const END: char = '\u{1e}';
/// Says that the hub is there.
const PING: u8 = 6;
/// Says that it ends.
const CLOSE: u8 = 7;

/// Where a client is.
#[derive(Debug, Default)]
pub(super) struct Hub {
    /// What came of a handshake that is not whole.
    unread: String,
    has_begun: bool,
}

fn message(body: &Value) -> String {
    format!("{body}{END}")
}

impl Hub {
    fn begin(&mut self) -> Result<Option<String>, String> {
        let refused = |why: &str| message(&json!({ "error": why }));
        let Some((handshake, _)) = self.unread.split_once(END) else {
            return if self.unread.len() > LARGEST { Err(refused("The handshake is too large.")) } else { Ok(None) };
        };
        let asked: Value = serde_json::from_str(handshake).map_err(|_| refused("The handshake is no JSON."))?;
        match asked["protocol"].as_str() {
            Some("json") if asked["version"].is_u64() => {
                self.has_begun = true;
                self.unread = String::new();
                Ok(Some(message(&json!({}))))
            }
            _ => Err(refused("The protocol is not supported: ask for json.")),
        }
    }
}

impl Protocol for Hub {
    fn answer(&mut self, message: &str) -> Result<Option<String>, String> {
        if self.has_begun {
            // What a client asks the hub for is nobody's business here.
            return Ok(None);
        }
        self.unread.push_str(message);
        self.begin()
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn keep_alive(&self) -> Option<String> {
        Some(message(&json!({ "type": PING })))
    }

    fn farewell(&self) -> Option<String> {
        Some(message(&json!({ "type": CLOSE, "error": "The session is over.", "allowReconnect": false })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_answers_a_handshake_in_json_and_nothing_after_it() {
        let mut hub = Hub::default();
        assert_eq!(hub.answer("{\"protocol\":\"json\",").unwrap(), None, "not whole yet");
        assert_eq!(hub.answer("\"version\":1}\u{1e}").unwrap().as_deref(), Some("{}\u{1e}"));
        assert!(hub.has_begun() && hub.answer("{\"type\":1}\u{1e}").unwrap().is_none());
        for other in ["{\"protocol\":\"messagepack\",\"version\":1}\u{1e}", "{}\u{1e}", "x\u{1e}", "[]\u{1e}"] {
            let refused = Hub::default().answer(other).unwrap_err();
            assert!(refused.starts_with("{\"error\":") && refused.ends_with(END), "{other}");
        }
        assert!(Hub::default().answer(&"x".repeat(LARGEST + 1)).is_err());
        let farewell: Value = serde_json::from_str(hub.farewell().unwrap().trim_end_matches(END)).unwrap();
        assert_eq!((&farewell["type"], &farewell["allowReconnect"]), (&json!(7), &json!(false)));
    }
}
