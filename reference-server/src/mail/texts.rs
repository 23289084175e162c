//! What mails say (PPL-177 to PPL-184), in English; the catalogues have the other languages.

use lysand_auth::host::mailer::Mail;

use super::factor_texts::{codes, factors, way_back};
use super::place::{Place, Said};
use super::sentences::{IF_YOU, Line, Sentence, address, circumstances, say, sentence, with_words};
use super::staff_texts::staff_acts;
use crate::paths::{ADMIN, AUTHORIZED_APPLICATIONS};

const SESSIONS: &str = "/account/sessions";

/// What introduces a code.
pub(super) const TOKEN: &str = "In the app, paste this:";
pub(super) const CODE: &str = "Or type this code in the window where you began:";
/// The first line to somebody with a name, and to somebody without.
pub(super) const GREETING: &str = "Hello {},";
pub(super) const GREETING_WITHOUT_NAME: &str = "Hello,";

const IGNORE: &str = "If that was not you, you can ignore this mail.";
const END_SIGN_IN: &str = "If it was not you, sign in and end what you do not know:";
const OR_PASSWORD: &str = "Then, or if you cannot sign in any more, choose a new password:";
const LIMITED_LINK: &str = "The link works once and for a limited time.";

/// What a mail says: before its link and code, and after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: Sentence,
    pub(super) before: Vec<Line>,
    pub(super) after: Vec<Line>,
}

/// What a mail says; `None` for one that this version has no words for.
pub(super) fn words(mail: &Mail, place: Place<'_>) -> Option<Words> {
    let kinds = [
        signing_up, deciding, passwords, addresses, signing_in, factors, way_back, codes, identities, tokens, endings,
        staff_acts,
    ];
    let (subject, before, after) = kinds.into_iter().find_map(|of_kind| of_kind(mail, place))?;
    Some(Words { subject: sentence(subject, &[place.title]), before, after })
}

/// Mails about signing up.
fn signing_up(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let Place { title, site, .. } = place;
    Some(match mail {
        Mail::Confirm => (
            "Confirm your address for {}",
            vec![
                say("somebody signed up at {} with this address.", &[site]),
                say("To confirm that the address is yours, open this page:", &[]),
            ],
            vec![say(LIMITED_LINK, &[]), say(IGNORE, &[])],
        ),
        Mail::SignupExisting => (
            "You already have an account on {}",
            vec![
                say(
                    "somebody tried to sign up at {} with this address. You have an account there, so none was made.",
                    &[site],
                ),
                say("If that was you, sign in to it, or choose a new password if you have forgotten yours:", &[]),
                address(place.forgot),
            ],
            vec![say(IGNORE, &[])],
        ),
        Mail::Welcome => (
            "Your account on {} is ready",
            vec![say("your account at {} is ready. You can sign in now:", &[site]), place.at("/")],
            vec![],
        ),
        Mail::Invited { has_account: true, .. } => (
            "You are invited to {}",
            vec![
                say("the people who run {} made an account there for you.", &[site]),
                say("To choose its password, and to confirm with it that this address is yours, open this page:", &[]),
            ],
            vec![
                say("The link works once and for a limited time. You get a new one here:", &[]),
                address(place.forgot),
                say("If you do not want the account, you can ignore this mail: it will be removed.", &[]),
            ],
        ),
        Mail::Invited { inviter, .. } => (
            "You are invited to {}",
            vec![
                match inviter {
                    Some(inviter) => say("{} invites you to join {}.", &[inviter, title]),
                    None => say("you are invited to join {}.", &[title]),
                },
                say("To sign up, open this page:", &[]),
            ],
            vec![
                say("The invitation is for this address alone. The link works once and for a limited time.", &[]),
                say("If you do not want to join, you can ignore this mail.", &[]),
            ],
        ),
        _ => return None,
    })
}

