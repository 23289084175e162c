//! What a host demands of a sign-in beyond what the library does, and its word before and after a session begins (FAC-163).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::ambient::Timestamp;
use crate::auth::Auth;
#[cfg(feature = "sso")]
use crate::config::{AfterSso, Provider};
use crate::error::{Code, Error};
use crate::host::HostResult;
use crate::host::factor::Strength;
use crate::host::sign_in_rules::{Demand, SignInRules, Verdict};
use crate::model::account::Account;
use crate::model::app::AppId;
use crate::model::credentials::Credentials;
use crate::model::factors::FactorKind;
use crate::model::proofs::{MULTI_FACTOR, ProofKind, Proofs, SYNCED};
use crate::model::strength::Acr;
use crate::steps::blocks::LetIn;
use crate::steps::completion::Completion;
use crate::steps::session;
use crate::texts;

/// How long a sign-in waits for the host.
const HOST_TIMEOUT: Duration = Duration::from_secs(5);

/// What a provider's word is worth beside what was proven here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// Nothing.
    No,
    /// It is enough by itself.
    Enough,
    /// The same, and it is as good as two proofs, because the provider said so and the operator trusts it (`trusted_acr`).
    AsTwo,
}

impl Vouched {
    /// What the word of `provider` is worth, which said this `acr`.
    #[cfg(feature = "sso")]
    pub(crate) fn by(provider: &Provider, usual: AfterSso, acr: Option<&str>) -> Self {
        match (provider.is_trusted(acr), provider.is_enough(usual, acr)) {
            (true, _) => Self::AsTwo,
            (false, true) => Self::Enough,
            (false, false) => Self::No,
        }
    }

    pub(crate) fn is_enough(self) -> bool {
        self != Self::No
    }
}

/// Somebody who proved just now who they are, and by what.
#[derive(Clone, Copy)]
pub(crate) struct Proven<'a> {
    pub(crate) account: &'a Account,
    pub(crate) by: &'a ProofKind,
    /// What was known of the account before the proof; read when it is too late for that, where the proof is no secret that
    /// somebody can change.
    pub(crate) known_before: Option<Credentials>,
    /// What was proven before that, in the same sign-in.
    pub(crate) earlier: Option<&'a Proofs>,
    /// What this proof uses up, when it is the second one.
    pub(crate) completes: Option<&'a Completion>,
    /// Whether this is a passkey that is on several devices of its owner.
    pub(crate) synced: bool,
    /// Whether it is a provider's word that is enough by itself (FAC-95).
    pub(crate) vouched: Vouched,
    /// How well the app wants the person to prove who they are (FAC-102).
    pub(crate) acr_values: Option<&'a str>,
    /// Whether this goes on in a session that is made stronger (FAC-57).
    pub(crate) steps_up: bool,
    /// Whether the person will set up the second factor later that is demanded (FAC-92).
    pub(crate) puts_off: bool,
    /// The row by which the account trusts the browser, when this is its password (FAC-97).
    pub(crate) trusted: Option<&'a str>,
    /// The address that this request was found to come from, where that was looked up before the proof.
    pub(crate) let_in: Option<LetIn>,
}

impl<'a> Proven<'a> {
    /// Somebody who was proven by something that no ending takes back.
    pub(crate) fn new(account: &'a Account, by: &'a ProofKind) -> Self {
        Self {
            account,
            by,
            known_before: None,
            earlier: None,
            completes: None,
            synced: false,
            vouched: Vouched::No,
            acr_values: None,
            steps_up: false,
            puts_off: false,
            trusted: None,
            let_in: None,
        }
    }

    /// Everything that was proven in this sign-in.
    pub(crate) fn proofs(&self, now: Timestamp) -> Proofs {
        match self.earlier {
            Some(earlier) => earlier.and(self.by.clone(), now),
            None => Proofs::new([(self.by.clone(), now)]),
        }
    }

    /// The words for it among the methods of the session (RFC 8176).
    pub(crate) fn methods(&self, now: Timestamp) -> Vec<String> {
        let proofs = self.proofs(now);
        let kinds = proofs.iter().map(|proof| &proof.kind).enumerate();
        let words = kinds.map(|(before, kind)| if before == 0 { kind.method() } else { kind.second_method() });
        let mut methods: Vec<String> = words.collect();
        methods.dedup();
        methods.extend(self.synced.then(|| SYNCED.to_owned()));
        // A passkey without a proof before it verified its owner: two proofs at once (FAC-83).
        let began_with_passkey = proofs.first().is_some_and(|proof| proof.kind == ProofKind::Passkey);
        let is_two = proofs.are_two() || began_with_passkey || self.vouched == Vouched::AsTwo;
        methods.extend(is_two.then(|| MULTI_FACTOR.to_owned()));
        methods
    }

    /// How well that is.
    pub(crate) fn acr(&self, now: Timestamp) -> Acr {
        Acr::of_methods(&self.methods(now))
    }

    /// When the first proof was given, where that was in another session (FAC-57).
    pub(crate) fn since(&self) -> Option<Timestamp> {
        let first = self.earlier.and_then(Proofs::first).map(|proof| proof.at);
        first.filter(|_| self.steps_up)
    }

