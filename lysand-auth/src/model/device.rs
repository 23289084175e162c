//! What the program of a person is, in words that people know.

use serde::Serialize;
use woothee::parser::Parser;

/// What a program says about itself (`User-Agent`), in words: for people to recognise their devices by. It is what anybody can
/// claim; nothing is ever decided by it (people PPL-111).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Device {
    /// The browser with its version, `Firefox 140`; `None` when nobody knows it.
    pub browser: Option<String>,
    /// The system, `Linux`; `None` when nobody knows it.
    pub system: Option<String>,
    /// `desktop`, `phone`, `tablet` or `other`.
    pub kind: &'static str,
}

impl Device {
    /// The device behind a `User-Agent`.
    #[must_use]
    pub fn of(agent: &str) -> Self {
        let Some(parsed) = Parser::new().parse(agent) else {
            return Self { browser: None, system: None, kind: "other" };
        };
        let known = |text: &str| (!matches!(text, "" | "UNKNOWN")).then(|| text.to_owned());
        let is_browser = parsed.browser_type == "browser";
        let version = known(parsed.version).and_then(|version| version.split('.').next().map(str::to_owned));
        let browser = known(parsed.name).filter(|_| is_browser);
        let browser = browser.map(|name| version.map_or(name.clone(), |version| format!("{name} {version}")));
        let system = known(parsed.os).map(|system| match &*system {
            windows if windows.starts_with("Windows") => "Windows".to_owned(),
            "Mac OSX" => "macOS".to_owned(),
            _ => system,
        });
        let kind = match (parsed.category, system.as_deref()) {
            ("smartphone", Some("iPad")) => "tablet",
            // Telephones say so; what runs Android and does not is larger.
            ("smartphone", Some("Android")) if is_browser && !agent.contains("Mobile") => "tablet",
            ("smartphone" | "mobilephone", _) => "phone",
            ("pc", _) => "desktop",
            _ => "other",
        };
        Self { browser, system, kind }
    }

    /// Browser and system in one line; `None` when nobody knows either.
    pub(crate) fn words(self) -> Option<String> {
        let known: Vec<String> = self.browser.into_iter().chain(self.system).collect();
        (!known.is_empty()).then(|| known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_is_told_in_words_and_what_nobody_knows_is_not() {
        for (agent, browser, system, kind) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140",
                "Linux",
                "desktop",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Safari/537.36 Edg/140.0.0.0",
                "Edge 140",
                "Windows",
                "desktop",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 \
                 Safari/605.1.15",
                "Safari 18",
                "macOS",
                "desktop",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 \
                 Mobile/15E148 Safari/604.1",
                "Safari 18",
                "iPad",
                "tablet",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome 140",
                "Android",
                "phone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Safari/537.36",
                "Chrome 140",
                "Android",
                "tablet",
            ),
            ("Tusky/26.0 (Android 14)", "", "Android", "phone"),
            ("python-requests/2.31", "", "", "other"),
            ("curl/8.5.0", "", "", "other"),
            ("", "", "", "other"),
            ("<script>alert(1)</script>", "", "", "other"),
            ("Mozilla/5.0 (((((((((((((((((((((((((((", "", "", "other"),
        ] {
            let device = Device::of(agent);
            let known = (device.browser.as_deref().unwrap_or_default(), device.system.as_deref().unwrap_or_default());
            assert_eq!((known.0, known.1, device.kind), (browser, system, kind), "{agent}");
        }
    }
}
