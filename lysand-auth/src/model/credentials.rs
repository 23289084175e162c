//! What the library knows of the credentials of an account, beside what the host keeps.

use crate::ambient::Timestamp;

/// How a demand of staff for a new password is met (people PPL-99).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// No password signs in until a new one is set.
    Now,
    /// The right password leads to the page where a new one is set.
    AtSignIn,
}

impl Demand {
    /// The word that the database keeps.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::AtSignIn => "at_sign_in",
        }
    }

    /// The demand of this word; what this program never writes is the stricter one.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(if word == Self::AtSignIn.name() { Self::AtSignIn } else { Self::Now })
    }
}

/// What is known at one moment. What is proven afterwards counts for as long as it stays so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// How often everything was ended; nothing where no session ever began.
    pub(crate) generation: Option<i64>,
    pub(crate) demanded: Option<Demand>,
    /// Whether the owner closed the account.
    pub(crate) closing: Option<Closing>,
    /// Whether a single proof does not finish a sign-in.
    pub(crate) two_step: bool,
    /// Whether a code by mail may be the second proof beside stronger ones.
    pub(crate) mail_factor: bool,
    /// When a mailed link set the password, unless another factor was proven since.
    pub(crate) reset_by_mail_at: Option<Timestamp>,
    /// Since when the owner knows that a second factor is demanded (FAC-92).
    pub(crate) demanded_since: Option<Timestamp>,
    /// Whether neither a code of an app nor one by mail is the second proof (FAC-35).
    pub(crate) only_passkeys: bool,
    /// Whether the owner has yet to say what of the other ways in stays, since a mailed link set the password (people PPL-93).
    pub(crate) review_due: bool,
}

impl Credentials {
    /// Whether a mailed link set the password, and no other factor was proven since.
    pub(crate) fn was_reset_by_mail(&self) -> bool {
        self.reset_by_mail_at.is_some()
    }
}

/// A closed account that is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It goes then, unless its owner comes back (people PPL-122).
    At(Timestamp),
    /// It is going just now, and nobody comes back any more (people PPL-123).
    Going,
}

impl Closing {
    /// What the database keeps.
    pub(crate) fn stored(micros: i64) -> Self {
        if micros == 0 { Self::Going } else { Self::At(Timestamp::from_micros(micros)) }
    }
}
