//! How well an app, or a page of the server's own, wants somebody to prove who they are, and whether that was done (FAC-102,
//! FAC-103).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::factors::{FactorKind, Usable};
use crate::model::proofs::{MULTI_FACTOR, ProofKind};
use crate::model::session::SignedInBrowser;
use crate::model::strength::Acr;
use crate::steps::host_rules::Proven;
use crate::steps::{enrolment, second_step, session};

/// What the `acr_values` of a request come to for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The first of them that the account can reach; the lowest class where none of them is known.
    Reachable(Acr),
    /// The first of them that is known, where the account can reach none.
    Unreachable(Acr),
}

impl Wanted {
    /// What is asked of an account that can prove itself up to `reach`.
    fn of(auth: &Auth, values: &str, reach: Acr) -> Self {
        let known: Vec<Acr> =
            values.split_ascii_whitespace().filter_map(|name| auth.config().openid.class(name)).collect();
        match (known.iter().find(|acr| **acr <= reach), known.first()) {
            (Some(acr), _) => Self::Reachable(*acr),
            (None, Some(first)) => Self::Unreachable(*first),
            (None, None) => Self::Reachable(Acr::One),
        }
    }

    /// Whether `proven` is enough.
    fn is_met_by(self, proven: Acr) -> bool {
        match self {
            Self::Reachable(acr) => acr <= proven,
            Self::Unreachable(_) => false,
        }
    }
}

/// How a session stands to what an app wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is as strong.
    Enough,
    /// It is weaker, and its owner can prove more.
    Weaker,
    /// It is weaker, and its owner can prove no more without another factor.
    Unreachable,
}

/// Whether a session is as strong as `values` want. Nothing is looked up where it is the strongest, or nothing is wanted.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn of_session(
    auth: &Auth,
    browser: &SignedInBrowser,
    values: Option<&str>,
) -> Result<Standing, Error> {
    let Some(values) = values else { return Ok(Standing::Enough) };
    let proven = Acr::of_methods(&browser.session.methods);
    if Wanted::of(auth, values, Acr::PhishingResistant).is_met_by(proven) {
        return Ok(Standing::Enough);
    }
    let known = session::credentials_of(auth, &browser.account.id).await?;
    let first = first_proof(&browser.session.methods).unwrap_or(ProofKind::Password);
    let reach = reach(auth, (&browser.account, known), (&first, proven)).await?;
    Ok(match Wanted::of(auth, values, reach) {
        Wanted::Unreachable(_) => Standing::Unreachable,
        wanted if wanted.is_met_by(proven) => Standing::Enough,
        Wanted::Reachable(_) => Standing::Weaker,
    })
}

/// The first proof of a session, by its words.
pub(crate) fn first_proof(methods: &[String]) -> Option<ProofKind> {
    let word = methods.iter().find(|method| *method != MULTI_FACTOR)?;
    let kinds = [ProofKind::Password, ProofKind::Provider, ProofKind::Passkey, ProofKind::Email];
    let known = kinds.into_iter().find(|kind| kind.method() == *word);
    Some(known.unwrap_or_else(|| ProofKind::Host(word.clone())))
}

/// Up to which class the owner of an account can prove who they are, after `first`; as well as `proven` in any case.
async fn reach(auth: &Auth, owner: (&Account, Credentials), (first, proven): (&ProofKind, Acr)) -> Result<Acr, Error> {
    let usable = second_step::usable(auth, owner, first).await?;
    let best = usable.kinds.iter().map(|kind| worth(*kind)).max();
    Ok(best.map_or(proven, |best| best.max(proven)))
}

/// The class that a second proof of this kind brings.
fn worth(kind: FactorKind) -> Acr {
    match kind {
        FactorKind::Passkey => Acr::PhishingResistant,
        _ => Acr::Two,
    }
}

/// What the request of a sign-in comes to for its account; none where it wants nothing.
async fn wanted(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<Option<(Wanted, Acr)>, Error> {
    let Some(values) = proven.acr_values else { return Ok(None) };
    let proofs = proven.proofs(auth.ambient().now());
    let given = proven.acr(auth.ambient().now());
    let first = proofs.first().map_or(&ProofKind::Password, |proof| &proof.kind);
    let reach = reach(auth, (proven.account, known), (first, given)).await?;
    Ok(Some((Wanted::of(auth, values, reach), given)))
}

/// Whether a sign-in lacks a proof that its app wants and its account can give.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn is_factor_missing(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<bool, Error> {
    let wanted = wanted(auth, proven, known).await?;
    Ok(wanted.is_some_and(|(wanted, given)| matches!(wanted, Wanted::Reachable(acr) if acr > given)))
}

/// The class that the app of a sign-in wants and its account cannot reach, but for a factor that its owner can set up now.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn unreachable(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<Option<Acr>, Error> {
    Ok(match wanted(auth, proven, known).await? {
        Some((Wanted::Unreachable(acr), _)) => Some(acr),
        _ => None,
    })
}

/// Leaves the kinds with which a sign-in is as strong as its app wants.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn keep_what_is_wanted(
    auth: &Auth,
    (proven, known): (&Proven<'_>, Credentials),
    usable: &mut Usable,
) -> Result<(), Error> {
    if let Some((Wanted::Reachable(acr), _)) = wanted(auth, proven, known).await? {
        usable.kinds.retain(|kind| worth(*kind) >= acr);
    }
    Ok(())
}

/// The kinds of factors that can be set up for a class.
pub(crate) fn can_bring(auth: &Auth, acr: Acr) -> Vec<FactorKind> {
    let can = |kind: &FactorKind| enrolment::can_be_set_up(auth, *kind) && worth(*kind) >= acr;
    FactorKind::ALL.into_iter().filter(can).collect()
}
