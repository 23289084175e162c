//! What happened, for the log of events.

use serde_json::{Map, Value};

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::caller::Caller;
use crate::texts;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What happened (people PPL-166).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventKind { $($(#[$doc])* $name,)+ }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word in the table and in exports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The kind of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }
    };
}

kinds! {
    /// A session began.
    SignIn = "sign_in";
    /// Somebody tried and proved nothing.
    SignInFailed = "sign_in_failed";
    /// The proof was right, and the account may not act.
    SignInBlocked = "sign_in_blocked";
    /// A limit was exceeded; one row a window.
    Throttled = "throttled";
    /// A session was proven anew, or became stronger.
    StepUp = "step_up";
    /// The second proof of a sign-in was right.
    FactorPassed = "factor_passed";
    /// It was wrong.
    FactorFailed = "factor_failed";
    /// A second factor was added.
    FactorAdded = "factor_added";
    /// A second factor was removed.
    FactorRemoved = "factor_removed";
    /// A second factor got another name.
    FactorRenamed = "factor_renamed";
    /// Recovery codes were made; those before are void.
    RecoveryMade = "recovery_made";
    /// A recovery code was used.
    RecoveryUsed = "recovery_used";
    /// An app was told that a session is over, or was not to be reached.
    AppToldOfSignOut = "app_told_of_sign_out";
    /// The counter of a passkey did not rise: there may be a copy of it.
    PasskeyCounter = "passkey_counter";
    /// A sign-in needs two proofs from now on.
    TwoStepOn = "two_step_on";
    /// A single proof finishes a sign-in again.
    TwoStepOff = "two_step_off";
    /// A code by mail may be the second proof.
    EmailFactorOn = "email_factor_on";
    /// It may not any more.
    EmailFactorOff = "email_factor_off";
    /// The owner learned that a second factor is demanded.
    EnrolmentDemanded = "enrolment_demanded";
    /// A browser is trusted: after the password no second factor is asked for there.
    BrowserTrusted = "browser_trusted";
    /// It is not any more.
    BrowserForgotten = "browser_forgotten";
    /// Somebody asked to have the second factors removed.
    WayBackAsked = "way_back_asked";
    /// That was stopped.
    WayBackStopped = "way_back_stopped";
    /// The second factors were removed so.
    WayBackDone = "way_back_done";
    /// Nobody came back for it in time.
    WayBackLapsed = "way_back_lapsed";
    /// Somebody went on as another account of the browser.
    AccountSwitched = "account_switched";
    /// A session was ended by its browser.
    SignOut = "sign_out";
    /// A session was ended from elsewhere.
    SessionEnded = "session_ended";
    /// All sessions and tokens were ended.
    SessionsEnded = "sessions_ended";
    /// Somebody signed in with a browser that the account did not know.
    NewBrowser = "new_browser";
    /// An account was made.
    SignedUp = "signed_up";
    /// A sign-up was refused.
    SignUpRefused = "sign_up_refused";
    /// The address was confirmed.
    Confirmed = "confirmed";
    /// The person took the sign-up back.
    SignUpWithdrawn = "sign_up_withdrawn";
    /// The owner of the address knew nothing of the sign-up.
    SignUpDisowned = "sign_up_disowned";
    /// A sign-up was never confirmed, and is gone.
    Swept = "swept";
    /// A request to join was approved.
    Approved = "approved";
    /// A request to join was declined.
    Rejected = "rejected";
    /// Nobody decided a request to join in time.
    RequestExpired = "request_expired";
    /// An invitation was made.
    InvitationMade = "invitation_made";
    /// An account was made with an invitation.
    InvitationUsed = "invitation_used";
    /// An invitation was ended.
    InvitationEnded = "invitation_ended";
    /// The owner closed the account; it goes at the end of its time.
    Closing = "closing";
    /// The owner came back.
    ClosingCancelled = "closing_cancelled";
    /// The owner took a copy of all that is kept.
    Exported = "exported";
    /// An account was removed.
    Deleted = "deleted";
    /// The owner changed the password.
    PasswordChanged = "password_changed";
    /// An account without a password got one.
    PasswordSet = "password_set";
    /// Somebody asked for a link to choose a new password.
    ResetAsked = "reset_asked";
    /// The password was replaced by means of such a link.
    ResetDone = "reset_done";
    /// Staff demanded a new password.
    ResetDemanded = "reset_demanded";
    /// Another address was asked for.
    EmailChangeAsked = "email_change_asked";
    /// The address was changed.
    EmailChanged = "email_changed";
    /// A change of address was stopped.
    EmailChangeStopped = "email_change_stopped";
    /// A change of address was undone.
    EmailUndone = "email_undone";
    /// An identity at a provider was linked.
    IdentityLinked = "identity_linked";
    /// An identity at a provider was unlinked.
    IdentityUnlinked = "identity_unlinked";
    /// The person let an app in.
    Consent = "consent";
    /// The person did not.
    ConsentDenied = "consent_denied";
    /// A token was issued.
    TokenIssued = "token_issued";
    /// A token was revoked.
    TokenRevoked = "token_revoked";
    /// A used refresh token came back.
    RefreshReused = "refresh_reused";
    /// The person ended an app's access.
    AppRemoved = "app_removed";
    /// The person ended the access of several apps.
    AppsRemoved = "apps_removed";
    /// A personal token was made, or got a new value.
    PersonalTokenMade = "personal_token_made";
    /// A personal token was ended.
    PersonalTokenEnded = "personal_token_ended";
    /// A personal token came from a network that it is not for; one row a token and day.
    PersonalTokenForeignNetwork = "personal_token_foreign_network";
    /// A role was changed.
    RoleChanged = "role_changed";
    /// An account was disabled.
    Disabled = "disabled";
    /// An account was enabled.
    Enabled = "enabled";
    /// An account was suspended.
    Suspended = "suspended";
    /// An account is no longer suspended.
    Unsuspended = "unsuspended";
    /// A lock was lifted.
    Unlocked = "unlocked";
    /// Staff opened an account whose address is not proven.
    ConfirmedByStaff = "confirmed_by_staff";
    /// An app was removed from the server.
    AppDeleted = "app_deleted";
    /// A mail cannot be delivered.
    MailFailed = "mail_failed";
    /// A mail is tried again.
    MailRetried = "mail_retried";
    /// Staff cancelled a mail.
    MailCancelled = "mail_cancelled";
    /// A mail was sent to try it.
    MailTested = "mail_tested";
    /// Staff opened an account, or a list of accounts, with addresses.
    AccountSeen = "account_seen";
    /// Staff ended all sessions and tokens of an account.
    SessionsEndedByStaff = "sessions_ended_by_staff";
    /// Staff said something to the owner of an account.
    Warned = "warned";
    /// The events were exported.
    EventsExported = "events_exported";
    /// Staff changed a setting of the server.
    SettingChanged = "setting_changed";
    /// An admin keeps a network out.
    NetworkBlocked = "ip_block_made";
    /// An admin changed how a network is kept out.
    NetworkBlockChanged = "ip_block_changed";
    /// An admin lets a network in again.
    NetworkUnblocked = "ip_block_ended";
    /// An admin takes no addresses of a mail domain any more.
    MailDomainBlocked = "email_domain_block_made";
    /// An admin takes addresses of a mail domain again.
    MailDomainUnblocked = "email_domain_block_ended";
    /// A command of the operator changed something.
    Command = "command";
}

impl EventKind {
    /// What a person is told about it; `None` for what has to do with no account that there still is.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::SignIn => texts::DID_SIGN_IN,
            Self::SignInFailed => texts::DID_SIGN_IN_FAILED,
            Self::SignInBlocked => texts::DID_SIGN_IN_BLOCKED,
            Self::Throttled => texts::DID_THROTTLED,
            Self::SignOut => texts::DID_SIGN_OUT,
            Self::SessionEnded => texts::DID_SESSION_ENDED,
            Self::SessionsEnded => texts::DID_SESSIONS_ENDED,
            Self::NewBrowser => texts::DID_NEW_BROWSER,
            Self::SignedUp => texts::DID_SIGNED_UP,
            Self::Confirmed => texts::DID_CONFIRMED,
            Self::ConfirmedByStaff => texts::DID_CONFIRMED_BY_STAFF,
            Self::Approved => texts::DID_APPROVED,
            Self::PasswordChanged => texts::DID_PASSWORD_CHANGED,
            Self::PasswordSet => texts::DID_PASSWORD_SET,
            Self::ResetAsked => texts::DID_RESET_ASKED,
            Self::ResetDone => texts::DID_RESET_DONE,
            Self::ResetDemanded => texts::DID_RESET_DEMANDED,
            Self::EmailChangeAsked => texts::DID_EMAIL_CHANGE_ASKED,
            Self::EmailChanged => texts::DID_EMAIL_CHANGED,
            Self::EmailChangeStopped => texts::DID_EMAIL_CHANGE_STOPPED,
            Self::EmailUndone => texts::DID_EMAIL_UNDONE,
            Self::IdentityLinked => texts::DID_IDENTITY_LINKED,
            Self::IdentityUnlinked => texts::DID_IDENTITY_UNLINKED,
            Self::Consent => texts::DID_CONSENT,
            Self::ConsentDenied => texts::DID_CONSENT_DENIED,
            Self::TokenIssued => texts::DID_TOKEN_ISSUED,
            Self::TokenRevoked => texts::DID_TOKEN_REVOKED,
            Self::RefreshReused => texts::DID_REFRESH_REUSED,
            Self::AppRemoved => texts::DID_APP_REMOVED,
            Self::SessionsEndedByStaff => texts::DID_SESSIONS_ENDED_BY_STAFF,
            Self::Warned => texts::DID_WARNED,
            Self::AppsRemoved => texts::DID_APPS_REMOVED,
            Self::PersonalTokenMade => texts::DID_PERSONAL_TOKEN_MADE,
            Self::PersonalTokenEnded => texts::DID_PERSONAL_TOKEN_ENDED,
            Self::PersonalTokenForeignNetwork => texts::DID_PERSONAL_TOKEN_FOREIGN,
            Self::Closing => texts::DID_CLOSING,
            Self::ClosingCancelled => texts::DID_CLOSING_CANCELLED,
            Self::Exported => texts::DID_EXPORTED,
            Self::RoleChanged => texts::DID_ROLE_CHANGED,
            Self::Disabled => texts::DID_DISABLED,
            Self::Enabled => texts::DID_ENABLED,
            Self::Suspended => texts::DID_SUSPENDED,
            Self::Unsuspended => texts::DID_UNSUSPENDED,
            Self::Unlocked => texts::DID_UNLOCKED,
            _ => return self.words_of_factors(),
        })
    }

    const fn words_of_factors(self) -> Option<&'static str> {
        Some(match self {
            Self::StepUp => texts::DID_STEP_UP,
            Self::FactorPassed => texts::DID_FACTOR_PASSED,
            Self::FactorFailed => texts::DID_FACTOR_FAILED,
            Self::FactorAdded => texts::DID_FACTOR_ADDED,
            Self::FactorRemoved => texts::DID_FACTOR_REMOVED,
            Self::AppToldOfSignOut => texts::DID_APP_TOLD,
            Self::FactorRenamed => texts::DID_FACTOR_RENAMED,
            Self::RecoveryMade => texts::DID_RECOVERY_MADE,
            Self::RecoveryUsed => texts::DID_RECOVERY_USED,
            Self::PasskeyCounter => texts::DID_PASSKEY_COUNTER,
            Self::TwoStepOn => texts::DID_TWO_STEP_ON,
            Self::TwoStepOff => texts::DID_TWO_STEP_OFF,
            Self::EmailFactorOn => texts::DID_MAIL_FACTOR_ON,
            Self::EmailFactorOff => texts::DID_MAIL_FACTOR_OFF,
            Self::EnrolmentDemanded => texts::DID_ENROLMENT_DEMANDED,
            Self::BrowserTrusted => texts::DID_BROWSER_TRUSTED,
            Self::BrowserForgotten => texts::DID_BROWSER_FORGOTTEN,
            Self::AccountSwitched => texts::DID_ACCOUNT_SWITCHED,
            Self::WayBackAsked => texts::DID_WAY_BACK_ASKED,
            Self::WayBackStopped => texts::DID_WAY_BACK_STOPPED,
            Self::WayBackDone => texts::DID_WAY_BACK_DONE,
            Self::WayBackLapsed => texts::DID_WAY_BACK_LAPSED,
            _ => return None,
        })
    }
}

