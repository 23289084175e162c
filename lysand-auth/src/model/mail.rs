//! What mails are about, and on which limits they count (PPL-175 to PPL-184).

use serde::{Deserialize, Serialize};

use crate::ambient::Timestamp;
use crate::model::account::{AccountId, Role};

/// A mail that the library wants sent; the host decides on words and transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mail {
    /// Somebody signed up with this address; has a link and a code that confirm it.
    Confirm,
    /// Somebody tried to sign up with the address of an account that there is.
    SignupExisting,
    /// The address is confirmed and the account may be used.
    Welcome,
    /// The request to join was approved.
    Approved,
    /// The request to join was declined.
    Rejected {
        /// What staff say about it, if anything.
        message: Option<String>,
    },
    /// The request to join has ended, because nobody decided it in time.
    RequestExpired,
    /// Requests to join are waiting; to staff.
    RequestsWaiting {
        /// How many there are.
        count: u64,
    },
    /// Somebody is invited; has a link to sign up, or, where an account was made for them, one that chooses its password.
    Invited {
        /// Who invites, by the name to show, if that is told.
        inviter: Option<String>,
        /// Whether staff made an account already, whose name is the letter's.
        #[serde(default)]
        has_account: bool,
    },
    /// A new password can be chosen; has a link.
    Reset,
    /// The password was changed and all sessions ended (security ID-7). Where it was changed from is told as far as it is known
    /// (people PPL-96).
    PasswordChanged {
        /// The browser or program, in words.
        #[serde(default)]
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        #[serde(default)]
        network: Option<String>,
        /// When.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Staff demand a new password; has a link.
    ResetDemanded,
    /// Somebody asked to change the address of the account; to the old address, has a link that stops it.
    EmailChangeAsked {
        /// The address that is asked for.
        new: String,
    },
    /// The new address of an account is to be confirmed; has a link and a code.
    EmailConfirm,
    /// The address of the account was changed; to both addresses. Has a link that undoes it at the old one.
    EmailChanged {
        /// The former address.
        old: String,
        /// The address from now on.
        new: String,
    },
    /// Somebody wants to use this address for another account.
    EmailExisting,
    /// The change of the address was undone.
    EmailUndone,
    /// Somebody signed in with a browser or program that the account did not know.
    NewSignIn {
        /// The browser or program, in words.
        device: String,
        /// The network, as coarsely as it is kept; empty when it is not kept.
        network: String,
        /// The app, if it was for one.
        app: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// All sessions and apps were signed out.
    SignedOutEverywhere,
    /// The second factors were removed.
    FactorsReset,
    /// A second factor was added.
    FactorAdded {
        /// Its name.
        name: String,
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A second factor was removed.
    FactorRemoved {
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A single proof finishes a sign-in again.
    TwoStepOff {
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A recovery code was used.
    RecoveryUsed {
        /// How many are left.
        left: u64,
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The counter of a passkey did not rise: there may be a copy of it.
    PasskeyCopied {
        /// Its name.
        name: String,
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// New recovery codes were made; those before are void.
    RecoveryMade {
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The recovery codes are void, because the server was restored from a backup.
    RecoveryVoided,
    /// Somebody knows the password, and guesses at the second factor.
    FactorGuessed,
    /// A code, which is the second proof of a sign-in.
    Code {
        /// The app that it is for, if there is one.
        app: Option<String>,
        /// The browser or program, in words.
        device: Option<String>,
        /// When it was asked for.
        at: Timestamp,
        /// What it is for.
        #[serde(default)]
        use_for: CodeUse,
    },
    /// Somebody asked to have the second factors removed; has a link that stops it.
    WayBackAsked {
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
        /// From when on they can be removed.
        ripe_at: Timestamp,
    },
    /// The second factors can soon be removed; has a link that stops it.
    WayBackSoon {
        /// The browser or program that asked, in words.
        device: Option<String>,
        /// The network that it asked from, as coarsely as it is kept.
        network: Option<String>,
        /// When it was asked for.
        at: Timestamp,
        /// From when on they can be removed.
        ripe_at: Timestamp,
    },
    /// The second factors stay: the request to remove them was stopped.
    WayBackStopped {
        /// When.
        at: Timestamp,
    },
    /// The second factors were removed, because their owner, as it seems, lost them.
    WayBackDone {
        /// The browser or program, in words.
        device: Option<String>,
        /// The network, as coarsely as it is kept.
        network: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// An identity at a provider was linked to the account and signs in to it from now on. Not sent for an identity with
    /// which the account began.
    IdentityLinked {
        /// How people know the provider; the operator's word.
        provider: String,
    },
    /// An identity at a provider is no longer linked to the account.
    IdentityUnlinked {
        /// How people know the provider; the operator's word.
        provider: String,
    },
    /// A personal token was made.
    TokenMade {
        /// Its name.
        name: String,
    },
    /// A personal token ends soon.
    TokenExpires {
        /// Its name.
        name: String,
        /// When it ends.
        at: Timestamp,
    },
    /// A personal token has ended.
    TokenExpired {
        /// Its name.
        name: String,
    },
    /// The account will be deleted.
    Closing {
        /// When.
        at: Timestamp,
    },
    /// The account will not be deleted after all.
    ClosingCancelled,
    /// The account was deleted.
    Deleted,
    /// Staff did something to an account, or has something to say; to its owner, and about one of the staff to all admins.
    StaffAction {
        /// The name of the account.
        account: String,
        /// Whether it goes to an admin, and not to the owner.
        to_staff: bool,
        /// What they did, in English words that hosts have translations of: a text of
        /// [`EventKind::words`](crate::flows::events::EventKind::words). Nothing when they only say something.
        what: Option<String>,
        /// What they say about it.
        message: Option<String>,
    },
    /// The role of the account was changed.
    RoleChanged {
        /// The role from now on.
        role: Role,
    },
    /// A mail that only shows that mail arrives.
    Test,
}

/// What a code by mail is for (FAC-89).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeUse {
    /// A sign-in.
    #[default]
    SignIn,
    /// The removal of second factors that are lost.
    WayBack,
}

/// The names of all kinds of mails, see [`Mail::kind`].
pub const KINDS_OF_MAIL: &[&str] = &[
    "confirm",
    "signup_existing",
    "welcome",
    "approved",
    "rejected",
    "request_expired",
    "requests_waiting",
    "invited",
    "reset",
    "password_changed",
    "reset_demanded",
    "email_change_asked",
    "email_confirm",
    "email_changed",
    "email_existing",
    "email_undone",
    "new_sign_in",
    "signed_out_everywhere",
    "factors_reset",
    "factor_added",
    "factor_removed",
    "two_step_off",
    "recovery_used",
    "recovery_made",
    "recovery_void",
    "passkey_copied",
    "factor_guessed",
    "code",
    "way_back_asked",
    "way_back_soon",
    "way_back_stopped",
    "way_back_done",
    "identity_linked",
    "identity_unlinked",
    "token_made",
    "token_expires",
    "token_expired",
    "closing",
    "closing_cancelled",
    "deleted",
    "staff_action",
    "role_changed",
    "test",
];

impl Mail {
    /// The name of its kind, as in the names of templates: `password_changed`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::SignupExisting => "signup_existing",
            Self::Welcome => "welcome",
            Self::Approved => "approved",
            Self::Rejected { .. } => "rejected",
            Self::RequestExpired => "request_expired",
            Self::RequestsWaiting { .. } => "requests_waiting",
            Self::Invited { .. } => "invited",
            Self::Reset => "reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ResetDemanded => "reset_demanded",
            Self::EmailChangeAsked { .. } => "email_change_asked",
            Self::EmailConfirm => "email_confirm",
            Self::EmailChanged { .. } => "email_changed",
            Self::EmailExisting => "email_existing",
            Self::EmailUndone => "email_undone",
            Self::NewSignIn { .. } => "new_sign_in",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::FactorsReset => "factors_reset",
            Self::FactorAdded { .. } => "factor_added",
            Self::FactorRemoved { .. } => "factor_removed",
            Self::TwoStepOff { .. } => "two_step_off",
            Self::RecoveryUsed { .. } => "recovery_used",
            Self::RecoveryMade { .. } => "recovery_made",
            Self::RecoveryVoided => "recovery_void",
            Self::PasskeyCopied { .. } => "passkey_copied",
            Self::FactorGuessed => "factor_guessed",
            Self::Code { .. } => "code",
            Self::WayBackAsked { .. } => "way_back_asked",
            Self::WayBackSoon { .. } => "way_back_soon",
            Self::WayBackStopped { .. } => "way_back_stopped",
            Self::WayBackDone { .. } => "way_back_done",
            Self::IdentityLinked { .. } => "identity_linked",
            Self::IdentityUnlinked { .. } => "identity_unlinked",
            Self::TokenMade { .. } => "token_made",
            Self::TokenExpires { .. } => "token_expires",
            Self::TokenExpired { .. } => "token_expired",
            Self::Closing { .. } => "closing",
            Self::ClosingCancelled => "closing_cancelled",
            Self::Deleted => "deleted",
            Self::StaffAction { .. } => "staff_action",
            Self::RoleChanged { .. } => "role_changed",
            Self::Test => "test",
        }
    }

    /// Whether both tell of a sign-in with the same device in the same network.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NewSignIn { device, network, .. }, Self::NewSignIn { device: others, network: of_other, .. }) => {
                device == others && network == of_other
            }
            _ => false,
        }
    }

    /// What bounds mails of this kind to one address (PPL-175).
    pub(crate) fn bounds(&self) -> Bounds {
        match self {
            Self::Confirm
            | Self::Reset
            | Self::Invited { .. }
            | Self::NewSignIn { .. }
            | Self::EmailConfirm
            | Self::Code { .. } => Bounds::AnybodyCauses,
            Self::SignupExisting | Self::EmailExisting | Self::FactorGuessed => Bounds::OnceADay,
            Self::Test => Bounds::Asked,
            _ => Bounds::Notice,
        }
    }
}

/// What bounds the mails of one kind to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// Anybody can cause it: 5 an hour and 20 a day of all such mails together.
    AnybodyCauses,
    /// The same, and of its kind only one a day.
    OnceADay,
    /// Whoever administers the server asks for it, and wants to see what becomes of each.
    Asked,
    /// A notice about a done change: never dropped, equal ones within ten minutes are one.
    Notice,
}

/// The limit on which a mail counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// None: what happened is told.
    Unlimited,
    /// That of strangers.
    Strangers,
    /// That of somebody who has proven to be the person, or of a browser that the account knows.
    Proven,
}

