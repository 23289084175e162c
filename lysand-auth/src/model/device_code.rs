//! Codes of the device authorization grant: a program without a browser polls with one, a person types the other on a page
//! (RFC 8628).

use std::fmt;
use std::time::Duration;

use crate::ambient::{Ambient, Timestamp};
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::scope::Scopes;
use crate::model::session::SessionId;
use crate::model::strength::ProvenBy;
use crate::secret::{Digest, Secret};

/// How long a code waits for its person.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Letters that make no words, and that nobody takes for one another (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code: 25,600,000,000 codes.
const LENGTH: usize = 8;
/// The largest multiple of the number of letters that a byte can be below.
const FAIR: u8 = 240;
/// The longest name of a program, in characters.
const LONGEST_PROGRAM: usize = 64;

/// What a person types.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UserCode(Secret);

impl UserCode {
    /// Draws a code.
    pub(crate) fn generate(ambient: &Ambient) -> Self {
        let mut letters = String::with_capacity(LENGTH);
        while letters.len() < LENGTH {
            let drawn: [u8; 32] = ambient.bytes();
            let fair = drawn.iter().filter(|byte| **byte < FAIR);
            let drawn = fair.map(|byte| char::from(LETTERS[usize::from(byte % 20)]));
            letters.extend(drawn.take(LENGTH - letters.len()));
        }
        Self(Secret::new(letters))
    }

    /// The code that somebody typed, in any case, with blanks and hyphens or without; none of what cannot be one.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let is_between = |letter: char| letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}');
        let mut letters = String::with_capacity(LENGTH);
        for letter in typed.chars().filter(|letter| !is_between(*letter)) {
            let letter = letter.to_ascii_uppercase();
            let is_one = u8::try_from(letter).is_ok_and(|letter| LETTERS.contains(&letter));
            if !is_one || letters.len() == LENGTH {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == LENGTH).then(|| Self(Secret::new(letters)))
    }

    /// As people are shown it: `XXXX-XXXX`.
    pub(crate) fn shown(&self) -> String {
        let (first, second) = self.0.expose().split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    /// What the database keeps of it: an HMAC under a key of the server's.
    pub(crate) fn digest(&self, key: &[u8; 64]) -> Digest {
        Secret::derive(key, &[self.0.expose().as_bytes()]).digest()
    }

    /// What only the server can make of it and another text.
    pub(crate) fn bound_to(&self, key: &[u8; 64], text: &str) -> Secret {
        Secret::derive(key, &[self.0.expose().as_bytes(), text.as_bytes()])
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceCodeState {
    /// Nobody has answered it.
    Issued,
    /// Somebody said yes.
    Approved,
    /// Somebody said no, or the yes counts no more.
    Denied,
    /// The program has its tokens.
    Consumed,
}

impl DeviceCodeState {
    /// The word that the database keeps.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Consumed => "consumed",
        }
    }

    /// The state of this word; what nobody knows brings nothing.
    pub(crate) fn named(name: &str) -> Self {
        let known = [Self::Issued, Self::Approved, Self::Consumed].into_iter().find(|state| state.name() == name);
        known.unwrap_or(Self::Denied)
    }
}

/// Who said yes, in which session, and how well that person had proven to be who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceApproval {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) proven: ProvenBy,
}

/// A code as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceCode {
    /// Of what the program polls with.
    pub(crate) digest: Digest,
    /// The client that asked for it.
    pub(crate) app_id: AppId,
    pub(crate) scopes: Scopes,
    /// What the program calls itself.
    pub(crate) program: Option<String>,
    /// From where it asked.
    pub(crate) network: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) state: DeviceCodeState,
    pub(crate) approval: Option<DeviceApproval>,
}

impl DeviceCode {
    /// Whether it waits for somebody's answer.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.state == DeviceCodeState::Issued && now < self.expires_at
    }
}

/// The name of a program: the first product of its `User-Agent` (RFC 9110 §10.1.5).
pub(crate) fn program_of(agent: &str) -> Option<String> {
    let product: String = agent.split_whitespace().next()?.chars().take(LONGEST_PROGRAM).collect();
    Some(product).filter(|product| !product.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_code_has_eight_letters_and_is_read_however_it_is_typed() {
        let ambient = Ambient::system();
        for _ in 0..200 {
            let code = UserCode::generate(&ambient);
            let shown = code.shown();
            assert_eq!((shown.len(), shown.find('-')), (9, Some(4)), "{shown}");
            assert!(shown.bytes().all(|letter| letter == b'-' || LETTERS.contains(&letter)), "{shown}");
            for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), shown.replace('-', " \u{2013} ")]
            {
                assert_eq!(UserCode::read(&typed), Some(code.clone()), "{typed}");
            }
        }
        for odd in
            ["", "-", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UAEI", "BCDF-GHJ0", "BCDF-GHJÉ", "BCDFGHJ\u{130}", "<script>"]
        {
            assert_eq!(UserCode::read(odd), None, "{odd}");
        }
        assert_eq!(UserCode::read(&"B".repeat(1_000_000)), None);
    }

    #[test]
    fn user_code_letters_are_equally_likely() {
        assert_eq!(usize::from(FAIR) % LETTERS.len(), 0);
        let ambient = Ambient::system();
        let mut counts = [0_u32; 256];
        for _ in 0..5_000 {
            for letter in UserCode::generate(&ambient).shown().bytes().filter(|letter| *letter != b'-') {
                counts[usize::from(letter)] += 1;
            }
        }
        // 40,000 letters: 2,000 of each, and 43 is the standard deviation.
        assert!(LETTERS.iter().all(|letter| (1_700..2_300).contains(&counts[usize::from(*letter)])), "{counts:?}");
    }

    #[test]
    fn user_code_digest_depends_on_the_key() {
        let code = UserCode::read("BCDF-GHJK").unwrap();
        assert_ne!(code.digest(&[1; 64]), code.digest(&[2; 64]));
        assert_ne!(code.digest(&[1; 64]), Digest::of(b"BCDFGHJK"));
        assert_ne!(code.bound_to(&[1; 64], "a"), code.bound_to(&[1; 64], "b"));
        assert_eq!(format!("{code:?}"), "UserCode(…)");
    }

    #[test]
    fn program_is_the_first_product_of_the_user_agent() {
        assert_eq!(program_of("toki-cli/2.0.1 (Linux) reqwest/0.12").as_deref(), Some("toki-cli/2.0.1"));
        assert_eq!(program_of("  "), None);
        assert_eq!(program_of(&"x".repeat(200)).map(|program| program.len()), Some(LONGEST_PROGRAM));
    }
}
