//! Scopes: which words exist, what each covers, and how they are put into words for a person.
//!
//! Scopes are compared as whole words. What is granted was requested and is covered by what was registered
//! (security AS-9); an empty set never means everything.

use std::fmt;

use crate::error::Error;
use crate::model::host_scope::HostScope;

/// Every scope that can be registered: Mastodon's list in Mastodon's order (Mastodon §4), then two of OpenID and two of the account itself.
pub(crate) const ALL: [&str; 51] = [
    "read",
    "profile",
    "write",
    "write:accounts",
    "write:blocks",
    "write:bookmarks",
    "write:collections",
    "write:conversations",
    "write:favourites",
    "write:filters",
    "write:follows",
    "write:lists",
    "write:media",
    "write:mutes",
    "write:notifications",
    "write:reports",
    "write:statuses",
    "read:accounts",
    "read:blocks",
    "read:bookmarks",
    "read:collections",
    "read:favourites",
    "read:filters",
    "read:follows",
    "read:lists",
    "read:mutes",
    "read:notifications",
    "read:search",
    "read:statuses",
    "follow",
    "push",
    "admin:read",
    "admin:read:accounts",
    "admin:read:reports",
    "admin:read:domain_allows",
    "admin:read:domain_blocks",
    "admin:read:ip_blocks",
    "admin:read:email_domain_blocks",
    "admin:read:canonical_email_blocks",
    "admin:write",
    "admin:write:accounts",
    "admin:write:reports",
    "admin:write:domain_allows",
    "admin:write:domain_blocks",
    "admin:write:ip_blocks",
    "admin:write:email_domain_blocks",
    "admin:write:canonical_email_blocks",
    "openid",
    "email",
    "auth:read",
    "auth:write",
];

/// What is about the account itself: no other scope covers one of these, so that no app which people trusted before gains them
/// (people PPL-4).
pub(crate) const OF_ACCOUNT: &[&str] = ALL.split_at(49).1;

/// Whether nobody is let off a consent to this scope: it gives the account away, or power over the server (people PPL-4).
pub(crate) fn is_grave(word: &str) -> bool {
    word == "auth:write" || word == "admin" || word.starts_with("admin:")
}

/// Mastodon's list alone, as clients of the Mastodon API expect it in the metadata (Mastodon §10).
pub(crate) const MASTODON: &[&str] = ALL.split_at(47).0;

/// Words of old clients that are accepted and dropped (DEV-7).
const RETIRED: [&str; 5] = ["crypto", "read:reports", "read:me", "read:circles", "write:circles"];

/// The longest word of a host's own.
const LONGEST: usize = 64;

/// What `follow` covers, and nothing else (Mastodon §4).
const FOLLOW: [&str; 6] = ["read:follows", "read:blocks", "read:mutes", "write:follows", "write:blocks", "write:mutes"];

/// Whether a token with the scope `held` satisfies a need for the scope `wanted`.
#[must_use]
pub(crate) fn covers(held: &str, wanted: &str) -> bool {
    if held == wanted {
        return true;
    }
    match held {
        "follow" => FOLLOW.contains(&wanted),
        "read" | "write" | "admin:read" | "admin:write" => {
            wanted.strip_prefix(held).is_some_and(|rest| rest.starts_with(':'))
        }
        // A host's own words cover those below them. One of Mastodon's that covers nothing never does.
        _ => wanted.strip_prefix(held).is_some_and(|rest| rest.starts_with(':')) && !ALL.contains(&held),
    }
}

/// What is wrong with a host's scopes: a word, and why it cannot be one.
pub(crate) fn problems(own: &[HostScope]) -> impl Iterator<Item = (&'static str, &'static str)> {
    own.iter().enumerate().filter_map(|(index, scope)| {
        let is_repeated = own.iter().take(index).any(|earlier| earlier.word == scope.word);
        let problem = if is_repeated { Some("is there twice") } else { problem(scope) };
        problem.map(|why| (scope.word, why))
    })
}