impl Allowance {
    /// The number that the database keeps.
    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Unlimited => 0,
            Self::Strangers => 1,
            Self::Proven => 2,
        }
    }

    /// How many an hour, and how many a day.
    pub(crate) fn most(self) -> Option<(i64, i64)> {
        match self {
            Self::Unlimited => None,
            Self::Strangers => Some((5, 20)),
            Self::Proven => Some((3, 10)),
        }
    }
}

/// Where a mail of the outbox stands (PPL-167).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailState {
    /// It is sent at the next opportunity, or again later.
    Waiting,
    /// Somebody is sending it.
    Sending,
    /// The receiving server has it.
    Sent,
    /// It was given up.
    Failed,
    /// It lost its purpose, or was one too many.
    Cancelled,
}

impl MailState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Sending, Self::Sent, Self::Failed, Self::Cancelled];

    /// The state of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The word that the database keeps and people read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this word; what this program never writes is over.
    pub(crate) fn stored(word: &str) -> Self {
        Self::named(word).unwrap_or(Self::Cancelled)
    }
}

/// A mail of the outbox, as whoever administers the server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailRecord {
    /// Its key.
    pub id: String,
    /// Its kind, see [`Mail::kind`].
    pub kind: String,
    /// The account that it is about, if there is one.
    pub account: Option<AccountId>,
    /// To whom it goes.
    pub address: String,
    /// Where it stands.
    pub state: MailState,
    /// How often it was handed over.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub not_before: Timestamp,
    /// What the receiving server said when it last refused it, or what went wrong before that.
    pub last_error: Option<String>,
    /// What it said when it took the mail, if the host knows.
    pub reply: Option<String>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was sent, given up or cancelled.
    pub ended_at: Option<Timestamp>,
}

impl MailRecord {
    /// What the receiving server said last, whether it took the mail or not; or what went wrong before that.
    #[must_use]
    pub fn last_reply(&self) -> Option<&str> {
        self.reply.as_deref().or(self.last_error.as_deref())
    }
}

/// What the outbox keeps of a mail's content: no link, no code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) mail: Mail,
    pub(crate) username: Option<String>,
    pub(crate) language: Option<String>,
    /// Whether the token of its link stands in it by itself, to be pasted into an app (native NAT-29).
    #[serde(default)]
    pub(crate) in_app: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_kind_is_the_name_under_which_it_is_kept() {
        for mail in [
            Mail::SignupExisting,
            Mail::RequestsWaiting { count: 3 },
            Mail::RoleChanged { role: Role::Moderator },
            Mail::Closing { at: Timestamp::from_micros(1) },
        ] {
            let kept = serde_json::to_value(&mail).unwrap();
            assert_eq!(kept["kind"], mail.kind());
            assert_eq!(serde_json::from_value::<Mail>(kept).unwrap(), mail);
        }
    }
}
