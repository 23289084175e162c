//! Personal tokens: what somebody's own program uses, without an app (people PPL-117 to PPL-120).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::app::AppId;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::list_page::RowSpan;
pub use crate::model::list_page::{ListPage, ListSpan};
use crate::model::permission::{Permission, permissions};
use crate::model::personal_token::{APP, Judged, possible_scopes};
pub use crate::model::personal_token::{Networks, NewPersonalToken, PersonalToken, TokenLifetime};
use crate::model::rate_limit::Rule;
use crate::model::scope::Scopes;
use crate::secret::Secret;
use crate::steps::mail::{self, Outgoing};
pub use crate::steps::owner::Owner;
use crate::steps::{events, revocation, throttle, token_notice};
use crate::store::personal_tokens as stored;
use crate::store::tokens::{Personal, StoredToken};
use crate::store::{self, mails, tokens};
use crate::texts;

/// How many live ones an account has at most.
const MOST: i64 = 50;
/// How a value begins, so that programs that look for leaked secrets know it.
const PREFIX: &str = "lyp_";

/// A token whose value is shown this once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MadeToken {
    /// What its owner sees of it from now on.
    pub token: PersonalToken,
    /// The token itself.
    pub value: Secret,
}

/// Why there is no token.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenError {
    /// What is wrong with the fields.
    Fields(FormErrors),
    /// Everything else: `WrongPassword`, `ProofRequired`, too many tokens, a limit.
    Refused(Error),
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// A scope that can be chosen for a token, and what it means.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PossibleScope {
    /// The word.
    pub word: &'static str,
    /// What somebody can do with it.
    pub permission: Permission,
}

/// Demands that there are personal tokens here.
///
/// # Errors
/// 404 where there are none.
pub fn require(auth: &Auth) -> Result<(), Error> {
    match auth.config().personal_tokens.enabled {
        true => Ok(()),
        false => Err(nothing()),
    }
}

/// What a token of this account can be allowed, in the order of the list of scopes.
#[must_use]
pub fn scopes_for(auth: &Auth, account: &Account) -> Vec<PossibleScope> {
    let own = &auth.config().scopes;
    let described = |word: &'static str| {
        let permission = permissions(&Scopes::stored(word), own).into_iter().next()?;
        Some(PossibleScope { word, permission })
    };
    possible_scopes(account.role, own).into_iter().filter_map(described).collect()
}

/// Live personal tokens of an account, the newest first.
///
/// # Errors
/// 404 where there are none; when the database does not answer.
pub async fn list(auth: &Auth, account: &AccountId, span: ListSpan) -> Result<ListPage<PersonalToken>, Error> {
    require(auth)?;
    let rows = RowSpan::from(span);
    let is_none = |id: &str| !id.is_empty() && !is_id(id);
    if is_none(&rows.after) || rows.before.as_deref().is_some_and(is_none) {
        return Ok(rows.page(Vec::new()));
    }
    let (account, now, wanted) = (account.clone(), auth.ambient().now(), rows.clone());
    let found = auth.store().read(move |c| Box::pin(async move { stored::some(c, &account, &wanted, now).await }));
    Ok(rows.page(found.await?))
}

/// Makes a token for the owner of an account.
///
/// # Errors
/// What is wrong with the fields, all at once and before anything is asked for; `WrongPassword` and `ProofRequired`; 409 for one
/// too many; 429 beyond the limit.
pub async fn make(
    auth: &Auth,
    owner: &Owner,
    new: &NewPersonalToken,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<MadeToken, TokenError> {
    require(auth)?;
    let judged = new.judge(owner.account.role, (&auth.config().personal_tokens, &auth.config().scopes));
    let judged = judged.map_err(|errors| TokenError::Fields(FormErrors(errors)))?;
    owner.prove(auth, password).await?;
    throttle::count_act(auth, Rule::PersonalTokens, &owner.account.id, caller).await?;
    Ok(kept(auth, owner, judged, caller).await?)
}

async fn kept(auth: &Auth, owner: &Owner, judged: Judged, caller: &Caller) -> Result<MadeToken, Error> {
    let Judged { name, scopes, lifetime, networks } = judged;
    let (account, value, now) = (&owner.account, new_value(auth), auth.ambient().now());
    let token = PersonalToken {
        id: auth.ambient().id(),
        name,
        scopes,
        created_at: now,
        expires_at: lifetime.map(|lifetime| now.plus(lifetime)),
        last_used_at: None,
        networks,
    };
    let row = row(&token, account.id.clone());
    let (notice, event) = (made_notice(auth, account, &token), made_event(auth, account, &token, caller));
    let (acts_in, id, digest) = (owner.acts_in(), account.id.clone(), value.digest());
    let told = token_notice::known_at_first(lifetime);
    let write = auth.store().write(move |c| {
        Box::pin(async move {
            acts_in.require(c, &id, now).await?;
            // Two at the same moment count one after the other.
            mails::lock_address(c, &format!("personal tokens of {id}")).await?;
            if stored::count(c, &id, now).await? >= MOST {
                return Err(Error::refused(Code::Conflict, texts::TOO_MANY_TOKENS));
            }
            stored::insert(c, &row, digest, told).await?;
            mail::enqueue_notice(c, notice).await?;
            store::events::add(c, event).await
        })
    });
    write.await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, token = %token.id, scopes = %token.scopes, "personal token made");
    Ok(MadeToken { token, value })
}

