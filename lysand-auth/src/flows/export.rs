//! A copy of all that is kept about an account, for its owner (people PPL-125).

use serde_json::{Map, Value, json};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::{Account, Role, Standing};
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::device::Device;
use crate::model::event::{ActivityBy, Actor, Event, EventKind};
use crate::model::identity::LinkedIdentity;
use crate::model::native::{NativeClient, NativeSignIn};
use crate::model::passkeys::StoredPasskey;
use crate::model::personal_token::PersonalToken;
use crate::model::rate_limit::Rule;
use crate::model::scope::Scopes;
use crate::model::session::Session;
use crate::model::sign_up::{Invitation, SignUpRecord};
use crate::model::trusted_browser::TrustedBrowser;
use crate::model::way_back::WayBack;
use crate::secret::Secret;
use crate::steps::events;
pub use crate::steps::owner::Owner;
use crate::steps::throttle;
use crate::store;
use crate::store::export::{self, Address, Kept, SentMail};
use crate::store::factors::NamedFactor;
use crate::store::grants::Grant;

/// A copy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Export {
    /// What a file with it is called.
    pub file_name: String,
    /// The copy itself.
    pub content: Value,
}

/// Takes a copy for the owner of an account, as often a day as the limit says.
///
/// # Errors
/// `WrongPassword` and `ProofRequired`; 429 beyond the limit; when host or database do not answer.
pub async fn for_owner(
    auth: &Auth,
    owner: &Owner,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<Export, Error> {
    owner.prove(auth, password).await?;
    throttle::count_act(auth, Rule::Export, &owner.account.id, caller).await?;
    of_account(auth, &owner.account, Actor::Account(owner.account.id.clone()), caller).await
}

/// Takes a copy, whoever asks: for a person who asks the people who run the server.
///
/// # Errors
/// When host or database do not answer.
pub async fn of_account(auth: &Auth, account: &Account, by: Actor, caller: &Caller) -> Result<Export, Error> {
    let host = auth.accounts().export(&account.id).await.map_err(Error::from_host)?;
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let kept = auth.store().read(move |c| Box::pin(async move { export::of_account(c, &id, now).await })).await?;
    let event = events::event(auth, EventKind::Exported, caller).by(by).about(&account.id, &account.username);
    auth.store().write_one(move |c| Box::pin(store::events::add(c, event))).await?;
    let day = now.to_iso8601().get(..10).unwrap_or_default().to_owned();
    let mut content = Map::new();
    content.insert("version".to_owned(), json!(1));
    content.insert("made_at".to_owned(), time(now));
    content.insert("account".to_owned(), of_person(account));
    content.extend(of_library(&kept));
    content.insert("host".to_owned(), host);
    Ok(Export { file_name: format!("lysand-auth-{}-{day}.json", account.username), content: Value::Object(content) })
}

fn time(at: Timestamp) -> Value {
    at.to_iso8601().into()
}

fn time_or_none(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, time)
}

fn of_person(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "username": account.username,
        "display_name": account.display_name,
        "email": account.email.as_ref().map(|email| &email.address),
        "email_confirmed": account.email.as_ref().is_some_and(|email| email.confirmed),
        "role": match account.role {
            Role::Member => "user",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
        },
        "standing": match account.standing {
            Standing::Active => "active",
            Standing::Pending => "pending",
            Standing::Disabled => "disabled",
            Standing::Suspended => "suspended",
        },
        "language": account.language.as_ref().map(|language| language.as_str()),
        "created_at": time_or_none(account.created_at),
    })
}

/// What the library keeps. What says who somebody is to a machine is not in it: no code, no digest, no secret.
fn of_library(kept: &Kept) -> [(String, Value); 13] {
    [
        ("sign_up".to_owned(), kept.sign_up.as_ref().map_or(Value::Null, of_sign_up)),
        ("addresses".to_owned(), kept.addresses.iter().map(of_address).collect()),
        (
            "sessions".to_owned(),
            kept.sessions.iter().map(of_session).chain(kept.native.iter().map(of_native)).collect(),
        ),
        ("known_browsers".to_owned(), kept.browsers.iter().map(of_browser).collect()),
        ("trusted_browsers".to_owned(), kept.trusted.iter().map(of_trusted).collect()),
        ("ways_back".to_owned(), kept.ways_back.iter().map(of_way_back).collect()),
        ("apps".to_owned(), kept.grants.iter().map(|grant| of_grant(grant, &kept.apps)).collect()),
        ("personal_tokens".to_owned(), kept.personal_tokens.iter().map(of_personal_token).collect()),
        ("identities".to_owned(), kept.identities.iter().map(of_identity).collect()),
        (
            "factors".to_owned(),
            kept.factors.iter().map(of_factor).chain(kept.passkeys.iter().map(of_passkey)).collect(),
        ),
        ("invitations".to_owned(), kept.invitations.iter().map(of_invitation).collect()),
        ("events".to_owned(), kept.events.iter().map(of_event).collect()),
        ("mails".to_owned(), kept.mails.iter().map(of_mail).collect()),
    ]
}

