//! Who may sign up at present: one decision for all roads (people PPL-31).

use crate::auth::Auth;
use crate::config::{Mode, Provider, ProviderSignUp};
use crate::error::Error;
use crate::host::offers::Offered;
use crate::model::mail_token::Purpose;
use crate::model::sign_up::{Invitation, Road};
use crate::secret::Secret;
use crate::store::{invitations, mail_tokens};

/// The longest code that is looked up, in bytes.
const LONGEST_CODE: usize = 64;

/// What was made of the code of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Invited {
    /// There was none.
    No,
    /// It opens nothing, whatever the reason (people PPL-87).
    Invalid,
    /// By this invitation. `is_mailed` when the code proves the address that it was mailed to.
    By { invitation: Box<Invitation>, is_mailed: bool },
}

/// Somebody may sign up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// The invitation that is used.
    pub(crate) invitation: Option<Invitation>,
    /// Whether staff decides.
    pub(crate) needs_review: bool,
    /// Whether that stays so should the server review nobody any more.
    pub(crate) review_stays: bool,
    /// Whether the invitation proves the address.
    pub(crate) proves_address: bool,
}

impl Admission {
    /// The same where staff decides in any case, if `reviewed` says so.
    pub(crate) fn reviewed_if(self, reviewed: bool) -> Self {
        Self { needs_review: self.needs_review || reviewed, review_stays: self.review_stays || reviewed, ..self }
    }
}

/// Why somebody may not sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nobody may.
    Closed,
    /// Only with an invitation.
    NeedsInvitation,
    /// The invitation opens nothing.
    InvalidInvitation,
}

/// Who may sign up by a road. Where mail reaches nobody, nobody could confirm an address (people PPL-34), and where only providers
/// sign people in, no password is taken (Lysand §13.2). A host that makes no accounts is asked when its routes are mounted
/// (people PPL-210).
pub(crate) fn mode(auth: &Auth, road: Road) -> Mode {
    let config = auth.config();
    let by_password = road != Road::Provider;
    // A native client brings no address that somebody would have to confirm.
    let reaches_nobody = road != Road::Native && !auth.mailer().reaches_people() && !config.base_url.is_loopback();
    let makes_nobody = auth.is_known_to_offer(Offered::SignUp) == Some(false);
    match makes_nobody || by_password && (config.sso.forced || reaches_nobody) {
        true => Mode::Closed,
        false => auth.signups().mode(),
    }
}

/// Whether somebody whom nobody here knows may sign up with a provider.
pub(crate) fn of_provider(auth: &Auth, provider: &Provider) -> ProviderSignUp {
    let usual = if auth.config().sso.allow_registration { ProviderSignUp::Yes } else { ProviderSignUp::No };
    provider.sign_up.unwrap_or(usual)
}

/// What an invitation's code opens for this address.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn invitation(auth: &Auth, code: Option<&str>, address: Option<&str>) -> Result<Invited, Error> {
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else { return Ok(Invited::No) };
    if code.len() > LONGEST_CODE || !code.is_ascii() {
        return Ok(Invited::Invalid);
    }
    let (text, digest, now) = (code.to_owned(), Secret::new(code).digest(), auth.ambient().now());
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            Ok(match invitations::by_code(c, &text).await? {
                Some(invitation) => Some((invitation, false)),
                // The code of a mailed one is the token of its mail, made when that was sent (people PPL-83, PPL-168).
                None => match mail_tokens::by_link(c, digest).await? {
                    Some(token) if token.purpose == Purpose::Invited && token.is_live(now) => {
                        let id = token.subject.unwrap_or_default();
                        invitations::by_id(c, &id).await?.map(|invitation| (invitation, true))
                    }
                    _ => None,
                },
            })
        })
    });
    let Some((invitation, is_mailed)) = found.await? else { return Ok(Invited::Invalid) };
    let is_for = |address: &str| {
        let bound = invitation.email.as_deref().map(crate::host::accounts::rules::email_key);
        bound.is_none_or(|bound| bound == crate::host::accounts::rules::email_key(address))
    };
    if invitation.state(auth.ambient().now()) != "usable" || !address.is_none_or(is_for) {
        return Ok(Invited::Invalid);
    }
    if let Some(maker) = &invitation.maker {
        let maker = auth.account(maker).await?;
        if maker.is_none_or(|maker| maker.inactive_reason().is_some()) {
            return Ok(Invited::Invalid);
        }
    }
    Ok(Invited::By { invitation: Box::new(invitation), is_mailed })
}

/// Whether somebody may sign up (people PPL-27 to PPL-30).
pub(crate) fn admit(mode: Mode, invited: Invited) -> Result<Admission, Refused> {
    let free = Admission { invitation: None, needs_review: false, review_stays: false, proves_address: false };
    match (mode, invited) {
        (Mode::Closed, _) => Err(Refused::Closed),
        (_, Invited::Invalid) => Err(Refused::InvalidInvitation),
        (Mode::Invitation, Invited::No) => Err(Refused::NeedsInvitation),
        (Mode::Open, Invited::No) => Ok(free),
        (Mode::Approval, Invited::No) => Ok(Admission { needs_review: true, ..free }),
        (mode, Invited::By { invitation, is_mailed }) => Ok(Admission {
            needs_review: mode != Mode::Open && !invitation.skips_review,
            review_stays: mode == Mode::Invitation && !invitation.skips_review,
            proves_address: is_mailed && invitation.email.is_some(),
            invitation: Some(*invitation),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Timestamp;

    fn invited(skips_review: bool) -> Invited {
        let invitation = Invitation {
            id: "1".into(),
            code: Some("x".into()),
            maker: None,
            maker_name: None,
            max_uses: None,
            uses: 0,
            expires_at: None,
            comment: None,
            skips_review,
            email: None,
            created_at: Timestamp::from_micros(0),
            ended_at: None,
        };
        Invited::By { invitation: Box::new(invitation), is_mailed: false }
    }

    #[test]
    fn admission_follows_mode_and_invitation() {
        let needs_review = |mode, invited| admit(mode, invited).map(|admission| admission.needs_review);
        for (mode, alone, free, reviewed) in [
            (Mode::Open, Ok(false), Ok(false), Ok(false)),
            (Mode::Approval, Ok(true), Ok(false), Ok(true)),
            (Mode::Invitation, Err(Refused::NeedsInvitation), Ok(false), Ok(true)),
            (Mode::Closed, Err(Refused::Closed), Err(Refused::Closed), Err(Refused::Closed)),
        ] {
            assert_eq!(needs_review(mode, Invited::No), alone, "{mode:?}");
            assert_eq!(needs_review(mode, invited(true)), free, "{mode:?}");
            assert_eq!(needs_review(mode, invited(false)), reviewed, "{mode:?}");
        }
        assert_eq!(needs_review(Mode::Open, Invited::Invalid), Err(Refused::InvalidInvitation));
    }
}
