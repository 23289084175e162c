//! Apps: the Mastodon API's word for OAuth clients.

use std::fmt;

use url::Url;

use crate::ambient::Timestamp;
use crate::model::redirect_uri::{RedirectUri, UriProblem};
use crate::model::scope::Scopes;

/// The library's key for an app; not the `client_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppId(String);

impl AppId {
    /// Wraps a key.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A registered app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The library's key.
    pub id: AppId,
    /// OAuth's client identifier.
    pub client_id: String,
    /// The name, as it was sent.
    pub name: String,
    /// The website: http or https with a host, or none.
    pub website: Option<String>,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// What may be asked for.
    pub scopes: Scopes,
    /// When it registered.
    pub created_at: Timestamp,
}

impl App {
    /// The registered URI that admits `presented` (Mastodon §3), as the app sent it in this request.
    #[must_use]
    pub fn admit_redirect(&self, presented: Option<&str>) -> Option<RedirectUri> {
        let presented = presented?;
        let known = self.redirect_uris.iter().any(|registered| registered.admits(presented));
        known.then(|| RedirectUri::stored(presented))
    }
}

/// A registration as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// `client_name`.
    pub name: Option<String>,
    /// `redirect_uris`: each element may hold several, separated by white space.
    pub redirect_uris: Vec<String>,
    /// `scopes`.
    pub scopes: Option<String>,
    /// `website`.
    pub website: Option<String>,
}

/// A registration that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRegistration {
    /// The name, as it was sent.
    pub name: String,
    /// At least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// At least one.
    pub scopes: Scopes,
    /// http or https with a host.
    pub website: Option<String>,
}

const MAX_NAME: usize = 60;
const MAX_URL: usize = 2_000;

impl Registration {
    /// Checks the whole registration.
    ///
    /// # Errors
    /// All that is wrong, in Mastodon's order and words (Mastodon §2.2).
    pub fn check(self) -> Result<CheckedRegistration, Vec<&'static str>> {
        let mut problems = Vec::new();
        let name = self.name.unwrap_or_default();
        if name.trim().is_empty() {
            problems.push("Application name can't be blank");
        }
        let (redirect_uris, too_long) = check_uris(&self.redirect_uris, &mut problems);
        let scopes = Scopes::register(self.scopes.as_deref().unwrap_or_default());
        if scopes.is_err() {
            problems.push("Scopes doesn't match those configured on the server.");
        }
        if name.chars().count() > MAX_NAME {
            problems.push("Application name is too long (maximum is 60 characters)");
        }
        if too_long {
            problems.push("Redirect URI is too long (maximum is 2000 characters)");
        }
        let website = self.website.filter(|website| !website.trim().is_empty());
        if let Some(website) = &website {
            if !is_website(website) {
                problems.push("Application website is not a valid URL");
            }
            if website.chars().count() > MAX_URL {
                problems.push("Application website is too long (maximum is 2000 characters)");
            }
        }
        match scopes {
            Ok(scopes) if problems.is_empty() => Ok(CheckedRegistration { name, redirect_uris, scopes, website }),
            _ => Err(problems),
        }
    }
}

fn check_uris(sent: &[String], problems: &mut Vec<&'static str>) -> (Vec<RedirectUri>, bool) {
    let words: Vec<&str> = sent.iter().flat_map(|text| text.split_ascii_whitespace()).collect();
    if words.is_empty() {
        problems.push("Redirect URI can't be blank");
    }
    let mut accepted = Vec::new();
    let mut refused: Vec<UriProblem> = Vec::new();
    for word in &words {
        match RedirectUri::register(word) {
            Ok(uri) => accepted.push(uri),
            Err(more) => refused.extend(more),
        }
    }
    refused.sort_unstable();
    refused.dedup();
    problems.extend(refused.into_iter().map(UriProblem::message));
    let length = words.iter().map(|word| word.chars().count() + 1).sum::<usize>().saturating_sub(1);
    (accepted, length > MAX_URL)
}

fn is_website(text: &str) -> bool {
    let has_scheme = ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    has_scheme && !text.chars().any(char::is_control) && Url::parse(text).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration() -> Registration {
        Registration {
            name: Some("Test".into()),
            redirect_uris: vec!["https://a.example/cb\r\n app://cb".into()],
            scopes: Some("read write".into()),
            website: Some(" ".into()),
        }
    }

    #[test]
    fn passes_and_keeps_what_was_sent() {
        let checked = registration().check().unwrap();
        let uris: Vec<_> = checked.redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(uris, ["https://a.example/cb", "app://cb"]);
        assert_eq!(checked.website, None);
    }

    #[test]
    fn all_that_is_wrong_comes_at_once_and_in_order() {
        let bad = Registration {
            name: None,
            redirect_uris: vec!["javascript:alert(1) data:x".into()],
            scopes: Some("everything".into()),
            website: Some("javascript://x".into()),
        };
        assert_eq!(
            bad.check(),
            Err(vec![
                "Application name can't be blank",
                "Redirect URI is forbidden by the server.",
                "Redirect URI must specify a scheme.",
                "Scopes doesn't match those configured on the server.",
                "Application website is not a valid URL",
            ])
        );
    }

    #[test]
    fn lengths() {
        let name = Registration { name: Some("é".repeat(61)), ..registration() };
        assert_eq!(name.check(), Err(vec!["Application name is too long (maximum is 60 characters)"]));
        let exact = Registration { name: Some("é".repeat(60)), ..registration() };
        assert!(exact.check().is_ok());
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        let uris = Registration { redirect_uris: vec![long.clone()], ..registration() };
        assert_eq!(uris.check(), Err(vec!["Redirect URI is too long (maximum is 2000 characters)"]));
        let website = Registration { website: Some(long), ..registration() };
        assert_eq!(website.check(), Err(vec!["Application website is too long (maximum is 2000 characters)"]));
        let none = Registration { redirect_uris: vec![" \n".into()], ..registration() };
        assert_eq!(none.check(), Err(vec!["Redirect URI can't be blank"]));
    }
}