/// What keeps a host's word from being a scope.
fn problem(scope: &HostScope) -> Option<&'static str> {
    let is_token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    let word = scope.word;
    let umbrella = format!("{word}:");
    if word.is_empty() || word.len() > LONGEST || !word.bytes().all(is_token) {
        return Some("must be 1 to 64 visible ASCII characters other than quotation mark and backslash");
    }
    if ALL.contains(&word) || RETIRED.contains(&word) {
        return Some("is a scope that the library has already");
    }
    // It would open what Mastodon's own words are for.
    if ALL.iter().any(|known| known.starts_with(&umbrella)) {
        return Some("would cover scopes that the library has: choose another word");
    }
    let is_explained = !scope.subject.trim().is_empty() && !scope.clause.trim().is_empty();
    (!is_explained).then_some("needs a subject and a clause for the consent page")
}

/// A set of scopes in the order in which they were asked for, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

/// A word that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownScope;

impl Scopes {
    /// Reads scopes for a registration: any ASCII white space separates, retired words are dropped (DEV-7), an absent or
    /// empty list is `read` (DEV-5).
    ///
    /// Beside `openid`, words that this library does not know are dropped (OpenID Connect Core §3.1.2.1, faults A18).
    ///
    /// # Errors
    /// When a word is none of the scopes that this library knows, nor of the host's own.
    pub fn register(text: &str, own: &[HostScope]) -> Result<Self, UnknownScope> {
        let scopes = Self::parse(text.split_ascii_whitespace(), own)?;
        Ok(if scopes.0.is_empty() { Self(vec!["read".into()]) } else { scopes })
    }

