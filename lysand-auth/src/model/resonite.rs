//! Clients of Resonite: how they write the id of an account, and what their sessions have beside a sign-in (native section 3).

use std::fmt::Write as _;

use crate::ambient::{Ambient, Timestamp};
use crate::model::account::AccountId;
use crate::secret::{Digest, Secret};

/// What stands before the id of an account.
const START: &str = "U-";

/// The id of an account as clients of Resonite write it: `U-…`, with every byte that a path cannot take as `~XX`.
#[must_use]
pub fn user_id(account: &AccountId) -> String {
    let mut id = START.to_owned();
    for byte in account.as_str().bytes() {
        if is_plain(byte) {
            id.push(char::from(byte));
        } else {
            // A text takes whatever is written to it.
            let _ = write!(id, "~{byte:02X}");
        }
    }
    id
}

/// The account that such an id names; none for every other spelling.
#[must_use]
pub fn account_of(user_id: &str) -> Option<AccountId> {
    let mut bytes = user_id.strip_prefix(START)?.bytes();
    let mut account = Vec::new();
    while let Some(byte) = bytes.next() {
        account.push(match byte {
            b'~' => {
                let (high, low) = (char::from(bytes.next()?).to_digit(16)?, char::from(bytes.next()?).to_digit(16)?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    let account = AccountId::new(String::from_utf8(account).ok()?);
    // One spelling for each account.
    (!account.as_str().is_empty() && self::user_id(&account) == user_id).then_some(account)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// What is kept of a text in its place, and told to the client: a digest with a salt of this session's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salted {
    /// The salt.
    pub salt: String,
    /// The digest of salt and text.
    pub hash: String,
}

impl Salted {
    pub(crate) fn of(ambient: &Ambient, value: &Secret) -> Self {
        let salt = Secret::generate(ambient).expose().to_owned();
        Self { hash: hash(&salt, value).to_base64url(), salt }
    }

    /// Whether it is of this text.
    pub(crate) fn is_of(&self, value: &Secret) -> bool {
        Secret::new(&*self.hash)
            .digest()
            .matches(Secret::new(hash(&self.salt, value).to_base64url()).digest().as_bytes())
    }
}

fn hash(salt: &str, value: &Secret) -> Digest {
    Digest::of(format!("{salt}{}", value.expose()).as_bytes())
}

/// What a client wants of a session that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionTerms {
    /// Whether its owner wants to be remembered.
    pub(crate) remembered: bool,
    /// Whether it is good on this machine alone.
    pub(crate) machine_bound: bool,
    pub(crate) uid: Salted,
    /// When it ends at the latest, where that follows from the session that buys it.
    pub(crate) absolute_at: Option<Timestamp>,
}

/// What a session has beside its sign-in, whose end moves with each use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResoniteSession {
    pub(crate) family: String,
    pub(crate) remembered: bool,
    pub(crate) machine_bound: bool,
    pub(crate) uid: Salted,
    /// When it ends at the latest.
    pub(crate) absolute_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resonite_user_id_is_url_safe_and_has_one_spelling() {
        for (account, expected) in [
            ("1", "U-1"),
            ("019aF-b_c.d", "U-019aF-b_c.d"),
            ("a/b", "U-a~2Fb"),
            ("ä ~", "U-~C3~A4~20~7E"),
            ("@ada@example.com", "U-~40ada~40example.com"),
        ] {
            let account = AccountId::new(account);
            assert_eq!(user_id(&account), expected);
            assert_eq!(account_of(expected), Some(account));
        }
        for none in ["", "U-", "u-1", "1", "U-~31", "U-a~2fb", "U-~", "U-~2", "U-~ZZ", "U-~FF", "U-a b", "U-a/b"] {
            assert_eq!(account_of(none), None, "{none}");
        }
    }

    #[test]
    fn resonite_salt_is_of_one_session() {
        let (ambient, uid) = (Ambient::system(), Secret::new("machine"));
        let (first, second) = (Salted::of(&ambient, &uid), Salted::of(&ambient, &uid));
        assert!(first.salt != second.salt && first.hash != second.hash);
        assert!(first.is_of(&uid) && !first.is_of(&Secret::new("Machine")) && !first.is_of(&Secret::default()));
    }
}
