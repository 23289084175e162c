//! Second factors of the host's own, asked within bounds: five seconds, and nothing that fails is right (FAC-164).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::factor::{Factor, Input, Prompt};
use crate::keys::Sealed;
use crate::model::account::Account;
use crate::model::factors::{Consumed, FactorKind};
use crate::secret::{Digest, Secret};
use crate::steps::completion::wrong_code;
use crate::steps::host_rules::answered;
use crate::store::spent::{self, Kind};
use crate::texts;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// How long an answer counts once.
const COUNTS_ONCE: Duration = Duration::from_secs(600);
/// The longest sentence, label and note of a host, in bytes.
const LONGEST_STATE: usize = 2_048;

/// The factor of this kind.
pub(crate) fn named<'a>(auth: &'a Auth, kind: &str) -> Option<&'a Arc<dyn Factor>> {
    auth.host_factors().iter().find(|factor| factor.kind() == kind)
}

/// The kinds that the account can use now. One whose host does not answer is none of them.
pub(crate) async fn usable(auth: &Auth, account: &Account) -> Vec<FactorKind> {
    let mut usable = Vec::new();
    for factor in auth.host_factors() {
        match answered(factor.usable(account)).await {
            Ok(true) => usable.push(FactorKind::Host(factor.kind())),
            Ok(false) => {}
            Err(why) => failed(factor, account, "usable", &why),
        }
    }
    usable
}

fn failed(factor: &Arc<dyn Factor>, account: &Account, method: &str, why: &str) {
    tracing::error!(account = %account.id, kind = factor.kind(), method, %why, "a factor of the host gave no answer");
}

/// What a person sees of a factor that began, and what comes back with the answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BegunFactor {
    /// The sentence above the field.
    pub text: String,
    /// The label of the field; `None` when nothing is typed.
    pub field: Option<String>,
    /// The same with the host's note, sealed for this sign-in.
    pub state: String,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    text: String,
    field: Option<String>,
    note: Option<String>,
}

/// Counts that something is sent: once a minute and five times an hour for an account, on all replicas, however many sign-ins somebody
/// begins with its password.
///
/// # Errors
/// `TooSoon`; 429 beyond that.
pub(crate) async fn count_sending(auth: &Auth, kind: &str, account: &Account) -> Result<(), Error> {
    let now = auth.ambient().now();
    let of = |what: &str| Digest::of(format!("{what}\n{kind}\n{}", account.id).as_bytes());
    let (minute, slots) = (of("minute"), ["1", "2", "3", "4", "5"].map(of));
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            if !spent::claim(c, Kind::HostFactor, minute, (now, now.plus(MINUTE))).await? {
                return Ok(Some(Error::later(Code::TooSoon, texts::CODE_TOO_SOON, MINUTE)));
            }
            for slot in slots {
                if spent::claim(c, Kind::HostFactor, slot, (now, now.plus(HOUR))).await? {
                    return Ok(None);
                }
            }
            Ok(Some(Error::later(Code::TooManyRequests, texts::TOO_MANY_FACTORS, HOUR)))
        })
    });
    counted.await?.map_or(Ok(()), Err)
}

/// Begins it.
///
/// # Errors
/// `Unavailable` when the host does not.
pub(crate) async fn begin(auth: &Auth, kind: &str, account: &Account, pending: &str) -> Result<BegunFactor, Error> {
    let factor = named(auth, kind).ok_or_else(unavailable)?;
    let begun = answered(factor.begin(account)).await;
    let Prompt { text, field, state } = begun.map_err(|why| {
        failed(factor, account, "begin", &why);
        unavailable()
    })?;
    let note = state.map(|state| state.expose().to_owned());
    let begun = serde_json::to_vec(&Begun { text: text.clone(), field: field.clone(), note }).map_err(Error::failed)?;
    if begun.len() > LONGEST_STATE {
        failed(factor, account, "begin", "its sentence, its label and its note are longer than 2 KiB");
        return Err(unavailable());
    }
    Ok(BegunFactor { text, field, state: sealed(auth, (kind, pending), &begun)? })
}

/// What a person saw of it, by what came back.
pub(crate) fn reopened(auth: &Auth, kind: &str, pending: &str, state: &str) -> Option<BegunFactor> {
    let Begun { text, field, .. } = opened(auth, (kind, pending), state)?;
    Some(BegunFactor { text, field, state: state.to_owned() })
}

fn unavailable() -> Error {
    Error::refused(Code::Unavailable, texts::FACTOR_UNAVAILABLE)
}

fn sealed(auth: &Auth, (kind, pending): (&str, &str), begun: &[u8]) -> Result<String, Error> {
    let place = ["auth_pending", "prompt", kind, pending];
    let sealed = auth.config().keys.secrets().seal(auth.ambient(), &place, begun);
    let Sealed { key, bytes } = sealed.ok_or_else(|| Error::failed("a note of the host cannot be sealed"))?;
    Ok(format!("{key}.{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What was sealed for this kind and this sign-in.
fn opened(auth: &Auth, (kind, pending): (&str, &str), state: &str) -> Option<Begun> {
    let (key, bytes) = state.rsplit_once('.')?;
    let sealed = Sealed { key: key.to_owned(), bytes: URL_SAFE_NO_PAD.decode(bytes).ok()? };
    let plain = auth.config().keys.secrets().open(&["auth_pending", "prompt", kind, pending], &sealed)?;
    serde_json::from_slice(&plain).ok()
}

/// What a right answer uses up. The host alone knows whether it is right; that it counts once is our part.
///
/// # Errors
/// `WrongFactor`, also for a note that is none of this sign-in; `Unavailable` when the host does not answer.
pub(crate) async fn check(
    auth: &Auth,
    account: &Account,
    kind: &str,
    (typed, state, pending): (&str, &str, &str),
) -> Result<Consumed, Error> {
    let factor = named(auth, kind).ok_or_else(wrong_code)?;
    let note = match state {
        "" => None,
        state => opened(auth, (kind, pending), state).ok_or_else(wrong_code)?.note.map(Secret::new),
    };
    let input = Input::new(Secret::new(typed));
    let input = match note {
        Some(note) => input.with_state(note),
        None => input,
    };
    let is_right = answered(factor.check(account, &input)).await.map_err(|why| {
        failed(factor, account, "check", &why);
        unavailable()
    })?;
    if !is_right {
        return Err(wrong_code());
    }
    let answer = if typed.is_empty() { state } else { typed };
    let digest = Digest::of(format!("answer\n{kind}\n{}\n{answer}", account.id).as_bytes());
    Ok(Consumed::Host(digest, auth.ambient().now().plus(COUNTS_ONCE)))
}
