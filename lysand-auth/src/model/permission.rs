//! Scopes in plain words: one row a subject, reading and changing told apart (Mastodon §4, security AS-2).

use serde::Serialize;

use crate::model::host_scope::HostScope;
use crate::model::scope::Scopes;

/// One subject on the consent page, such as "Posts", and what is asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a host makes samples of it for tests of its pages")]
pub struct Permission {
    /// The subject in words, such as "Your posts".
    pub subject: String,
    /// "Read-only access", "Write-only access" or "Read and write access".
    pub access: Access,
    /// What that means, in one plain sentence.
    pub meaning: String,
    /// The clauses of that sentence, for hosts that write it in another language ([`sentence`]).
    pub clauses: Vec<&'static str>,
    /// Whether it reaches beyond the person's own account: power over the instance.
    pub grave: bool,
    /// Whether the app could take over the account with it.
    pub takes_over: bool,
}

/// How far a permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// May look.
    Read,
    /// May change.
    Write,
    /// May look and change.
    ReadWrite,
}

/// A subject, its words, and the scopes that read or change it.
struct Subject {
    name: &'static str,
    reads: &'static [&'static str],
    writes: &'static [&'static str],
    seeing: &'static str,
    changing: &'static str,
}

const fn subject(
    name: &'static str,
    reads: &'static [&'static str],
    writes: &'static [&'static str],
    seeing: &'static str,
    changing: &'static str,
) -> Subject {
    Subject { name, reads, writes, seeing, changing }
}

/// What gives power over the instance comes first, then the widest scopes: a granular scope that one of them covers adds no row.
const SUBJECTS: [Subject; 25] = [
    subject(
        "Administration",
        &["admin:read"],
        &["admin:write"],
        "see all that administrators see",
        "do all that administrators do",
    ),
    subject(
        "Administration: people and reports",
        &["admin:read:accounts", "admin:read:reports"],
        &["admin:write:accounts", "admin:write:reports"],
        "see accounts and reports as an administrator",
        "decide on accounts and reports as an administrator",
    ),
    subject(
        "Administration: blocks",
        &[
            "admin:read:domain_allows",
            "admin:read:domain_blocks",
            "admin:read:ip_blocks",
            "admin:read:email_domain_blocks",
            "admin:read:canonical_email_blocks",
        ],
        &[
            "admin:write:domain_allows",
            "admin:write:domain_blocks",
            "admin:write:ip_blocks",
            "admin:write:email_domain_blocks",
            "admin:write:canonical_email_blocks",
        ],
        "see which servers and addresses are blocked",
        "block and allow servers and addresses",
    ),
    subject(
        "Your sign-ins and your account itself",
        &["auth:read"],
        &["auth:write"],
        "see where and how you are signed in",
        "change your password and e-mail address, end sign-ins, close your account",
    ),
    subject(
        "Everything in your account",
        &["read"],
        &["write"],
        "see all that you can see, private messages included",
        "post, edit and delete in your name and change your profile",
    ),
    subject("Your name and picture", &["profile"], &[], "see who you are, and nothing else", ""),
    subject("Signing in elsewhere", &["openid"], &[], "learn who you are when you sign in with this account", ""),
    subject("Your e-mail address", &["email"], &[], "see your e-mail address", ""),
    subject(
        "Your profile",
        &["read:accounts"],
        &["write:accounts"],
        "see your profile and settings",
        "change your profile and settings",
    ),
    subject(
        "Posts",
        &["read:statuses"],
        &["write:statuses"],
        "see posts that you can see",
        "post, edit and delete in your name",
    ),
    subject("Conversations", &[], &["write:conversations"], "", "mute and delete conversations"),
    subject("Media", &[], &["write:media"], "", "upload pictures, videos and sounds"),
    subject(
        "Notifications",
        &["read:notifications"],
        &["write:notifications"],
        "see your notifications",
        "clear your notifications",
    ),
    subject("Push notifications", &["push"], &[], "receive your notifications while the app is closed", ""),
    subject(
        "Relationships",
        &["follow"],
        &["follow"],
        "see whom you follow, mute and block",
        "follow, mute and block people for you",
    ),
    subject(
        "Follows",
        &["read:follows"],
        &["write:follows"],
        "see whom you follow",
        "follow and unfollow people for you",
    ),
    subject("Mutes", &["read:mutes"], &["write:mutes"], "see whom you mute", "mute people and conversations for you"),
    subject("Blocks", &["read:blocks"], &["write:blocks"], "see whom you block", "block people and servers for you"),
    subject("Bookmarks", &["read:bookmarks"], &["write:bookmarks"], "see your bookmarks", "change your bookmarks"),
    subject(
        "Favourites",
        &["read:favourites"],
        &["write:favourites"],
        "see your favourites",
        "favourite posts for you",
    ),
    subject(
        "Collections",
        &["read:collections"],
        &["write:collections"],
        "see your collections",
        "change your collections",
    ),
    subject("Lists", &["read:lists"], &["write:lists"], "see your lists", "change your lists"),
    subject("Filters", &["read:filters"], &["write:filters"], "see your filters", "change your filters"),
    subject("Search", &["read:search"], &[], "search in your name", ""),
    subject("Reports", &[], &["write:reports"], "", "report people and posts in your name"),
];