impl EventKind {
    /// What staff is told about it.
    #[must_use]
    pub const fn words_for_staff(self) -> &'static str {
        match self {
            Self::SignUpRefused => texts::DID_SIGN_UP_REFUSED,
            Self::SignUpWithdrawn => texts::DID_SIGN_UP_WITHDRAWN,
            Self::SignUpDisowned => texts::DID_SIGN_UP_DISOWNED,
            Self::Swept => texts::DID_SWEPT,
            Self::Rejected => texts::DID_REJECTED,
            Self::RequestExpired => texts::DID_REQUEST_EXPIRED,
            Self::InvitationMade => texts::DID_INVITATION_MADE,
            Self::InvitationUsed => texts::DID_INVITATION_USED,
            Self::InvitationEnded => texts::DID_INVITATION_ENDED,
            Self::Deleted => texts::DID_DELETED,
            Self::AppDeleted => texts::DID_APP_DELETED,
            Self::MailFailed => texts::DID_MAIL_FAILED,
            Self::MailRetried => texts::DID_MAIL_RETRIED,
            Self::MailCancelled => texts::DID_MAIL_CANCELLED,
            Self::MailTested => texts::DID_MAIL_TESTED,
            Self::AccountSeen => texts::DID_ACCOUNT_SEEN,
            Self::EventsExported => texts::DID_EVENTS_EXPORTED,
            Self::SettingChanged => texts::DID_SETTING_CHANGED,
            Self::NetworkBlocked => texts::DID_NETWORK_BLOCKED,
            Self::NetworkBlockChanged => texts::DID_NETWORK_BLOCK_CHANGED,
            Self::NetworkUnblocked => texts::DID_NETWORK_UNBLOCKED,
            Self::MailDomainBlocked => texts::DID_MAIL_DOMAIN_BLOCKED,
            Self::MailDomainUnblocked => texts::DID_MAIL_DOMAIN_UNBLOCKED,
            Self::Command => texts::DID_COMMAND,
            Self::Warned => texts::DID_WARN,
            _ => match self.words() {
                Some(words) => words,
                None => self.name(),
            },
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// Somebody with an account.
    Account(AccountId),
    /// An app, for itself.
    App(AppId),
    /// The operator, at the command line.
    Command,
    /// The server by itself.
    System,
    /// A stranger.
    Nobody,
}

impl Actor {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::App(_) => "app",
            Self::Command => "command",
            Self::System => "system",
            Self::Nobody => "nobody",
        }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Account(id) => Some(id.as_str()),
            Self::App(id) => Some(id.as_str()),
            Self::Command | Self::System | Self::Nobody => None,
        }
    }
}