    /// What a request may have from an app that registered `self` (DEV-13, DEV-14).
    ///
    /// An absent or blank `asked` is `read` if the app registered it, else all that it registered.
    ///
    /// Beside `openid`, unknown words are dropped (OpenID Connect Core §3.1.2.1, faults A18).
    ///
    /// # Errors
    /// `invalid_scope` when a word is unknown or not covered, or when another separator than a space is used.
    pub fn grant(&self, asked: Option<&str>, own: &[HostScope]) -> Result<Self, Error> {
        let asked = asked.unwrap_or_default();
        if asked.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Error::invalid_scope());
        }
        let wanted =
            Self::parse(asked.split(' ').filter(|word| !word.is_empty()), own).map_err(|_| Error::invalid_scope())?;
        if wanted.0.is_empty() {
            let read = Self(vec!["read".into()]);
            return Ok(if self.has("read") { read } else { self.clone() });
        }
        if wanted.0.iter().all(|wanted| self.satisfies(wanted)) { Ok(wanted) } else { Err(Error::invalid_scope()) }
    }

    /// Reads back a set that this module wrote with `to_string`.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn parse<'a>(words: impl Iterator<Item = &'a str> + Clone, own: &[HostScope]) -> Result<Self, UnknownScope> {
        let drops_unknown = words.clone().any(|word| word == "openid");
        let mut scopes: Vec<String> = Vec::new();
        for word in words {
            if RETIRED.contains(&word) {
                continue;
            }
            if !ALL.contains(&word) && !own.iter().any(|scope| scope.word() == word) {
                if drops_unknown {
                    continue;
                }
                return Err(UnknownScope);
            }
            if !scopes.iter().any(|known| known == word) {
                scopes.push(word.to_owned());
            }
        }
        Ok(Self(scopes))
    }

    /// Whether the set holds this very word.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|held| held == word)
    }

    /// Whether a word of the set covers `wanted`.
    #[must_use]
    pub fn satisfies(&self, wanted: &str) -> bool {
        self.0.iter().any(|held| covers(held, wanted))
    }

    /// Whether everything in `other` is covered.
    #[must_use]
    pub fn cover_all(&self, other: &Self) -> bool {
        other.0.iter().all(|wanted| self.satisfies(wanted))
    }

    /// What this set and `other` allow together.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        for word in &other.0 {
            if !self.has(word) {
                self.0.push(word.clone());
            }
        }
        self
    }

    /// The words in order.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scope_umbrella_covers_only_its_own_subscopes() {
        for (held, wanted, expected) in [
            ("read", "read:accounts", true),
            ("read:accounts", "read", false),
            ("read", "readonly", false),
            ("read", "profile", false),
            ("read", "admin:read", false),
            ("write", "write:media", true),
            ("write", "read:media", false),
            ("follow", "write:blocks", true),
            ("follow", "write:statuses", false),
            ("follow", "follow", true),
            ("push", "read", false),
            ("profile", "read:accounts", false),
            ("admin:read", "admin:read:accounts", true),
            ("admin:read", "admin:write:accounts", false),
            ("write:accounts", "write:accounts", true),
            ("fern", "fern:read", true),
            ("fern", "fernery", false),
            ("fern:read", "fern", false),
            ("push", "push:ferns", false),
            ("read:lists", "read:lists:deep", false),
        ] {
            assert_eq!(covers(held, wanted), expected, "{held} covers {wanted}");
        }
    }

    #[test]
    fn scope_registration_normalizes_list_and_refuses_unknown_scopes() {
        let register = |text: &str| Scopes::register(text, &[]).map(|scopes| scopes.to_string());
        assert_eq!(register("").as_deref(), Ok("read"));
        assert_eq!(register("  write\tread\nwrite ").as_deref(), Ok("write read"));
        assert_eq!(register("read crypto").as_deref(), Ok("read"));
        assert_eq!(register("read,write"), Err(UnknownScope));
        assert_eq!(register("admin"), Err(UnknownScope));
        assert_eq!(register("offline_access openid x-y address read").as_deref(), Ok("openid read"));
        assert_eq!(register("offline_access profile"), Err(UnknownScope));
        assert_eq!(Scopes::register(&ALL.join(" "), &[]).unwrap().words().len(), ALL.len());
    }

    #[test]
    fn scope_grant_defaults_when_empty_and_refuses_unregistered_scopes() {
        let app = Scopes::register("read write:statuses", &[]).unwrap();
        assert_eq!(app.grant(None, &[]).unwrap().to_string(), "read");
        assert_eq!(app.grant(Some(" "), &[]).unwrap().to_string(), "read");
        assert_eq!(
            app.grant(Some("read:accounts write:statuses"), &[]).unwrap().to_string(),
            "read:accounts write:statuses"
        );
        assert!(app.grant(Some("write"), &[]).is_err());
        assert!(app.grant(Some("read+write:statuses"), &[]).is_err());
        assert!(app.grant(Some("read\nwrite:statuses"), &[]).is_err());
        let narrow = Scopes::register("write:media push", &[]).unwrap();
        assert_eq!(narrow.grant(None, &[]).unwrap().to_string(), "write:media push");
    }

    proptest! {
        #[test]
        fn scope_grant_equals_request_and_is_covered_by_registration(
            registered in proptest::sample::subsequence(ALL.to_vec(), 1..ALL.len()),
            asked in proptest::sample::subsequence(ALL.to_vec(), 1..6),
        ) {
            let app = Scopes::register(&registered.join(" "), &[]).unwrap();
            match app.grant(Some(&asked.join(" ")), &[]) {
                Ok(granted) => {
                    prop_assert!(app.cover_all(&granted));
                    prop_assert_eq!(granted.words(), &asked[..]);
                }
                Err(_) => prop_assert!(asked.iter().any(|word| !app.satisfies(word))),
            }
        }

        #[test]
        fn scope_parser_never_panics_on_any_text(text in ".{0,200}") {
            let app = Scopes::register("read write", &[]).unwrap();
            let _ = Scopes::register(&text, &[]);
            let _ = app.grant(Some(&text), &[]);
        }
    }
}
