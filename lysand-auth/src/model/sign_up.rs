//! A sign-up: how an account came to be, and how far it is on its way to be usable.

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::app::AppId;

/// By what road somebody signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Road {
    /// An app's own form (`POST /api/v1/accounts`).
    App,
    /// The hosted page.
    Page,
    /// A frontend's own page, or a program.
    Api,
    /// An identity provider.
    Provider,
    /// Somebody of the staff, for somebody else.
    Staff,
    /// A native client.
    Native,
}

impl Road {
    const ALL: [Self; 6] = [Self::App, Self::Page, Self::Api, Self::Provider, Self::Staff, Self::Native];

    /// Its name in the database and in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Page => "page",
            Self::Api => "api",
            Self::Provider => "provider",
            Self::Staff => "staff",
            Self::Native => "native",
        }
    }

    pub(crate) fn stored(name: &str) -> Self {
        Self::ALL.into_iter().find(|road| road.name() == name).unwrap_or(Self::Api)
    }
}

/// How an account came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignUpRecord {
    /// The account.
    pub account: AccountId,
    /// By what road.
    pub road: Road,
    /// The app by which, or for which, it signed up.
    pub app: Option<AppId>,
    /// The identity provider.
    pub provider: Option<String>,
    /// The invitation.
    pub invitation: Option<String>,
    /// Why the person wants to join.
    pub reason: Option<String>,
    /// The digest of the texts that were agreed to.
    pub agreed_to: Option<String>,
    /// The age that was checked.
    pub minimum_age: Option<u8>,
    /// From which network.
    pub network: Option<String>,
    /// With what program.
    pub agent: Option<String>,
    /// The language of the form.
    pub language: Option<String>,
    /// Whether staff decides.
    pub needs_review: bool,
    /// When.
    pub created_at: Timestamp,
    /// When the address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it became usable, or staff decided.
    pub decided_at: Option<Timestamp>,
    /// When it ends, unless it is confirmed and decided before.
    pub expires_at: Timestamp,
    /// Whether the review stays due though the server reviews nobody: for the network, the provider or the invitation.
    pub review_stays: bool,
}

/// How far somebody is who waits (people PPL-63).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitingState {
    /// The address is not confirmed.
    Unconfirmed,
    /// Staff has not decided.
    Pending,
    /// Nothing is missing.
    Ready,
    /// Staff declined.
    Rejected,
    /// It took too long.
    Expired,
}

impl WaitingState {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// How a waiting browser came to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitingSince {
    /// It signed up.
    SignUp,
    /// It signed in to an account that may not act yet.
    SignIn,
}

/// A browser or program that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) since: WaitingSince,
    /// The app's request, as it came: names and values.
    pub(crate) request: Vec<(String, String)>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) spent_at: Option<Timestamp>,
    /// What became of it, when the account is gone.
    pub(crate) outcome: Option<WaitingState>,
    /// What staff says about that.
    pub(crate) message: Option<String>,
}

/// An invitation, as its maker and staff see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// Its key.
    pub id: String,
    /// The code; none when it was mailed.
    pub code: Option<String>,
    /// Who made it; nobody for the command line.
    pub maker: Option<AccountId>,
    /// The maker's name at that time.
    pub maker_name: Option<String>,
    /// How often it can be used; `None` as often as one likes.
    pub max_uses: Option<i64>,
    /// How often it was.
    pub uses: i64,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// What its maker notes.
    pub comment: Option<String>,
    /// Whether staff need not review whom it brings.
    pub skips_review: bool,
    /// The address that alone may use it.
    pub email: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Invitation {
    /// `usable`, `used_up`, `expired` or `ended` (people PPL-85); whether its maker may still act is not looked at.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match self {
            _ if self.ended_at.is_some() => "ended",
            _ if self.expires_at.is_some_and(|end| end <= now) => "expired",
            _ if self.max_uses.is_some_and(|most| self.uses >= most) => "used_up",
            _ => "usable",
        }
    }
}
