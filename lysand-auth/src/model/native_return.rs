//! Where the tokens go of somebody who signs in to a native client with a provider (native 2.6).

use serde::{Deserialize, Serialize};

/// The longest address, in bytes.
const LONGEST: usize = 2_048;

/// Where the browser brings the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NativeReturn {
    /// The address at which the program listens on the person's own device; `None` for the dashboard.
    pub redirect_uri: Option<String>,
    /// Whether the person is asked first, because a page sent the browser.
    pub is_asked: bool,
}

/// Whether an address is one of the device that the browser runs on, as every reader of addresses takes it: `http`, a loopback host
/// in its plain spelling, any port, neither user nor fragment.
pub(crate) fn is_own_device(address: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
    let Some(rest) = address.strip_prefix("http://") else { return false };
    if address.len() > LONGEST || !address.bytes().all(is_plain) {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    ["127.0.0.1", "[::1]", "localhost"].into_iter().any(|host| match authority.strip_prefix(host) {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(is_port),
        None => false,
    })
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_own_device_is_told_from_look_alikes() {
        for own in [
            "http://127.0.0.1",
            "http://127.0.0.1:8085/callback?x=1",
            "http://[::1]:1/",
            "http://localhost:65535",
            "http://localhost?a=b",
        ] {
            assert!(is_own_device(own), "{own}");
        }
        for foreign in [
            "",
            "http://",
            "https://localhost",
            "HTTP://localhost",
            "http:/localhost",
            "http://localhost.evil",
            "http://localhost:80@evil",
            "http://127.0.0.1@evil",
            "http://user@127.0.0.1",
            "http://127.0.0.1:",
            "http://127.0.0.1:0",
            "http://127.0.0.1:65536",
            "http://127.0.0.1:+80",
            "http://127.1",
            "http://2130706433",
            "http://0177.0.0.1",
            "http://127.0.0.1.",
            "http://[::ffff:127.0.0.1]",
            "http://[0:0:0:0:0:0:0:1]",
            "http://localhost/#x",
            "http://localhost\\@evil",
            "http://localhost/ x",
            "http://localhost/\r\nx",
            "http://127.0.0.1\u{3002}evil",
            "//localhost",
            "localhost:80",
        ] {
            assert!(!is_own_device(foreign), "{foreign}");
        }
        assert!(!is_own_device(&format!("http://localhost/{}", "a".repeat(LONGEST))));
    }
}