/// Mails about requests to join, and the one that only shows that mail arrives.
fn deciding(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let title = place.title;
    Some(match mail {
        Mail::Approved => (
            "Your request to join {} was approved",
            vec![say("your request to join {} was approved. You can sign in now:", &[title]), place.at("/")],
            vec![],
        ),
        Mail::Rejected { message } => (
            "Your request to join {} was declined",
            [say("your request to join {} was declined. What you told with it is deleted.", &[title])]
                .into_iter()
                .chain(message.as_ref().map(|text| say("The people who run the server say: {}", &[text])))
                .collect(),
            vec![],
        ),
        Mail::RequestExpired => (
            "Your request to join {} has ended",
            vec![
                say(
                    "nobody decided your request to join {} in time, so it has ended. What you told with it is deleted.",
                    &[title],
                ),
                say("You can ask again.", &[]),
            ],
            vec![],
        ),
        Mail::RequestsWaiting { count } => (
            "Requests to join {} are waiting",
            vec![
                say(
                    "requests to join {} are waiting for a decision. How many there are: {}",
                    &[title, &count.to_string()],
                ),
                place.at(ADMIN),
            ],
            vec![],
        ),
        Mail::Test => {
            ("Test mail from {}", vec![say("this mail shows that mail from {} reaches you.", &[title])], vec![])
        }
        _ => return None,
    })
}

/// Mails about passwords.
fn passwords(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::Reset => (
            "Choose a new password for {}",
            vec![
                say("somebody asked for a new password for your account at {}.", &[site]),
                say("To choose one, open this page:", &[]),
            ],
            vec![say(LIMITED_LINK, &[]), say("Until then your password stays as it is.", &[]), say(IGNORE, &[])],
        ),
        Mail::PasswordChanged { device, network, at } => (
            "Your password on {} was changed",
            circumstances(
                say("the password of your account at {} was changed. Other devices and apps were signed out.", &[site]),
                [device.as_ref(), network.as_ref(), None],
                *at,
            ),
            [if_you()].into_iter().chain(place.new_password()).collect(),
        ),
        Mail::ResetDemanded => (
            "Please choose a new password for {}",
            vec![
                say(
                    "the people who run {} ask you to choose a new password. Nobody can sign in with the old one.",
                    &[site],
                ),
                say("To choose one, open this page:", &[]),
            ],
            vec![say(LIMITED_LINK, &[])],
        ),
        _ => return None,
    })
}

/// Mails about addresses.
fn addresses(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::EmailChangeAsked { new } => (
            "Somebody asked to change your address on {}",
            vec![
                say("somebody asked to change the address of your account at {} to {}.", &[site, new]),
                say("Nothing changes until the new address is confirmed.", &[]),
                if_you(),
                say("If it was not you, stop it here:", &[]),
            ],
            vec![],
        ),
        Mail::EmailConfirm => (
            "Confirm your new address for {}",
            vec![
                say("this is to be the new address of an account at {}.", &[site]),
                say("To confirm that the address is yours, open this page:", &[]),
            ],
            vec![say(LIMITED_LINK, &[]), say(IGNORE, &[])],
        ),
        Mail::EmailChanged { old, new } => (
            "Your address on {} was changed",
            [say("the address of your account at {} was changed from {} to {}.", &[site, old, new]), if_you()]
                .into_iter()
                .chain(place.has_link.then(|| say("If it was not you, undo it here:", &[])))
                .collect(),
            if place.has_link { vec![] } else { place.new_password().to_vec() },
        ),
        Mail::EmailExisting => (
            "Your address is already in use on {}",
            vec![say(
                "somebody asked to use this address for another account at {}. Yours has it, so nothing was changed.",
                &[site],
            )],
            vec![say(IGNORE, &[])],
        ),
        Mail::EmailUndone => (
            "The change of your address on {} was undone",
            vec![
                say(
                    "the change of the address of your account at {} was undone, and everybody was signed out.",
                    &[site],
                ),
                say("To sign in again, choose a new password:", &[]),
                address(place.forgot),
            ],
            vec![],
        ),
        _ => return None,
    })
}

