//! What every ceremony with a passkey shares: whether there are passkeys here, challenges that count once, and whose a passkey is.
//!
//! A challenge tells by itself when it was drawn and for what, under a key of the server's: nothing is kept of it until it is used
//! (FAC-75).

use std::time::Duration;

use url::Url;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::factors::FactorKind;
use crate::model::passkeys::StoredPasskey;
use crate::passkey::{Challenge, Made, NotAccepted, Presented, RelyingParty, Used, Verification, name_of_model};
use crate::secret::{Digest, Secret};
use crate::steps::{events, mail, notices};
use crate::store::{self, Conn, passkeys, spent};
use crate::texts;

/// How long a challenge can be answered.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);
/// The longest credential that is looked at, in bytes (FAC-175).
const LONGEST: usize = 65_536;

/// What a challenge is for. An answer to one is none to another (FAC-14).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ceremony<'a> {
    /// A sign-in without a name, in the browser with this cookie.
    SignIn(&'a Secret),
    /// The second proof of this sign-in.
    Factor(&'a str),
    /// Another passkey for the account, in this session or with this token.
    Setup(&'a AccountId, &'a str),
    /// The first passkey of an account that does not exist yet.
    SignUp(NewOwner<'a>),
}

/// Who signs up with a passkey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewOwner<'a> {
    /// The cookie of the browser, or what stands for it where there is none.
    pub(crate) holder: &'a Secret,
    /// What the passkey is to know its owner by.
    pub(crate) handle: &'a [u8],
    /// The name of the account.
    pub(crate) username: &'a str,
}

impl Ceremony<'_> {
    fn parts(&self) -> [&[u8]; 4] {
        match self {
            Self::SignIn(browser) => [b"sign in", browser.expose().as_bytes(), b"", b""],
            Self::Factor(pending) => [b"factor", pending.as_bytes(), b"", b""],
            Self::Setup(account, asked_in) => [b"setup", account.as_str().as_bytes(), asked_in.as_bytes(), b""],
            Self::SignUp(NewOwner { holder, handle, username }) => {
                [b"sign up", holder.expose().as_bytes(), handle, username.as_bytes()]
            }
        }
    }
}

/// For whom passkeys are made here; none where they cannot work (FAC-71).
pub(crate) fn party(auth: &Auth) -> Option<RelyingParty> {
    let config = auth.config();
    let id = config.passkeys.domain(&config.base_url)?;
    let title = auth.live_config().title;
    let own = [Some(&config.base_url), config.frontend.origin.as_ref()].into_iter().flatten();
    let own = own.filter(|origin| lies_under(origin.host(), &id));
    let origins = own.chain(&config.passkeys.related_origins).filter_map(|origin| Url::parse(origin.as_str()).ok());
    let origins = origins.collect();
    RelyingParty::new(&id, title.as_deref().unwrap_or(&id), origins)
}

fn lies_under(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
}

/// Demands that there are passkeys here.
///
/// # Errors
/// 404 where there are none.
pub(crate) fn require(auth: &Auth) -> Result<RelyingParty, Error> {
    let allowed = auth.config().factors.allow(FactorKind::Passkey);
    let party = if allowed { party(auth) } else { None };
    party.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))
}

/// The domain whose passkeys take the place of name and password; none where no passkey does.
pub(crate) fn sign_in_domain(auth: &Auth) -> Option<String> {
    let party = require(auth).ok().filter(|_| auth.config().factors.passkey_sign_in)?;
    Some(party.id().to_owned())
}

/// Whether an account can sign in with a passkey. In a transaction that takes another way away (FAC-39).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_way_in(c: &mut Conn, account: &AccountId, domain: Option<&str>) -> Result<bool, Error> {
    match domain {
        Some(domain) => passkeys::is_way_in(c, account, domain).await,
        None => Ok(false),
    }
}

/// Draws a challenge: when, something random, and a proof that it was drawn here for this.
pub(crate) fn draw(auth: &Auth, ceremony: Ceremony<'_>) -> Challenge {
    let mut challenge = Challenge::default();
    challenge[..8].copy_from_slice(&auth.ambient().now().micros().to_be_bytes());
    challenge[8..16].copy_from_slice(&auth.ambient().bytes::<8>());
    let proof = proof_of(auth, &challenge[..16], ceremony);
    challenge[16..].copy_from_slice(&proof.as_bytes()[..16]);
    challenge
}

fn proof_of(auth: &Auth, drawn: &[u8], ceremony: Ceremony<'_>) -> Digest {
    let [purpose, first, second, third] = ceremony.parts();
    Secret::derive(&auth.challenge_key(), &[b"passkey", drawn, purpose, first, second, third]).digest()
}

/// Whether a challenge was drawn here for this, and not long ago.
fn is_of(auth: &Auth, challenge: &Challenge, ceremony: Ceremony<'_>) -> bool {
    let (drawn, proof) = challenge.split_at(16);
    let is_ours = proof_of(auth, drawn, ceremony).begins_with(proof);
    let micros = drawn.first_chunk::<8>().map(|micros| i64::from_be_bytes(*micros));
    let drawn_at = micros.map(Timestamp::from_micros);
    is_ours && drawn_at.is_some_and(|at| auth.ambient().now() < at.plus(LIFETIME))
}