fn of_address(change: &Address) -> Value {
    json!({
        "old": change.old,
        "new": change.new,
        "asked_at": time(change.asked_at),
        "confirmed_at": time_or_none(change.confirmed_at),
        "undo_until": time_or_none(change.undo_until),
    })
}

fn of_factor(factor: &NamedFactor) -> Value {
    json!({
        "type": "totp",
        "name": factor.name,
        "created_at": time(factor.created_at),
        "last_used_at": time_or_none(factor.last_used_at),
    })
}

/// What the authenticator calls it, and the public key, are of use to nobody else.
fn of_passkey(passkey: &StoredPasskey) -> Value {
    json!({
        "type": "passkey",
        "name": passkey.name,
        "created_at": time(passkey.created_at),
        "last_used_at": time_or_none(passkey.last_used_at),
        "synced": passkey.backed_up,
    })
}

fn of_session(session: &Session) -> Value {
    json!({
        "created_at": time(session.created_at),
        "authenticated_at": time(session.authenticated_at),
        "last_used_at": time_or_none(session.last_used_at),
        "expires_at": time(session.expires_at),
        "network": session.network,
        "agent": session.agent,
        "device": session.agent.as_deref().map(Device::of),
        "methods": session.methods,
    })
}

/// A sign-in of a native client, told like a session.
fn of_native(sign_in: &NativeSignIn) -> Value {
    let mut told = of_session(&sign_in.as_session());
    let native = NativeClient::from(sign_in);
    told["dialect"] = native.dialect.name().into();
    told["name"] = native.name.into();
    told["device"] = json!(Device { browser: native.program, ..Device::of("") });
    told
}

fn of_browser((first, last): &(Timestamp, Timestamp)) -> Value {
    json!({ "first_at": time(*first), "last_at": time(*last) })
}

fn of_trusted(browser: &TrustedBrowser) -> Value {
    json!({
        "agent": browser.agent,
        "created_at": time(browser.created_at),
        "last_used_at": time(browser.last_used_at),
        "expires_at": time(browser.expires_at),
    })
}

/// A request to remove the second factors.
fn of_way_back(row: &WayBack) -> Value {
    json!({
        "asked_at": time(row.times.asked_at),
        "ripe_at": time(row.times.ripe_at),
        "until": time(row.times.until),
        "ended_at": time_or_none(row.end.map(|end| end.at)),
        "ended_as": row.end.map(|end| end.how.words().0),
        "agent": row.agent,
        "network": row.network,
    })
}

fn of_grant(grant: &Grant, apps: &[App]) -> Value {
    json!({
        "name": apps.iter().find(|app| app.id.as_str() == grant.app_id).map(|app| app.name.as_str()),
        "scopes": words(&grant.scopes),
        "authorized_at": time(grant.since),
        "last_used_at": time_or_none(grant.last_used_at),
    })
}

fn of_personal_token(token: &PersonalToken) -> Value {
    json!({
        "name": token.name,
        "scopes": words(&token.scopes),
        "created_at": time(token.created_at),
        "expires_at": time_or_none(token.expires_at),
        "last_used_at": time_or_none(token.last_used_at),
        "networks": token.networks.words(),
    })
}

fn of_identity(linked: &LinkedIdentity) -> Value {
    json!({
        "issuer": linked.identity.issuer,
        "subject": linked.identity.subject,
        "label": linked.label,
        "linked_at": time(linked.linked_at),
    })
}

/// An invitation, without the code, which is for whom it was made.
fn of_invitation(made: &Invitation) -> Value {
    json!({
        "created_at": time(made.created_at),
        "expires_at": time_or_none(made.expires_at),
        "ended_at": time_or_none(made.ended_at),
        "max_uses": made.max_uses,
        "uses": made.uses,
        "comment": made.comment,
        "email": made.email,
    })
}

fn of_mail(mail: &SentMail) -> Value {
    json!({
        "kind": mail.kind,
        "address": mail.address,
        "state": mail.state,
        "made_at": time(mail.made_at),
        "ended_at": time_or_none(mail.ended_at),
    })
}

fn words(scopes: &Scopes) -> &[String] {
    scopes.words()
}

/// How the account came to be, and that its owner agreed to the rules of that time.
fn of_sign_up(record: &SignUpRecord) -> Value {
    json!({
        "road": record.road.name(),
        "provider": record.provider,
        "reason": record.reason,
        "agreed_at": record.agreed_to.as_ref().map(|_| time(record.created_at)),
        "minimum_age": record.minimum_age,
        "network": record.network,
        "agent": record.agent,
        "language": record.language,
        "created_at": time(record.created_at),
        "confirmed_at": time_or_none(record.confirmed_at),
        "decided_at": time_or_none(record.decided_at),
    })
}

/// Something that happened; of staff it is told that they did it, not who.
fn of_event(event: &Event) -> Value {
    json!({
        "event": event.event,
        "outcome": event.outcome,
        "at": time(event.at),
        "by": ActivityBy::of(event).name(),
        "network": event.network,
        "agent": event.agent,
        "device": event.agent.as_deref().map(Device::of),
    })
}