/// Notices about who signed in, and how one can.
fn signing_in(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::NewSignIn { device, network, app, at } => (
            "New sign-in to {}",
            circumstances(
                say("somebody signed in to your account at {} in a browser or program that is new to it.", &[site]),
                [Some(device), Some(network), app.as_ref()],
                Some(*at),
            ),
            [if_you(), say(END_SIGN_IN, &[]), address(place.sessions), say(OR_PASSWORD, &[]), address(place.forgot)]
                .to_vec(),
        ),
        Mail::SignedOutEverywhere => (
            "You were signed out everywhere on {}",
            vec![say("all devices and apps of your account at {} were signed out.", &[site]), if_you()],
            place.new_password().to_vec(),
        ),
        Mail::FactorsReset => (
            "Your second factors on {} were removed",
            vec![
                say(
                    "the second factors of your account at {} were removed. Whoever has the password can sign in.",
                    &[site],
                ),
                say("Set up new ones here:", &[]),
                address(place.account),
            ],
            place.new_password().to_vec(),
        ),
        _ => return None,
    })
}

/// Notices about identities at providers.
fn identities(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::IdentityLinked { provider } => (
            "A way to sign in to {} was added",
            vec![
                say(
                    "an identity at {} was linked to your account at {}. Whoever signs in there can sign in here.",
                    &[provider, site],
                ),
                if_you(),
            ],
            vec![
                say("If it was not you, remove the link, and the apps that you do not know:", &[]),
                address(place.account),
                place.at(AUTHORIZED_APPLICATIONS),
            ],
        ),
        Mail::IdentityUnlinked { provider } => (
            "A way to sign in to {} was removed",
            vec![
                say(
                    "your identity at {} is no longer linked to your account at {}. It opens the account no more.",
                    &[provider, site],
                ),
                if_you(),
            ],
            vec![
                say("If it was not you, remove the apps that you do not know, and choose a new password:", &[]),
                place.at(AUTHORIZED_APPLICATIONS),
                address(place.forgot),
            ],
        ),
        _ => return None,
    })
}

/// Notices about personal tokens.
fn tokens(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let site = place.site;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::TokenMade { name } => (
            "A personal token for {} was made",
            vec![say("the personal token {} was made for your account at {}.", &[name, site]), if_you()],
            vec![say("If it was not you, remove it here:", &[]), place.at(SESSIONS)],
        ),
        Mail::TokenExpires { name, at } => (
            "A personal token for {} ends soon",
            vec![
                with_words("the personal token {} ends on {}.", name, at.to_day()),
                say("Whatever uses it needs a new one by then:", &[]),
                place.at(SESSIONS),
            ],
            vec![],
        ),
        Mail::TokenExpired { name } => (
            "A personal token for {} has ended",
            vec![
                say("the personal token {} has ended. Whatever used it needs a new one:", &[name]),
                place.at(SESSIONS),
            ],
            vec![],
        ),
        _ => return None,
    })
}