/// Gives a live token a new value and a new end; the old value opens nothing from then on.
///
/// # Errors
/// 404 when it is unknown, over, or another person's; a lifetime that is none; else as [`make`].
pub async fn extend(
    auth: &Auth,
    (owner, id): (&Owner, &str),
    lifetime: TokenLifetime,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<MadeToken, TokenError> {
    require(auth)?;
    let lifetime = lifetime.judged(&auth.config().personal_tokens);
    let lifetime = lifetime.map_err(|error: FormError| TokenError::Fields(error.into()))?;
    let (account, now) = (&owner.account, auth.ambient().now());
    let known = known(auth, &account.id, id).await?;
    owner.prove(auth, password).await?;
    throttle::count_act(auth, Rule::PersonalTokens, &account.id, caller).await?;
    let value = new_value(auth);
    let expires_at = lifetime.map(|lifetime| now.plus(lifetime));
    let token = PersonalToken { created_at: now, expires_at, ..known };
    let (notice, event) = (made_notice(auth, account, &token), made_event(auth, account, &token, caller));
    let event = event.with("extended", true);
    let (acts_in, person, digest) = (owner.acts_in(), account.id.clone(), value.digest());
    let (id, told) = (token.id.clone(), token_notice::known_at_first(lifetime));
    let write = auth.store().write(move |c| {
        Box::pin(async move {
            acts_in.require(c, &person, now).await?;
            if !stored::renew(c, (&person, &id), digest, (now, expires_at), told).await? {
                return Err(nothing());
            }
            mail::enqueue_notice(c, notice).await?;
            store::events::add(c, event).await
        })
    });
    write.await?;
    mail::wake(auth);
    Ok(MadeToken { token, value })
}

/// Ends a token of an account.
///
/// # Errors
/// 404 when it is unknown, over, or another person's.
pub async fn end(auth: &Auth, account: &Account, id: &str, caller: &Caller) -> Result<(), Error> {
    require(auth)?;
    let (now, person) = (auth.ambient().now(), account.id.clone());
    let token = known(auth, &account.id, id).await?;
    let event = events::event(auth, EventKind::PersonalTokenEnded, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username).with("token", token.id.as_str());
    let over = Revoked::Grant(token.id.clone());
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                // Another person's was not found above; of two endings one is the first.
                let ended = tokens::revoke(c, &token.id, now).await?;
                if ended {
                    store::events::add(c, event).await?;
                }
                Ok(ended)
            })
        },
        |ended| ended.then_some(over),
    );
    match ended.await? {
        true => {
            tracing::info!(account = %person, "personal token ended");
            Ok(())
        }
        false => Err(nothing()),
    }
}

/// A live token of the account; anything else is none.
async fn known(auth: &Auth, account: &AccountId, id: &str) -> Result<PersonalToken, Error> {
    if !is_id(id) {
        return Err(nothing());
    }
    let (account, id, now) = (account.clone(), id.to_owned(), auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(async move { stored::one(c, &account, &id, now).await }));
    found.await?.ok_or_else(nothing)
}

/// Whether it can be an id. Others name nothing, and must not reach the database: it cannot take all of them.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn new_value(auth: &Auth) -> Secret {
    Secret::new(format!("{PREFIX}{}", Secret::generate(auth.ambient()).expose()))
}

fn row(token: &PersonalToken, account: AccountId) -> StoredToken {
    StoredToken {
        authentication: None,
        id: token.id.clone(),
        app_id: AppId::new(APP),
        account_id: Some(account),
        scopes: token.scopes.clone(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: None,
        family_id: None,
        last_used_at: None,
        personal: Some(Personal { name: token.name.clone(), networks: token.networks.clone() }),
    }
}

fn made_notice(auth: &Auth, account: &Account, token: &PersonalToken) -> Option<Outgoing> {
    Outgoing::to_confirmed(auth, account, Mail::TokenMade { name: token.name.clone() })
}

fn made_event(auth: &Auth, account: &Account, token: &PersonalToken, caller: &Caller) -> NewEvent {
    let event = events::event(auth, EventKind::PersonalTokenMade, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username).with("token", token.id.as_str());
    event.with("scopes", token.scopes.to_string())
}

fn nothing() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}