/// To what it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// An account, and its name at that time.
    Account(AccountId, String),
    /// An app, and its name at that time.
    App(AppId, String),
    /// Something else: a word for its kind, and its id.
    Other(&'static str, String),
}

/// Something that happened, before it is kept.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
    pub(crate) refused: bool,
    pub(crate) actor: Actor,
    pub(crate) target: Option<Target>,
    pub(crate) app: Option<AppId>,
    pub(crate) caller: Caller,
    pub(crate) detail: Map<String, Value>,
}

impl NewEvent {
    pub(crate) fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    pub(crate) fn about(self, account: &AccountId, name: &str) -> Self {
        Self { target: Some(Target::Account(account.clone(), name.to_owned())), ..self }
    }

    pub(crate) fn of(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    pub(crate) fn through(self, app: &AppId) -> Self {
        Self { app: Some(app.clone()), ..self }
    }

    pub(crate) fn refused(self) -> Self {
        Self { refused: true, ..self }
    }

    /// The sign-in that this is, as one with a browser that the account did not know.
    pub(crate) fn in_new_browser(self, id: String) -> Self {
        Self { id, kind: EventKind::NewBrowser, detail: Map::new(), ..self }
    }

    /// The same as of then, by an id that only this has.
    pub(crate) fn once(self, (at, id): (Timestamp, String)) -> Self {
        Self { id, at, ..self }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

/// Something that happened, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its key; sorts by the moment.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The name of its [kind](EventKind::name).
    pub event: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// Who did it: `account`, `app`, `command`, `system`, `nobody`.
    pub actor_kind: String,
    /// Their id.
    pub actor: Option<String>,
    /// To what: `account`, `app`, `invitation`, `mail`.
    pub target_kind: Option<String>,
    /// Its id.
    pub target: Option<String>,
    /// The name of the target at that time.
    pub name: Option<String>,
    /// The app that it was done with.
    pub app: Option<String>,
    /// From which network.
    pub network: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What else is to be said, as JSON.
    pub detail: Option<String>,
}

/// Who did something to an account, as its owner is told: staff without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityBy {
    /// The owner.
    You,
    /// The people who run the server, at the command line, too.
    Staff,
    /// An app.
    App,
    /// The server by itself.
    Server,
    /// A stranger, or nobody knows.
    Nobody,
}

impl ActivityBy {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Staff => "staff",
            Self::App => "app",
            Self::Server => "server",
            Self::Nobody => "nobody",
        }
    }

    pub(crate) fn of(event: &Event) -> Self {
        match event.actor_kind.as_str() {
            "account" if event.actor == event.target => Self::You,
            "account" | "command" => Self::Staff,
            "app" => Self::App,
            "system" => Self::Server,
            _ => Self::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_kinds_all_have_words_for_staff() {
        for kind in EventKind::ALL {
            assert!(crate::texts::all().any(|text| text == kind.words_for_staff()), "{}", kind.name());
        }
    }

    #[test]
    fn event_kinds_have_different_names_that_lead_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::named(kind.name()), Some(*kind));
        }
        assert_eq!(EventKind::named("Sign_in"), None);
    }
}
