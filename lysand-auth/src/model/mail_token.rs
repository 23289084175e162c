//! What the link and the code of a mail open.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::model::account::AccountId;

/// How many wrong codes end a code (PPL-70).
pub(crate) const MOST_WRONG_CODES: i64 = 5;

/// What a token of a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Confirms the address of a new account.
    Confirm,
    /// Chooses a new password.
    Reset,
    /// Chooses the first password of an account that staff made, and confirms its address (people PPL-145).
    FirstPassword,
    /// Confirms the new address of an account.
    EmailConfirm,
    /// Stops a change of the address, from the old one.
    EmailStop,
    /// Undoes a change of the address, from the old one.
    EmailUndo,
    /// Signs up by an invitation to one address.
    Invited,
    /// Is the first proof of one sign-in, in place of name and password: a code alone (FAC-86).
    SignIn,
    /// Is the second proof of one sign-in: a code alone, without a link (FAC-85).
    Factor,
    /// Asks for the way back, or claims it: a code alone (FAC-112, FAC-114).
    WayBack,
    /// Stops a way back (FAC-113).
    WayBackStop,
}

impl Purpose {
    const ALL: [Self; 11] = [
        Self::Confirm,
        Self::Reset,
        Self::FirstPassword,
        Self::EmailConfirm,
        Self::EmailStop,
        Self::EmailUndo,
        Self::Invited,
        Self::SignIn,
        Self::Factor,
        Self::WayBack,
        Self::WayBackStop,
    ];

    /// Whether its mail has a link.
    pub(crate) fn has_link(self) -> bool {
        !self.is_of_one_sign_in()
    }

    /// Whether it is a code for one sign-in, which ends none of another (FAC-85).
    pub(crate) fn is_of_one_sign_in(self) -> bool {
        matches!(self, Self::SignIn | Self::Factor | Self::WayBack)
    }

    /// The word that the database keeps.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
            Self::FirstPassword => "first_password",
            Self::EmailConfirm => "email_confirm",
            Self::EmailStop => "email_stop",
            Self::EmailUndo => "email_undo",
            Self::Invited => "invited",
            Self::SignIn => "sign_in",
            Self::Factor => "factor",
            Self::WayBack => "way_back",
            Self::WayBackStop => "way_back_stop",
        }
    }

    /// The purpose of this word.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == word)
    }
}

/// The link that a mail carries, and its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// Whose it is.
    pub(crate) account: Option<AccountId>,
    /// What it is about, by its id: a change of address, an invitation.
    pub(crate) subject: Option<String>,
    /// How long it lives once the mail is sent.
    pub(crate) ttl: Duration,
    /// Whether there is a code to type, too.
    pub(crate) has_code: bool,
}

/// A token of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailToken {
    pub(crate) id: String,
    pub(crate) purpose: Purpose,
    pub(crate) account: Option<AccountId>,
    /// The address that the mail went to.
    pub(crate) address: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) created_at: Timestamp,
    /// Nothing until the mail is sent.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) spent_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

impl MailToken {
    /// Whether it still opens something.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.spent_at.is_none() && self.ended_at.is_none() && self.expires_at.is_some_and(|end| end > now)
    }
}

/// What a typed code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CodeCheck {
    /// The right one. It is not spent yet.
    Right(MailToken),
    /// Not the right one.
    Wrong,
    /// There is no code that could be right any more.
    Ended,
}
