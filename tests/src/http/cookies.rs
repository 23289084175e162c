//! A browser's cookies.

use std::collections::BTreeMap;

use reqwest::header;

use super::response::Response;

/// The cookies that a browser keeps.
#[derive(Clone, Debug, Default)]
pub struct CookieJar(BTreeMap<String, String>);

impl CookieJar {
    /// Keeps what a response sets, and forgets what it removes.
    pub fn keep(&mut self, response: &Response) {
        for line in response.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if value.is_empty() || line.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Keeps a cookie of which only name and value are known.
    pub fn keep_value(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Whether a cookie whose name begins like this is there.
    pub fn has(&self, start: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(start))
    }

    /// The value of a cookie.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The `Cookie` header; none for an empty jar.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}