/// Notices about the account as a whole.
fn endings(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let Place { site, .. } = place;
    let if_you = || say(IF_YOU, &[]);
    Some(match mail {
        Mail::Closing { at } => (
            "Your account on {} will be deleted",
            vec![
                with_words("your account at {} will be deleted on {}.", site, at.to_day()),
                say("If you want to keep it, sign in before that day:", &[]),
                place.at("/"),
            ],
            vec![],
        ),
        Mail::ClosingCancelled => (
            "Your account on {} will not be deleted",
            vec![say("somebody signed in to your account at {}, so it will not be deleted.", &[site]), if_you()],
            place.new_password().to_vec(),
        ),
        Mail::Deleted => (
            "Your account on {} was deleted",
            vec![say("your account at {} is deleted, with what belonged to it.", &[site])],
            vec![],
        ),
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use lysand_auth::ambient::Timestamp;
    use lysand_auth::flows::events::EventKind;
    use lysand_auth::host::accounts::Role;
    use lysand_auth::host::mailer::CodeUse;

    use super::super::staff_texts::role_word;
    use super::*;
    use crate::mail::sentences::Part;

    /// One mail of each kind, and those that say different things by what they know, with `text` for what comes from outside.
    pub(crate) fn samples(text: &str) -> Vec<Mail> {
        let text = || text.to_owned();
        let at = Timestamp::from_micros(1_795_294_800_000_000);
        vec![
            Mail::Confirm,
            Mail::SignupExisting,
            Mail::Welcome,
            Mail::Approved,
            Mail::Rejected { message: Some(text()) },
            Mail::RequestExpired,
            Mail::RequestsWaiting { count: 3 },
            Mail::Invited { inviter: Some(text()), has_account: false },
            Mail::Invited { inviter: None, has_account: false },
            Mail::Invited { inviter: None, has_account: true },
            Mail::Reset,
            Mail::PasswordChanged { device: Some(text()), network: Some(text()), at: Some(at) },
            Mail::ResetDemanded,
            Mail::EmailChangeAsked { new: text() },
            Mail::EmailConfirm,
            Mail::EmailChanged { old: text(), new: text() },
            Mail::EmailExisting,
            Mail::EmailUndone,
            Mail::NewSignIn { device: text(), network: text(), app: Some(text()), at },
            Mail::SignedOutEverywhere,
            Mail::FactorsReset,
            Mail::FactorAdded { name: text(), device: Some(text()), network: Some(text()), at },
            Mail::FactorRemoved { device: Some(text()), network: Some(text()), at },
            Mail::TwoStepOff { device: Some(text()), network: Some(text()), at },
            Mail::RecoveryUsed { left: 3, device: Some(text()), network: Some(text()), at },
            Mail::RecoveryMade { device: Some(text()), network: Some(text()), at },
            Mail::RecoveryVoided,
            Mail::PasskeyCopied { name: text(), device: Some(text()), network: Some(text()), at },
            Mail::FactorGuessed,
            Mail::Code { app: Some(text()), device: Some(text()), at, use_for: CodeUse::SignIn },
            Mail::Code { app: Some(text()), device: Some(text()), at, use_for: CodeUse::WayBack },
            Mail::WayBackAsked { device: Some(text()), network: Some(text()), at, ripe_at: at },
            Mail::WayBackSoon { device: Some(text()), network: Some(text()), at, ripe_at: at },
            Mail::WayBackStopped { at },
            Mail::WayBackDone { device: Some(text()), network: Some(text()), at },
            Mail::IdentityLinked { provider: text() },
            Mail::IdentityUnlinked { provider: text() },
            Mail::TokenMade { name: text() },
            Mail::TokenExpires { name: text(), at },
            Mail::TokenExpired { name: text() },
            Mail::Closing { at },
            Mail::ClosingCancelled,
            Mail::Deleted,
            Mail::StaffAction {
                account: text(),
                to_staff: false,
                what: EventKind::Disabled.words().map(str::to_owned),
                message: Some(text()),
            },
            Mail::StaffAction { account: text(), to_staff: true, what: None, message: None },
            Mail::RoleChanged { role: Role::Moderator },
            Mail::Test,
        ]
    }

    const PLACE: Place<'_> = Place {
        title: "T",
        site: "https://s.example",
        account: "https://s.example/account",
        sessions: "https://s.example/account/sessions",
        forgot: "https://s.example/account/forgot",
        has_link: true,
    };

    /// All texts of this file, for those who translate them.
    pub(crate) fn all() -> BTreeSet<String> {
        let mut texts: BTreeSet<String> = [CODE, TOKEN, GREETING, GREETING_WITHOUT_NAME].map(str::to_owned).into();
        texts.extend([Role::Admin, Role::Moderator, Role::Member].map(|role| role_word(role).to_owned()));
        for (mail, has_link) in samples("x").iter().flat_map(|mail| [(mail, true), (mail, false)]) {
            let words = words(mail, Place { has_link, ..PLACE }).unwrap();
            texts.insert(words.subject.pattern.to_owned());
            for line in words.before.iter().chain(&words.after) {
                if let Line::Say(sentence) = line {
                    assert_eq!(sentence.pattern.matches("{}").count(), sentence.parts.len(), "{sentence:?}");
                    texts.insert(sentence.pattern.to_owned());
                }
            }
        }
        texts
    }

    #[test]
    fn mail_subjects_carry_the_title_and_nothing_else_from_outside() {
        for mail in samples("secret text") {
            let subject = words(&mail, PLACE).unwrap().subject;
            assert_eq!(subject.parts, [Part::Text("T".to_owned())], "{mail:?}");
        }
    }
}
