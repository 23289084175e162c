//! Scopes of a host's own API, beside those that the library knows (faults E6).

use crate::model::permission::Access;
use crate::model::scope::{self, Scopes};

/// The longest word.
const LONGEST: usize = 64;

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
    pub(super) access: Access,
}

impl HostScope {
    /// A scope with which an app looks at something. `subject` is the heading on the consent page, such as "Your ferns";
    /// `clause` is what an app with it can do, such as "see your ferns".
    #[must_use]
    pub const fn reading(word: &'static str, subject: &'static str, clause: &'static str) -> Self {
        Self { word, subject, clause, access: Access::Read }
    }

    /// A scope with which an app changes something. With the subject of a reading one, the two share a row on the page.
    #[must_use]
    pub const fn changing(word: &'static str, subject: &'static str, clause: &'static str) -> Self {
        Self { word, subject, clause, access: Access::Write }
    }

    /// The word that apps ask for.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.word
    }

    /// What keeps this from being a scope.
    fn problem(&self) -> Option<&'static str> {
        let is_token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        let word = self.word;
        let umbrella = format!("{word}:");
        match () {
            () if word.is_empty() || word.len() > LONGEST || !word.bytes().all(is_token) => {
                Some("must be 1 to 64 visible ASCII characters other than quotation mark and backslash")
            }
            () if scope::is_known(word) => Some("is a scope that the library has already"),
            // It would open what Mastodon's own words are for.
            () if scope::ALL.iter().any(|known| known.starts_with(&umbrella)) => {
                Some("would cover scopes that the library has: choose another word")
            }
            () if self.subject.trim().is_empty() || self.clause.trim().is_empty() => {
                Some("needs a subject and a clause for the consent page")
            }
            () => None,
        }
    }
}

/// What is wrong with a host's scopes: a word, and why it cannot be one.
pub(crate) fn problems(own: &[HostScope]) -> impl Iterator<Item = (&'static str, &'static str)> {
    own.iter().enumerate().filter_map(|(index, scope)| {
        let is_repeated = own.iter().take(index).any(|earlier| earlier.word == scope.word);
        let problem = if is_repeated { Some("is there twice") } else { scope.problem() };
        problem.map(|why| (scope.word, why))
    })
}

/// What a set of scopes asks for beyond the library's: for each subject in order, whether it is to be read and changed,
/// and the clauses.
pub(super) fn asked(own: &[HostScope], scopes: &Scopes) -> Vec<(&'static str, Access, Vec<&'static str>)> {
    let is_asked = |scope: &&HostScope| {
        scopes.has(scope.word)
            && !scopes.words().iter().any(|held| held != scope.word && scope::covers(held, scope.word))
    };
    let mut rows: Vec<(&'static str, Access, Vec<&'static str>)> = Vec::new();
    for scope in own.iter().filter(is_asked) {
        match rows.iter_mut().find(|(subject, ..)| *subject == scope.subject) {
            Some((_, access, clauses)) => {
                *access = if *access == scope.access { *access } else { Access::ReadWrite };
                clauses.push(scope.clause);
            }
            None => rows.push((scope.subject, scope.access, vec![scope.clause])),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::permission::permissions;

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
