//! What mails about second factors say, in English.

use lysand_auth::ambient::Timestamp;
use lysand_auth::host::mailer::{CodeUse, Mail};

use super::place::{Place, Said};
use super::sentences::{IF_YOU, Line, Part, Sentence, address, circumstances, say};

const SECURITY: &str = "/account/security";
const LOOK: &str = "If it was not you, look at your second factors, and choose a new password:";

fn not_you(place: Place<'_>) -> Vec<Line> {
    vec![say(IF_YOU, &[]), say(LOOK, &[]), place.at(SECURITY), address(place.forgot)]
}

/// Mails about second factors.
pub(super) fn factors(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    Some(match mail {
        Mail::FactorAdded { name, device, network, at } => (
            "A second factor was added on {}",
            circumstances(
                say("the second factor {} was added to your account at {}.", &[name, site]),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        Mail::FactorRemoved { device, network, at } => (
            "A second factor was removed on {}",
            circumstances(
                say("a second factor of your account at {} was removed.", &[site]),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        Mail::TwoStepOff { device, network, at } => (
            "Two-step sign-in was turned off on {}",
            circumstances(
                say(
                    "two-step sign-in was turned off for your account at {}. Whoever has the password can sign in.",
                    &[site],
                ),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        Mail::PasskeyCopied { name, device, network, at } => (
            "One of your passkeys on {} may have been copied",
            circumstances(
                say(
                    "the passkey {} of your account at {} was used in a way that tells of a copy. It signs nobody in any more.",
                    &[name, site],
                ),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            vec![say("Look at your second factors, remove it, and add a new one:", &[]), place.at(SECURITY)],
        ),
        _ => return None,
    })
}

/// Mails about codes: those that are kept for the day when the app is lost, and those that come by mail.
pub(super) fn codes(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    Some(match mail {
        Mail::RecoveryUsed { left, device, network, at } => (
            "A recovery code was used on {}",
            circumstances(
                say(
                    "a recovery code was used to sign in to your account at {}. Codes that are left: {}.",
                    &[site, &left.to_string()],
                ),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        Mail::RecoveryMade { device, network, at } => (
            "New recovery codes on {}",
            circumstances(
                say("new recovery codes were made for your account at {}. The ones before count no more.", &[site]),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        Mail::RecoveryVoided => recovery_voided(place),
        Mail::FactorGuessed => (
            "Somebody knows your password on {}",
            vec![
                say(
                    "somebody signed in to your account at {} with the right password, and did not know the second proof.",
                    &[site],
                ),
                say("If that was not you, choose a new password:", &[]),
                address(place.forgot),
            ],
            vec![],
        ),
        Mail::Code { app, device, at, use_for } => code((app.as_ref(), device.as_ref(), *at), *use_for, place),
        _ => return None,
    })
}

/// A code, and what it is for.
fn code((app, device, at): (Option<&String>, Option<&String>, Timestamp), use_for: CodeUse, place: Place<'_>) -> Said {
    let (title, site) = (place.title, place.site);
    (
        "Your code for {}",
        circumstances(
            match use_for {
                CodeUse::WayBack => {
                    say("this is the code with which your second factors at {} can be removed, after a wait.", &[site])
                }
                _ => say("this is the code for your sign-in at {}.", &[site]),
            },
            [device, None, app],
            Some(at),
        ),
        vec![
            say(
                "Type it only on {}, in the browser where you asked. Nobody of {} asks for it by phone or message.",
                &[site, title],
            ),
            say("If that was not you, somebody knows your password. Choose a new one:", &[]),
            address(place.forgot),
        ],
    )
}

/// Mails about the removal of second factors that are lost.
pub(super) fn way_back(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    Some(match mail {
        Mail::WayBackAsked { device, network, at, ripe_at } => (
            "Somebody asked to remove your second factors on {}",
            circumstances(
                say(
                    "somebody knows your password at {} and reads your mail, and asked to remove your second factors.",
                    &[site],
                ),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            )
            .into_iter()
            .chain([removed_from(*ripe_at), say(STOP, &[])])
            .collect(),
            stopped_so(place),
        ),
        Mail::WayBackSoon { device, network, at, ripe_at } => (
            "Your second factors on {} will be removed",
            circumstances(
                say("it was asked to remove your second factors at {}, and nobody stopped it.", &[site]),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            )
            .into_iter()
            .chain([removed_from(*ripe_at), say(STOP, &[])])
            .collect(),
            stopped_so(place),
        ),
        Mail::WayBackStopped { at } => (
            "Your second factors on {} stay",
            circumstances(
                say("the removal of your second factors at {} was stopped.", &[site]),
                [None, None, None],
                Some(*at),
            ),
            vec![
                say("If you did not ask for it, somebody knows your password. Choose a new one:", &[]),
                address(place.forgot),
            ],
        ),
        Mail::WayBackDone { device, network, at } => (
            "Your second factors on {} were removed",
            circumstances(
                say(
                    "your second factors at {} were removed, and everything was signed out, as it was asked for a while ago.",
                    &[site],
                ),
                [device.as_ref(), network.as_ref(), None],
                Some(*at),
            ),
            not_you(place),
        ),
        _ => return None,
    })
}

const STOP: &str = "If that was not you, stop it here. You need not sign in:";

/// From when on they can be removed.
fn removed_from(ripe_at: Timestamp) -> Line {
    let parts = vec![Part::Words(ripe_at.to_day())];
    Line::Say(Sentence { pattern: "From {} on they can be removed with your password and a code by mail.", parts })
}

fn stopped_so(place: Place<'_>) -> Vec<Line> {
    vec![say("Then choose a new password:", &[]), address(place.forgot)]
}

/// The server was restored from a backup.
fn recovery_voided(place: Place<'_>) -> Said {
    (
        "Your recovery codes on {} count no more",
        vec![
            say(
                "the server at {} was restored from a backup. Recovery codes that were used since would count again, so all of yours are void.",
                &[place.site],
            ),
            say("Your other second factors are as they were. Make new codes here:", &[]),
            place.at(SECURITY),
        ],
        vec![],
    )
}
