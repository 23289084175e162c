//! Who a bearer token speaks for, and how far (Mastodon §11).

use std::net::IpAddr;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::model::account::{Account, AccountId, InactiveReason, Role};
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::native::Dialect;
use crate::model::personal_token::is_of_staff;
use crate::model::scope::Scopes;
use crate::model::session::Session;
use crate::model::strength::{Authentication, Strength};
use crate::secret::{Digest, Secret};
use crate::steps::uses::DAY;
use crate::steps::{enrolment, events, standing};
use crate::store;
use crate::store::spent::{self, Kind};
use crate::store::tokens::StoredToken;
use crate::store::{authorizations, sessions};

/// A live token: its app, its scopes, and the account that it speaks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bearer {
    /// The token's key; not the token.
    pub token_id: String,
    /// The family of refresh tokens that it belongs to.
    pub family_id: Option<String>,
    /// The app that holds it.
    pub app: App,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When its use was last written down.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The account that it speaks for, whether that may act or not.
    pub account_id: Option<AccountId>,
    /// How well its owner had proven who they are when it was granted, and when; none of a personal token, and of one from before
    /// that was kept (FAC-101).
    pub authentication: Option<Authentication>,
    /// Whether its owner made it, without an app; then [`app`](Self::app) stands for itself alone.
    pub is_personal: bool,
}

/// What a token opens that was presented from `source`, whatever its scope.
///
/// # Errors
/// 401 when it is unknown, revoked or expired, or is a personal token that is not for this network (people PPL-120).
pub async fn speaks_for_from(auth: &Auth, token: &Secret, source: Option<IpAddr>) -> Result<Bearer, Error> {
    let found = live(auth, token, source).await?;
    // Those have a scheme of their own, and are good in that alone (native 3.3).
    if found.app.id.as_str() == Dialect::Resonite.app_id() {
        return Err(Error::invalid_token("The access token is invalid"));
    }
    Ok(found)
}

/// What a token of a Resonite client opens, which came in the scheme of those.
///
/// # Errors
/// 401 when it is unknown, revoked or expired, or another token.
#[cfg(feature = "native")]
pub(crate) async fn of_resonite(auth: &Auth, token: &Secret, source: Option<IpAddr>) -> Result<Bearer, Error> {
    let found = live(auth, token, source).await?;
    match found.app.id.as_str() == Dialect::Resonite.app_id() {
        true => Ok(found),
        false => Err(Error::invalid_token("The access token is invalid")),
    }
}

async fn live(auth: &Auth, token: &Secret, source: Option<IpAddr>) -> Result<Bearer, Error> {
    let Some((token, app)) = auth.store().bearer(token.digest()).await? else {
        return Err(Error::invalid_token("The access token is invalid"));
    };
    if token.revoked_at.is_some() {
        return Err(Error::invalid_token("The access token was revoked"));
    }
    if token.expires_at.is_some_and(|end| end <= auth.ambient().now()) {
        return Err(Error::invalid_token("The access token expired"));
    }
    if let Some(personal) = &token.personal {
        if !personal.networks.admit(source) {
            note_foreign_network(auth, &token, source).await?;
            return Err(Error::invalid_token("The access token is invalid"));
        }
        if !auth.config().personal_tokens.enabled {
            return Err(Error::invalid_token("The access token is invalid"));
        }
    }
    Ok(Bearer {
        is_personal: token.personal.is_some(),
        authentication: token.authentication,
        token_id: token.id,
        family_id: token.family_id,
        app,
        scopes: token.scopes,
        created_at: token.created_at,
        last_used_at: token.last_used_at,
        expires_at: token.expires_at,
        account_id: token.account_id,
    })
}

/// Records, once a day, that a personal token came from elsewhere; all but the first time costs a look-up.
async fn note_foreign_network(auth: &Auth, token: &StoredToken, source: Option<IpAddr>) -> Result<(), Error> {
    let Some(account) = token.account_id.clone() else { return Ok(()) };
    let now = auth.ambient().now();
    let day = Digest::of(format!("{}\n{}", token.id, now.to_day()).as_bytes());
    let known = auth.store().look_up(move |c| Box::pin(spent::is_spent(c, Kind::ForeignNetwork, day, now)));
    if known.await? {
        return Ok(());
    }
    tracing::warn!(%account, token = %token.id, "a personal token was used from a network that it is not for");
    let event = events::event(auth, EventKind::PersonalTokenForeignNetwork, &Caller::new(source)).refused();
    let event = event.about(&account, "").with("token", token.id.as_str());
    let write = auth.store().write(move |c| {
        Box::pin(async move {
            if spent::spend(c, Kind::ForeignNetwork, day, now.plus(DAY)).await? {
                store::events::add(c, event).await?;
            }
            Ok(())
        })
    });
    write.await
}

impl Bearer {
    /// The name of what the person granted, or of the app's own token: the same for every token that a refresh brings, and
    /// no other grant's. A host keys on it what is to end with the grant (a push subscription, say); it is told the name
    /// when that is over ([`Revoked::Grant`](crate::host::revocations::Revoked::Grant)).
    #[must_use]
    pub fn grant_id(&self) -> &str {
        self.family_id.as_deref().unwrap_or(&self.token_id)
    }

