//! Scopes of a host's own API, beside those that the library knows (faults E6).

/// A scope of a host's own: its word, and what the consent page says of it.
///
/// A word covers those that begin with it and a colon: `fern` is enough where `fern:write` is asked for. A word may stand
/// below one of Mastodon's as well; then `read` covers `read:ferns`, and apps that have `read` already get it without
/// asking anybody.
///
/// ```
/// use lysand_auth::config::HostScope;
///
/// let scopes = vec![
///     HostScope::reading("fern:read", "Your ferns", "see your ferns"),
///     HostScope::changing("fern:write", "Your ferns", "plant and water your ferns"),
/// ];
/// # let _ = scopes;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostScope {
    pub(super) word: &'static str,
    pub(super) subject: &'static str,
    pub(super) clause: &'static str,
    pub(super) changes: bool,
}

impl HostScope {
    /// A scope with which an app looks at something. `subject` is the heading on the consent page, such as "Your ferns";
    /// `clause` is what an app with it can do, such as "see your ferns".
    #[must_use]
    pub const fn reading(word: &'static str, subject: &'static str, clause: &'static str) -> Self {
        Self { word, subject, clause, changes: false }
    }

    /// A scope with which an app changes something. With the subject of a reading one, the two share a row on the page.
    #[must_use]
    pub const fn changing(word: &'static str, subject: &'static str, clause: &'static str) -> Self {
        Self { word, subject, clause, changes: true }
    }

    /// The word that apps ask for.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::permission::{Access, permissions};
    use crate::model::scope::{Scopes, problems};

    const OWN: [HostScope; 4] = [
        HostScope::reading("fern:read", "Your ferns", "see your ferns"),
        HostScope::changing("fern:write", "Your ferns", "water your ferns"),
        HostScope::changing("fern", "Your garden", "do everything in your garden"),
        HostScope::reading("read:ferns", "Wild ferns", "see wild ferns"),
    ];

    #[test]
    fn host_scope_is_registered_granted_and_covered_as_mastodons_are() {
        let app = Scopes::register("fern read", &OWN).expect("known words");
        assert_eq!(app.grant(Some("fern:read read:ferns"), &OWN).expect("covered").to_string(), "fern:read read:ferns");
        for refused in ["fern:prune", "ferns", "fern:", "fern:read:deep", "push"] {
            assert!(app.grant(Some(refused), &OWN).is_err(), "{refused}");
        }
        assert!(Scopes::register("fern", &[]).is_err(), "another host does not know it");
        let narrow = Scopes::register("fern:read", &OWN).expect("a known word");
        assert!(narrow.grant(Some("fern"), &OWN).is_err() && narrow.grant(Some("fern:write"), &OWN).is_err());
        assert_eq!(narrow.grant(None, &OWN).expect("all of it").to_string(), "fern:read");
    }

    #[test]
    fn host_scope_has_its_row_on_the_consent_page() {
        let rows = |words: &str| {
            let rows = permissions(&Scopes::stored(words), &OWN);
            rows.into_iter().map(|row| (row.subject, row.access, row.meaning)).collect::<Vec<_>>()
        };
        let both = ("Your ferns".into(), Access::ReadWrite, "See your ferns; water your ferns.".into());
        assert_eq!(rows("fern:write fern:read"), [both]);
        let garden = ("Your garden".into(), Access::Write, "Do everything in your garden.".into());
        assert_eq!(rows("fern:read fern"), [garden], "a wider one covers it");
        assert_eq!(rows("read read:ferns").len(), 1, "and so does one of Mastodon's");
    }

    #[test]
    fn host_scope_that_would_open_something_else_is_refused() {
        let find = |word: &'static str, subject, clause| {
            problems(&[HostScope::reading(word, subject, clause)]).next().map(|(_, why)| why)
        };
        assert_eq!(problems(&OWN).next(), None);
        for word in ["", "a b", "a\"b", "a\\b", "größe", "a\n", "read", "openid", "admin", "crypto"] {
            assert!(find(word, "Ferns", "see ferns").is_some(), "{word:?}");
        }
        assert!(find("fern", " ", "see ferns").is_some() && find("fern", "Ferns", "").is_some());
        let twice = [OWN[0], OWN[0]];
        assert_eq!(problems(&twice).map(|(_, why)| why).collect::<Vec<_>>(), ["is there twice"]);
    }
}
