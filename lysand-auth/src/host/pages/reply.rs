//! What a page is shown to, and what a host makes of it.

use super::factors::WayBackNotice;
use crate::model::reader::Reader;

/// The request that a page answers: who reads it, and what else a host may go by.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PageRequest {
    /// The languages of its reader, best first.
    pub reader: Reader,
    /// The path as it was asked for, `/oauth/authorize`.
    pub path: String,
    /// That the second factors of whoever is signed in are to be removed: shown at the top of every page (FAC-113).
    pub way_back: Option<WayBackNotice>,
    headers: Vec<(String, String)>,
}

impl PageRequest {
    /// A request of this reader; for a host's own tests.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self { reader, ..Self::default() }
    }

    /// The same for a path.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// The same for somebody whose second factors are to be removed.
    #[must_use]
    pub fn told_of(self, way_back: Option<WayBackNotice>) -> Self {
        Self { way_back, ..self }
    }

    /// The same with a header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The first header of this name whose value is text: `Host`, `User-Agent`, a cookie of the host's own.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What a host makes of a page.
#[derive(Debug)]
#[non_exhaustive]
pub enum PageReply {
    /// Show this document.
    Html(HtmlPage),
    /// The page lives elsewhere, at this origin-relative or absolute place; the request's query goes along, `lang` included.
    Elsewhere(String),
}

impl From<HtmlPage> for PageReply {
    fn from(page: HtmlPage) -> Self {
        Self::Html(page)
    }
}

/// A document to show.
#[derive(Debug)]
#[non_exhaustive]
pub struct HtmlPage {
    /// The whole document.
    pub html: String,
    /// The language that it is written in, for `Content-Language`, when that is known.
    pub language: Option<String>,
    /// From where it loads what this server does not have.
    pub sources: PageSources,
}

impl HtmlPage {
    /// A document that loads nothing from elsewhere.
    #[must_use]
    pub fn new(html: impl Into<String>) -> Self {
        Self { html: html.into(), language: None, sources: PageSources::default() }
    }

    /// The same, written in a language.
    #[must_use]
    pub fn in_language(self, language: impl Into<String>) -> Self {
        Self { language: Some(language.into()), ..self }
    }

    /// The same, which loads something from elsewhere.
    #[must_use]
    pub fn with_sources(self, sources: PageSources) -> Self {
        Self { sources, ..self }
    }
}

/// What a page may load, beside its own style, pictures and scripts: additions to its content security policy.
///
/// They only add: framing stays forbidden, and so do inline scripts and `eval`.
///
/// ```
/// # use lysand_auth::host::pages::{InvalidSource, PageSources, SourceKind};
/// # fn sources() -> Result<PageSources, InvalidSource> {
/// PageSources::default()
///     .with(SourceKind::Images, "https://pictures.example")?
///     .with(SourceKind::Scripts, "'nonce-c2VjcmV0IG9mIG9uZSBwYWdl'")
/// # }
/// # assert!(sources().is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSources(Vec<(SourceKind, String)>);

/// What is loaded from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// `img-src`
    Images,
    /// `style-src`
    Styles,
    /// `font-src`
    Fonts,
    /// `script-src`
    Scripts,
}

/// A source that a page may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no source for a page: give an https origin, 'self', a nonce or a digest")]
#[non_exhaustive]
pub struct InvalidSource(pub String);

impl PageSources {
    /// The same and one more: an origin (`https://cdn.example`, with a path or without; over http on loopback alone),
    /// `'self'`, `'nonce-…'`, `'sha256-…'` and its longer kin, and `data:` for pictures and fonts.
    ///
    /// # Errors
    /// For anything else, such as `*`, `'unsafe-inline'`, or what would begin another directive.
    pub fn with(mut self, kind: SourceKind, source: &str) -> Result<Self, InvalidSource> {
        if !is_source(kind, source) {
            return Err(InvalidSource(source.to_owned()));
        }
        self.0.push((kind, source.to_owned()));
        Ok(self)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sources of one kind.
    pub fn of(&self, kind: SourceKind) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| *other == kind).map(|(_, source)| source.as_str())
    }
}

fn is_source(kind: SourceKind, source: &str) -> bool {
    if source == "'self'" || (source == "data:" && matches!(kind, SourceKind::Images | SourceKind::Fonts)) {
        return true;
    }
    if let Some(quoted) = source.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        let named = ["nonce-", "sha256-", "sha384-", "sha512-"].iter().find_map(|name| quoted.strip_prefix(name));
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
        return named.is_some_and(|value| value.len() >= 16 && value.bytes().all(is_base64));
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\'' | b'"' | b'*');
    let Ok(url) = url::Url::parse(source) else { return false };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    source.bytes().all(is_plain)
        && url.has_host()
        && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_source_is_origin_nonce_or_digest_and_nothing_that_widens_more() {
        let ok = |kind, source| PageSources::default().with(kind, source).is_ok();
        for source in ["https://cdn.example", "https://cdn.example:8443/a/", "'self'", "'sha256-AAAAAAAAAAAAAAAAAAA='"]
        {
            assert!(ok(SourceKind::Scripts, source), "{source}");
        }
        assert!(ok(SourceKind::Images, "data:") && ok(SourceKind::Styles, "http://localhost:3000"));
        for source in [
            "",
            "*",
            "https:",
            "https://*.example",
            "http://cdn.example",
            "data:",
            "blob:",
            "'unsafe-inline'",
            "'unsafe-eval'",
            "'strict-dynamic'",
            "'nonce-short'",
            "'none'",
            "https://a.example; frame-ancestors *",
            "https://a.example, default-src *",
            "https://a.example https://b.example",
            "https://user@a.example",
            "https://a.example/?q",
            "javascript:alert(1)",
        ] {
            assert!(!ok(SourceKind::Scripts, source), "{source}");
        }
    }

    #[test]
    fn page_request_header_is_found_in_any_case() {
        let request = PageRequest::new(Reader::default()).at("/oauth/code").with_header("User-Agent", "Story");
        assert_eq!((request.header("user-agent"), request.header("host")), (Some("Story"), None));
        assert_eq!(request.path, "/oauth/code");
    }
}
