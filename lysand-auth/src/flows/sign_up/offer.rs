//! What somebody should know who wants to sign up (people PPL-38).

use super::form::Asked;
use super::with_passkey::is_offered_with_passkey;
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::Error;
use crate::host::offers::Offered;
use crate::model::sign_up::Road;
use crate::steps::admission::{self, Invited};

/// What is asked of somebody who signs up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Offer {
    /// Who may sign up.
    pub mode: Mode,
    /// Whether the invitation that was shown is usable; `None` when none was.
    pub invitation: Option<bool>,
    /// `required`, `optional` or `absent`.
    pub reason: &'static str,
    /// `required` or `absent`.
    pub date_of_birth: &'static str,
    /// Whether the rules have to be agreed to.
    pub agreement: bool,
    /// How old one must be.
    pub minimum_age: Option<u8>,
    /// The address of the terms; empty when there are none.
    pub tos_url: String,
    /// The rules.
    pub rules: Vec<OfferedRule>,
    /// Whether a passkey can take the place of the password.
    pub passkey: bool,
    /// Whether a proof of work is asked for.
    pub proof_of_work: bool,
    /// What is said while sign-up is closed.
    pub message: String,
}

/// One rule of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferedRule {
    /// Its number, from 1.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// What is asked of somebody who signs up by the page or by JSON, with this invitation.
///
/// # Errors
/// When host or database do not answer.
pub async fn offer(auth: &Auth, invite_code: Option<&str>) -> Result<Offer, Error> {
    let signups = auth.signups();
    auth.offers(Offered::SignUp).await;
    let mode = admission::mode(auth, Road::Page);
    let invited = admission::invitation(auth, invite_code, None).await?;
    let invitation = match invited {
        Invited::No => None,
        Invited::Invalid => Some(false),
        Invited::By { .. } => Some(mode != Mode::Closed),
    };
    let is_reviewed =
        admission::admit(mode, invited).map_or(mode == Mode::Approval, |admission| admission.needs_review);
    let asked = Asked::new(&signups, is_reviewed);
    let reason = match (asked.reason, asked.reason_required) {
        (false, _) => "absent",
        (true, false) => "optional",
        (true, true) => "required",
    };
    let rules = (1..).zip(&signups.rules);
    Ok(Offer {
        mode,
        invitation,
        reason,
        date_of_birth: if asked.minimum_age > 0 { "required" } else { "absent" },
        agreement: asked.agreement,
        minimum_age: Some(asked.minimum_age).filter(|age| *age > 0),
        tos_url: signups.tos_url.clone(),
        rules: rules.map(|(id, text): (u32, _)| OfferedRule { id: id.to_string(), text: text.clone() }).collect(),
        passkey: mode != Mode::Closed && is_offered_with_passkey(auth).await,
        proof_of_work: signups.proof_of_work,
        message: signups.message.clone(),
    })
}