    /// Demands one of `scopes`.
    ///
    /// # Errors
    /// 403 `insufficient_scope`, naming the scopes that would do (RFC 6750 §3.1).
    pub fn require(&self, scopes: &'static [&'static str]) -> Result<(), Error> {
        if scopes.iter().any(|scope| self.scopes.satisfies(scope)) {
            return Ok(());
        }
        Err(outside(scopes))
    }

    /// Demands that its owner had proven this well, and this recently, who they are (RFC 9470, FAC-106).
    ///
    /// # Errors
    /// 401 `insufficient_user_authentication`, with what would do.
    pub fn require_strength(&self, strength: Strength, now: Timestamp) -> Result<(), Error> {
        if strength.is_met_by(self.authentication, now) {
            return Ok(());
        }
        let mut wanted = format!("acr_values=\"{}\"", strength.acr);
        if let Some(max_age) = strength.max_age {
            wanted.push_str(&format!(", max_age=\"{}\"", max_age.as_secs()));
        }
        Err(Error::Refused(Refusal {
            needed: Some(wanted.into()),
            ..Refusal::new(Code::WeakAuthentication, "A different authentication level is required")
        }))
    }

    /// Demands of a personal token, where `scopes` are those of staff, that its owner is still staff (people PPL-118).
    ///
    /// # Errors
    /// 403 as for a scope that it does not have.
    pub fn require_role(&self, account: &Account, scopes: &'static [&'static str]) -> Result<(), Error> {
        let is_for_staff = || scopes.iter().all(|scope| is_of_staff(scope));
        match self.is_personal && account.role < Role::Moderator && is_for_staff() {
            true => Err(outside(scopes)),
            false => Ok(()),
        }
    }

    /// Refuses what is for staff to an account that must have a second factor by now, and has none (FAC-93), unless a provider
    /// vouched for the session in which the token was made (FAC-95).
    ///
    /// # Errors
    /// `FactorDemanded`; when the database does not answer.
    pub async fn refuse_overdue(
        &self,
        auth: &Auth,
        account: &Account,
        scopes: &'static [&'static str],
    ) -> Result<(), Error> {
        if !scopes.iter().all(|scope| is_of_staff(scope)) {
            return Ok(());
        }
        match enrolment::refuse_overdue(auth, account, None).await {
            Err(Error::Refused(refusal)) if refusal.code == Code::FactorDemanded => {
                let session = self.session(auth, account).await?;
                enrolment::refuse_overdue(auth, account, session.as_ref()).await
            }
            allowed => allowed,
        }
    }

    async fn session(&self, auth: &Auth, account: &Account) -> Result<Option<Session>, Error> {
        let (id, token, family) = (account.id.clone(), self.token_id.clone(), self.family_id.clone());
        let found = auth.store().look_up(move |c| {
            Box::pin(async move {
                match authorizations::session_of_token(c, &id, (&token, family.as_deref())).await? {
                    Some(session) => sessions::by_id(c, &session).await,
                    None => Ok(None),
                }
            })
        });
        Ok(found.await?.filter(|session| session.account_id == account.id))
    }

    /// The account that the token speaks for, when it may act.
    ///
    /// # Errors
    /// 422 for a token of an app alone; 403 for an account that may not act (Mastodon §11.2).
    pub async fn account(&self, auth: &Auth) -> Result<Account, Error> {
        let Some(id) = &self.account_id else {
            return Err(Error::refused(Code::UserRequired, "This method requires an authenticated user"));
        };
        let account = auth.account(id).await?;
        match account.as_ref().map(Account::inactive_reason) {
            Some(None) => account.ok_or_else(|| Error::failed("an account vanished")),
            Some(Some(reason)) => Err(inactive(reason)),
            None => Err(inactive(InactiveReason::Disabled)),
        }
    }

    /// Demands that the account, if the token speaks for one, was not switched off: what is told about a token counts one
    /// whose account still waits for something as alive (faults F6).
    ///
    /// # Errors
    /// 403 as in Mastodon §11.2.
    pub async fn refuse_disabled(&self, auth: &Auth) -> Result<(), Error> {
        match &self.account_id {
            Some(id) if standing::is_disabled(auth, id).await? => Err(inactive(InactiveReason::Disabled)),
            _ => Ok(()),
        }
    }
}

fn outside(scopes: &'static [&'static str]) -> Error {
    Error::Refused(Refusal {
        needed: Some(scopes.join(" ").into()),
        ..Refusal::new(Code::InsufficientScope, "This action is outside the authorized scopes")
    })
}

fn inactive(reason: InactiveReason) -> Error {
    let why = match reason {
        InactiveReason::Unconfirmed => "Your login is missing a confirmed e-mail address",
        InactiveReason::Pending => "Your login is currently pending approval",
        InactiveReason::Disabled => "Your login is currently disabled",
    };
    Error::refused(Code::AccountInactive, why)
}
