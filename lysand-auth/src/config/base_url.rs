//! The public address of the server: an origin, and what follows from it.

use std::net::IpAddr;

use url::Url;

/// An origin: scheme, host and port, without path or trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    secure: bool,
    host: String,
}

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It is no absolute URL.
    #[error("is not an absolute URL")]
    NotAbsolute,
    /// Its scheme is neither `http` nor `https`.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// It has a path, query, fragment or user information.
    #[error("must be an origin alone, without path, query or user name")]
    NotAnOrigin,
}

impl BaseUrl {
    /// Reads an origin; one trailing slash is forgiven.
    ///
    /// # Errors
    /// When `text` is not an absolute http(s) URL that consists of an origin only.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::NotAnOrigin);
        }
        Ok(Self {
            text: url.origin().ascii_serialization(),
            secure: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_owned(),
        })
    }

    /// The origin as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for `https`: cookies are `Secure` and carry the `__Host-` prefix.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True for `localhost`, `*.localhost` and loopback addresses, where plain http is harmless.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The issuer identifier, the same string everywhere: the origin with a trailing slash (Mastodon §10).
    #[must_use]
    pub fn issuer(&self) -> String {
        self.join("/")
    }

    /// Whether an absolute URL without a fragment is of this origin, however the origin is spelled.
    pub(crate) fn covers(&self, url: &str) -> bool {
        let of_origin = |url: Url| url.fragment().is_none() && url.origin().ascii_serialization() == self.text;
        Url::parse(url).is_ok_and(of_origin)
    }

    /// An absolute URL on this origin; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_parse_normalizes_origin_and_refuses_anything_else() {
        let base = BaseUrl::parse("https://Social.example:443/").unwrap();
        assert_eq!(base.as_str(), "https://social.example");
        assert_eq!(base.issuer(), "https://social.example/");
        assert!(base.is_secure() && !base.is_loopback());
        for (url, covered) in [
            ("https://social.example", true),
            ("https://SOCIAL.example/api", true),
            ("https://social.example/#x", false),
            ("https://social.example.evil.example/", false),
            ("https://social.example@evil.example/", false),
            ("http://social.example", false),
            ("social.example", false),
            ("urn:x", false),
        ] {
            assert_eq!(base.covers(url), covered, "{url}");
        }
        assert!(BaseUrl::parse("http://[::1]:8080").unwrap().is_loopback());
        assert!(BaseUrl::parse("http://a.localhost").unwrap().is_loopback());
        for (text, error) in [
            ("social.example", BaseUrlError::NotAbsolute),
            ("ftp://social.example", BaseUrlError::Scheme),
            ("https://social.example/path", BaseUrlError::NotAnOrigin),
            ("https://u@social.example", BaseUrlError::NotAnOrigin),
            ("https://social.example/?x", BaseUrlError::NotAnOrigin),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }
}