    /// On what knowledge of the account the session rests.
    pub(super) async fn credentials(&self, auth: &Auth) -> Result<Credentials, Error> {
        match self.known_before {
            Some(known) => Ok(known),
            None => session::credentials_of(auth, &self.account.id).await,
        }
    }
}

/// A host's rules and a sign-in that they are asked about.
pub(crate) struct Asked<'a> {
    rules: Arc<dyn SignInRules>,
    account: &'a Account,
    proofs: Proofs,
    app: Option<&'a AppId>,
}

/// Asks the host whether a session may begin; nothing of the host's is answered when it has no rules.
///
/// # Errors
/// `SignInRefused`: with the host's sentence, when more is demanded than was proven, and when the host fails or takes too
/// long, because a host that cannot answer has not said yes.
pub(crate) async fn before_session<'a>(
    auth: &Auth,
    proven: Proven<'a>,
    app: Option<&'a AppId>,
) -> Result<Option<Asked<'a>>, Error> {
    let Some(rules) = auth.sign_in_rules() else { return Ok(None) };
    let (account, proofs) = (proven.account, proven.proofs(auth.ambient().now()));
    let demand = answered(rules.demands(account, &proofs)).await.map_err(|why| undecided(account, "demands", &why))?;
    if !is_met(auth, demand, &proofs) {
        tracing::info!(account = %account.id, ?app, ?demand, "the host demands more than was proven");
        return Err(Error::refused(Code::SignInRefused, texts::MORE_PROOFS_DEMANDED));
    }
    let verdict = answered(rules.before_session(account, &proofs, app)).await;
    match verdict.map_err(|why| undecided(account, "before_session", &why))? {
        Verdict::Allow => Ok(Some(Asked { rules, account, proofs, app })),
        Verdict::Refuse(sentence) => {
            tracing::info!(account = %account.id, ?app, "the host refuses the sign-in");
            Err(Error::refused(Code::SignInRefused, sentence))
        }
    }
}

/// Whether these proofs are as much as the host demands: a factor of its own is worth what it says.
fn is_met(auth: &Auth, demand: Demand, proofs: &Proofs) -> bool {
    match demand {
        Demand::Usual => true,
        Demand::TwoProofs => proofs.are_two(),
        Demand::PhishingResistant => proofs.iter().any(|proof| is_resistant(auth, &proof.kind)),
    }
}

fn is_resistant(auth: &Auth, kind: &ProofKind) -> bool {
    match kind {
        ProofKind::Passkey => true,
        ProofKind::Host(name) => auth
            .host_factors()
            .iter()
            .any(|factor| factor.kind() == name && factor.strength() == Strength::PhishingResistant),
        _ => false,
    }
}

/// What the host demands beyond what was proven, where a second proof is not there yet (FAC-4).
///
/// # Errors
/// `SignInRefused` when the host gives no answer.
pub(super) async fn unmet(auth: &Auth, proven: &Proven<'_>) -> Result<Option<Demand>, Error> {
    let Some(rules) = auth.sign_in_rules() else { return Ok(None) };
    let (account, proofs) = (proven.account, proven.proofs(auth.ambient().now()));
    if proofs.are_two() {
        return Ok(None);
    }
    let demand = answered(rules.demands(account, &proofs)).await.map_err(|why| undecided(account, "demands", &why))?;
    Ok(Some(demand).filter(|demand| !is_met(auth, *demand, &proofs)))
}

/// Whether a second proof of this kind would be what the host demands.
pub(super) fn would_meet(auth: &Auth, demand: Demand, kind: FactorKind) -> bool {
    demand != Demand::PhishingResistant || is_resistant(auth, &kind.proof())
}

/// Whether the host demands no more than these proofs; a host that cannot answer may demand more.
pub(super) async fn are_enough(auth: &Auth, account: &Account, proofs: &Proofs) -> bool {
    match auth.sign_in_rules() {
        Some(rules) => answered(rules.demands(account, proofs)).await.is_ok_and(|demand| is_met(auth, demand, proofs)),
        None => true,
    }
}

impl Asked<'_> {
    /// Tells the host that the session has begun. What comes of it changes nothing.
    pub(crate) async fn after_session(&self) {
        let told = answered(self.rules.after_session(self.account, &self.proofs, self.app)).await;
        if let Err(why) = told {
            tracing::error!(account = %self.account.id, %why, "the host was not told of a session that began");
        }
    }
}

fn undecided(account: &Account, method: &str, why: &str) -> Error {
    tracing::error!(account = %account.id, method, %why, "the host's rules gave no answer about a sign-in");
    Error::refused(Code::SignInRefused, texts::SIGN_IN_UNDECIDED)
}

/// The host's answer, within five seconds.
///
/// # Errors
/// Why there is none, for the log.
pub(super) async fn answered<T>(answer: impl Future<Output = HostResult<T>>) -> Result<T, String> {
    match tokio::time::timeout(HOST_TIMEOUT, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(_)) => Err("it panicked".to_owned()),
        Err(_) => Err("it took too long".to_owned()),
    }
}