/// What `scopes` mean, one row a subject; those of the host's own come last.
#[must_use]
pub(crate) fn permissions(scopes: &Scopes, own: &[HostScope]) -> Vec<Permission> {
    SUBJECTS.iter().filter_map(|subject| subject.asked(scopes)).chain(of_host(scopes, own)).collect()
}

/// A row for each subject of the host's own, in the order in which the host names them.
fn of_host(scopes: &Scopes, own: &[HostScope]) -> Vec<Permission> {
    let mut rows: Vec<Permission> = Vec::new();
    for scope in own.iter().filter(|scope| scopes.has(scope.word) && !is_part_of_wider(scope.word, scopes)) {
        let access = if scope.changes { Access::Write } else { Access::Read };
        match rows.iter_mut().find(|row| row.subject == scope.subject) {
            Some(row) => {
                let access = if row.access == access { access } else { Access::ReadWrite };
                let clauses = row.clauses.iter().copied().chain([scope.clause]).collect();
                *row = Permission::new(scope.subject, access, clauses);
            }
            None => rows.push(Permission::new(scope.subject, access, vec![scope.clause])),
        }
    }
    rows
}

impl Permission {
    fn new(subject: &str, access: Access, clauses: Vec<&'static str>) -> Self {
        Self {
            subject: subject.to_owned(),
            access,
            meaning: sentence(&clauses),
            clauses,
            grave: false,
            takes_over: false,
        }
    }
}

/// Every subject and every clause that permissions are made of.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().flat_map(|subject| [subject.name, subject.seeing, subject.changing]).filter(|text| !text.is_empty())
}

impl Subject {
    fn asked(&self, scopes: &Scopes) -> Option<Permission> {
        let asked = |words: &[&str]| words.iter().any(|word| scopes.has(word) && !is_part_of_wider(word, scopes));
        let (access, clauses) = match (asked(self.reads), asked(self.writes)) {
            (false, false) => return None,
            (true, false) => (Access::Read, vec![self.seeing]),
            (false, true) => (Access::Write, vec![self.changing]),
            (true, true) => (Access::ReadWrite, vec![self.seeing, self.changing]),
        };
        let grave = self.reads.iter().chain(self.writes).any(|word| word.starts_with("admin:"));
        let takes_over = asked(&["auth:write"]) && self.writes.contains(&"auth:write");
        Some(Permission { grave, takes_over, ..Permission::new(self.name, access, clauses) })
    }
}

fn is_part_of_wider(word: &str, scopes: &Scopes) -> bool {
    scopes.words().iter().any(|held| held != word && crate::model::scope::covers(held, word))
}

/// Clauses as one sentence: "See your lists; change your lists."
#[must_use]
pub fn sentence(clauses: &[&str]) -> String {
    let words = clauses.join("; ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scope::ALL;

    fn rows(scopes: &str) -> Vec<(String, Access)> {
        permissions(&Scopes::stored(scopes), &[]).into_iter().map(|row| (row.subject, row.access)).collect()
    }

    #[test]
    fn consent_permission_rows_distinguish_read_and_write_scopes() {
        assert_eq!(rows("read"), [("Everything in your account".into(), Access::Read)]);
        assert_eq!(rows("read write"), [("Everything in your account".into(), Access::ReadWrite)]);
        assert_eq!(
            rows("read:statuses write:statuses write:media"),
            [("Posts".into(), Access::ReadWrite), ("Media".into(), Access::Write)]
        );
    }

    #[test]
    fn consent_permission_rows_omit_scopes_covered_by_wider_scope() {
        assert_eq!(rows("write write:media"), rows("write"));
        assert_eq!(rows("read write:media").len(), 2);
    }

    #[test]
    fn consent_permission_rows_begin_with_administration_and_mark_it() {
        let rows = permissions(&Scopes::stored("read write admin:write:reports admin:read:ip_blocks"), &[]);
        let rows: Vec<_> = rows.iter().map(|row| (row.subject.as_str(), row.grave)).collect();
        assert_eq!(
            rows,
            [
                ("Administration: people and reports", true),
                ("Administration: blocks", true),
                ("Everything in your account", false)
            ]
        );
    }

    #[test]
    fn consent_permission_row_exists_for_every_scope() {
        for scope in ALL {
            let rows = permissions(&Scopes::stored(scope), &[]);
            assert_eq!(rows.len(), 1, "{scope} has its row");
            assert!(rows[0].meaning.len() > 5 && rows[0].meaning.ends_with('.'), "{scope}: {}", rows[0].meaning);
        }
    }
}
