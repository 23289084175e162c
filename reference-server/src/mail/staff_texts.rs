//! What mails say about acts of the people who run the server.

use lysand_auth::host::accounts::Role;
use lysand_auth::host::mailer::Mail;

use super::place::{Place, Said};
use super::sentences::{Line, say, with_words};

/// What a mail about an act of staff says.
pub(super) fn staff_acts(mail: &Mail, place: Place<'_>) -> Option<Said> {
    let Place { title, site, .. } = place;
    Some(match mail {
        Mail::StaffAction { account, to_staff, what, message } => (
            if *to_staff { "About an account on {}" } else { "About your account on {}" },
            act(title, account, what.as_ref(), message.as_ref()),
            vec![],
        ),
        Mail::RoleChanged { role } => (
            "Your role on {} was changed",
            vec![with_words("your role at {} is now: {}", site, role_word(*role).to_owned())],
            vec![],
        ),
        _ => return None,
    })
}

fn act(title: &str, account: &str, what: Option<&String>, message: Option<&String>) -> Vec<Line> {
    let done = what.map(|what| with_words("The account {}: {}", account, what.clone()));
    let said = message.map(|text| say("The people who run the server say: {}", &[text]));
    let opening = match done {
        Some(_) => say("the people who run {} changed something of an account.", &[title]),
        None => say("the people who run {} write to you about the account {}.", &[title, account]),
    };
    [Some(opening), done, said].into_iter().flatten().collect()
}

pub(super) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Moderator => "moderator",
        _ => "user",
    }
}
