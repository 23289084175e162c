//! Second factors: what kinds there are, what is kept of them, and what a sign-in carries that still lacks one.

use crate::ambient::Timestamp;
use crate::keys::Sealed;
use crate::model::account::AccountId;
use crate::model::native::Dialect;
use crate::model::passkeys::StoredPasskey;
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::session::SessionId;
use crate::passkey::Used;
use crate::secret::Digest;

/// A kind of second factor. The order is that in which they are offered when none was used
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FactorKind {
    /// A passkey.
    Passkey,
    /// A code of an authenticator app.
    Totp,
    /// A code that is sent by mail.
    Email,
    /// A code from the list that was kept for the day when the others are lost.
    Recovery,
    /// The password, after a passkey (FAC-52).
    Password,
    /// A [factor](crate::host::factor::Factor) of the host's own, by its kind.
    Host(&'static str),
}

impl FactorKind {
    /// All that an account can have beside its password, and the configuration allow.
    pub const ALL: [Self; 4] = [Self::Passkey, Self::Totp, Self::Email, Self::Recovery];

    /// The name in the configuration, in addresses and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Recovery => "recovery",
            Self::Password => "password",
            Self::Host(kind) => kind,
        }
    }

    /// The kind of this name, of those that the library has itself.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn proof(self) -> ProofKind {
        match self {
            Self::Passkey => ProofKind::Passkey,
            Self::Totp => ProofKind::Totp,
            Self::Email => ProofKind::Email,
            Self::Recovery => ProofKind::Recovery,
            Self::Password => ProofKind::Password,
            Self::Host(kind) => ProofKind::Host(kind.to_owned()),
        }
    }
}

/// An authenticator app as the database keeps it.
#[derive(Clone)]
pub(crate) struct StoredFactor {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) secret: Sealed,
    /// The last time step whose code was used.
    pub(crate) last_step: i64,
    /// In which session, or by which token, it is being set up.
    pub(crate) made_in: String,
    /// Wrong codes while it was being set up.
    pub(crate) tries: i64,
    pub(crate) created_at: Timestamp,
    /// Since when it counts.
    pub(crate) proven_at: Option<Timestamp>,
    /// Until when it can be set up.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// What an account can give as a second proof.
pub(crate) struct Usable {
    /// The kinds, the preferred one first.
    pub(crate) kinds: Vec<FactorKind>,
    pub(crate) recovery_left: i64,
    pub(crate) apps: Vec<StoredFactor>,
    pub(crate) passkeys: Vec<StoredPasskey>,
}

/// The place of a factor's secret, which it is sealed for.
pub(crate) fn place<'a>(account: &'a AccountId, id: &'a str) -> [&'a str; 4] {
    ["auth_factor", "secret", account.as_str(), id]
}

/// Under what name a sign-in that waits has the dialect of the client that began it.
pub(crate) const DIALECT: &str = "dialect";

/// A sign-in that still lacks something (FAC-10). It is no session.
#[derive(Clone, Debug)]
pub(crate) struct PendingSignIn {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    /// What the browser that began it shows, as a digest.
    pub(crate) browser: Digest,
    /// The session that it makes stronger, if it began in one (FAC-57).
    pub(crate) steps_up: Option<SessionId>,
    /// What was proven so far: the first proof, and a second one where more than that is missing.
    pub(crate) proofs: Proofs,
    /// How often everything of the account had been ended then.
    pub(crate) generation: i64,
    /// The app's request, as it was checked; nothing when no app asks.
    pub(crate) request: Vec<(String, String)>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// The session that it began.
    pub(crate) session: Option<SessionId>,
}

impl PendingSignIn {
    /// How well the person is to prove who they are (FAC-102).
    pub(crate) fn acr_values(&self) -> Option<&str> {
        named(&self.request, "acr_values")
    }

    /// Whether an app asks.
    pub(crate) fn is_for_app(&self) -> bool {
        is_for_app(&self.request)
    }

    /// Which dialect's client began it, if one did; no browser goes on with that.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        Dialect::named(named(&self.request, DIALECT)?)
    }

    /// What its client's dialect kept under this name.
    #[cfg(feature = "native")]
    pub(crate) fn kept(&self, name: &str) -> Option<&str> {
        named(&self.request, name)
    }

    /// Whether it still waits for an answer.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// Whether an app asks, by what is kept of its request.
pub(crate) fn is_for_app(request: &[(String, String)]) -> bool {
    named(request, "client_id").is_some()
}

/// Where on this server a sign-in leads, where no app asks.
pub(crate) fn return_to(request: &[(String, String)]) -> Option<&str> {
    named(request, "return_to").filter(|_| !is_for_app(request))
}

fn named<'a>(request: &'a [(String, String)], name: &str) -> Option<&'a str> {
    request.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What a right answer uses up, in the transaction of what it buys (FAC-120).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Consumed {
    /// A passkey, and the challenge that it answered.
    Passkey { id: String, used: Used, challenge: Digest },
    /// The code of an authenticator app, of this time step.
    Totp { factor: String, step: i64 },
    /// A recovery code.
    Recovery(Digest),
    /// A mailed code, by its token.
    Email(String),
    /// An answer to a factor of the host's own: it counts once until then.
    Host(Digest, Timestamp),
    /// The password, which is there for the next time.
    Password,
    /// Nothing: what proves it was used up before, or nothing more is proven.
    Nothing,
}

impl Consumed {
    /// Whether it is a passkey that is on several devices of its owner.
    pub(crate) fn is_synced_passkey(&self) -> bool {
        matches!(self, Self::Passkey { used, .. } if used.backed_up)
    }
}

/// An address as somebody may see it who knows the password: the local part hidden but for its beginning.
pub(crate) fn masked(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return String::new() };
    let most = match local.chars().count() {
        0 | 1 => 0,
        2..=5 => 1,
        _ => 3,
    };
    let shown: String = local.chars().take(most).collect();
    format!("{shown}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factor_kinds_have_different_names_that_lead_back() {
        for kind in FactorKind::ALL {
            assert_eq!(FactorKind::named(kind.name()), Some(kind));
        }
        assert_eq!(FactorKind::named("Totp"), None);
    }

    #[test]
    fn masked_address_hides_most_of_its_local_part() {
        for (address, shown) in [
            ("ada.lovelace@example.org", "ada***@example.org"),
            ("ada@example.org", "a***@example.org"),
            ("a@example.org", "***@example.org"),
            ("@x", "***@x"),
        ] {
            assert_eq!(masked(address), shown);
        }
    }
}