/// What is kept of a passkey that was made just now. One without a name is called as its model is (FAC-74).
pub(crate) fn stored(auth: &Auth, party: &RelyingParty, account: AccountId, made: Made, name: String) -> StoredPasskey {
    let Made { id: credential, key, counter, verified, backup_eligible, backed_up, transports, model } = made;
    let usual = name_of_model(model.as_deref()).unwrap_or(texts::PASSKEY);
    StoredPasskey {
        id: auth.ambient().id(),
        account,
        credential,
        rp_id: party.id().to_owned(),
        key,
        counter,
        backup_eligible,
        backed_up,
        verified,
        transports,
        model,
        name: if name.is_empty() { usual.to_owned() } else { name },
        copied_at: None,
        created_at: auth.ambient().now(),
        last_used_at: None,
    }
}

/// Reads what a browser sent as the answer to a challenge of this ceremony.
///
/// # Errors
/// `WrongPasskey`; the reason goes to the log alone.
pub(crate) fn presented(auth: &Auth, ceremony: Ceremony<'_>, credential: &str) -> Result<Presented, Error> {
    if credential.len() > LONGEST {
        return Err(refused(&NotAccepted::Wrong("too long".to_owned())));
    }
    let presented = Presented::read(credential).map_err(|why| refused(&why))?;
    match is_of(auth, &presented.challenge, ceremony) {
        true => Ok(presented),
        false => Err(refused(&NotAccepted::Wrong("no challenge of this ceremony, or too old".to_owned()))),
    }
}

/// The answer to a passkey that was not accepted.
pub(crate) fn refused(why: &NotAccepted) -> Error {
    tracing::info!(?why, "a passkey was not accepted");
    Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY)
}

/// Uses a challenge up; false when it was used before (FAC-120).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn spend(c: &mut Conn, challenge: Digest, now: Timestamp) -> Result<bool, Error> {
    spent::spend(c, spent::Kind::PasskeyChallenge, challenge, now.plus(LIFETIME)).await
}

/// Uses up a challenge that was answered in vain (FAC-175).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn waste(auth: &Auth, challenge: Digest) -> Result<(), Error> {
    let now = auth.ambient().now();
    auth.store().write(move |c| Box::pin(async move { spend(c, challenge, now).await.map(drop) })).await
}

/// Checks a passkey that was used. Its challenge is used up if it was in vain; one whose counter did not rise is marked, and its owner
/// is told (FAC-76).
///
/// # Errors
/// `WrongPasskey`; when the database does not answer.
pub(crate) async fn check(
    auth: &Auth,
    passkey: &StoredPasskey,
    presented: &Presented,
    verification: Verification,
    caller: &Caller,
) -> Result<Used, Error> {
    let party = require(auth)?;
    let checked = match passkey.rp_id == party.id() && passkey.copied_at.is_none() {
        true => party.check(presented, (&passkey.key, passkey.counter), verification),
        false => Err(NotAccepted::Wrong("of another domain, or marked as copied".to_owned())),
    };
    let why = match checked {
        Ok(used) => return Ok(used),
        Err(why) => why,
    };
    waste(auth, digest(&presented.challenge)).await?;
    if why == NotAccepted::Copied {
        tell_of_copy(auth, passkey, caller).await?;
    }
    Err(refused(&why))
}

async fn tell_of_copy(auth: &Auth, passkey: &StoredPasskey, caller: &Caller) -> Result<(), Error> {
    let Some(account) = auth.account(&passkey.account).await? else { return Ok(()) };
    let event = events::event(auth, EventKind::PasskeyCounter, caller).about(&account.id, &account.username).refused();
    let notice = notices::passkey_copied(auth, &account, &passkey.name, caller);
    let (id, now) = (passkey.id.clone(), auth.ambient().now());
    let told = auth.store().write(move |c| {
        Box::pin(async move {
            if passkeys::mark_copied(c, &id, now).await? {
                mail::enqueue_notice(c, notice).await?;
            }
            store::events::add(c, event).await
        })
    });
    told.await?;
    mail::wake(auth);
    Ok(())
}

/// What the database remembers of a challenge.
pub(crate) fn digest(challenge: &Challenge) -> Digest {
    Digest::of(challenge)
}

/// The passkeys of an account that work here: those of this domain, and not those that may have been copied.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn working(auth: &Auth, account: &AccountId) -> Result<Vec<StoredPasskey>, Error> {
    let Ok(party) = require(auth) else { return Ok(Vec::new()) };
    let id = account.clone();
    let all = auth.store().look_up(move |c| Box::pin(async move { passkeys::of_account(c, &id).await })).await?;
    Ok(all.into_iter().filter(|passkey| passkey.rp_id == party.id() && passkey.copied_at.is_none()).collect())
}
