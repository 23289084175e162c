//! The words of the pages that are the library's own. They are English; a host may translate them, all of them
//! ([`page_texts`]). What `/api` and `/oauth` answer to programs is never translated (Mastodon §0.5).

use crate::error::{Code, Error, Refusal};
use crate::model::permission;
use crate::password::Busy;
use crate::web::lysand::sso;

/// The sentences that our own sign-in page shows. Others in the URL are nobody's, and are replaced.
pub(crate) const KNOWN_ERRORS: [&str; 14] = [
    "Invalid identifier or password",
    "Redirect URI does not match client_id",
    "Invalid scope",
    "Invalid code",
    "No jwt cookie was sent in the request",
    "No cookies were sent with the request",
    "Invalid JWT, could not verify",
    "Invalid sub",
    "Invalid aud",
    "Invalid exp",
    "Invalid response_type, must ask for code, token, or id_token",
    "The authorization server does not support this response type.",
    "The code_challenge_method must be S256.",
    "Invalid client_id or client_secret",
];

/// In place of a sentence that is nobody's.
pub(crate) const TRY_AGAIN: &str = "Something went wrong. Please try again.";
/// In place of a provider's word that somebody turned back there.
pub(crate) const UNFINISHED: &str = "You did not finish signing in at the other service.";
/// The title over a failure of the server.
pub(crate) const FAILED: &str = "This did not work";
/// What it says, up to the id in the log, and after it.
pub(crate) const LOGGED: [&str; 2] = ["Something went wrong on this server. Its log knows more under ", "."];
/// A consent page whose request was answered.
pub(crate) const OVER: &str =
    "This request was answered already, or it waited too long. Nothing was granted by opening this page.";
/// A form whose token is not this browser's.
pub(crate) const STALE_FORM: &str =
    "This page was open for too long, or your browser does not keep cookies. Please start over.";

/// What the owner of an account is told who confirms a link with another password.
pub(crate) const WRONG_PASSWORD: &str = "This is not the password of the account.";

/// Days as [`MomentOnPage`](crate::host::pages::MomentOnPage) writes them.
const DAYS: [&str; 12] = [
    "{} January {}",
    "{} February {}",
    "{} March {}",
    "{} April {}",
    "{} May {}",
    "{} June {}",
    "{} July {}",
    "{} August {}",
    "{} September {}",
    "{} October {}",
    "{} November {}",
    "{} December {}",
];

/// What the flows say when somebody is too fast.
const TOO_FAST: [&str; 2] = ["Too many requests", "Too many attempts to sign in. Please wait before trying again."];

/// What a refusal means for the person in front of the page.
pub(crate) fn error_text(refusal: &Refusal) -> (&'static str, &str) {
    match refusal.code {
        Code::InvalidClient => (
            "This app is not known here",
            "The app that sent you is not registered with this server. Remove the account from the app and add it again.",
        ),
        Code::InvalidRedirectUri => (
            "This app asks for something odd",
            "The app wants to send you to a place that it did not register. You are not sent there. Tell its makers.",
        ),
        Code::AccessDenied => ("You said no", "The app gets no access to your account. You can close this page."),
        Code::StaleForm => ("This page is too old", &refusal.why),
        Code::InvalidGrant => ("This request is over", &refusal.why),
        Code::NotFound => (
            "This is not there",
            "What you wanted to change is gone already, or was never yours. Go back and look at what there is now.",
        ),
        Code::TooManyRequests => ("Please wait a moment", &refusal.why),
        Code::Unavailable => ("This server is busy", &refusal.why),
        _ => (
            "This app made a mistake",
            "The app that sent you made a request that this server cannot follow. Tell its makers what stands below.",
        ),
    }
}

/// Every English text of the library's that a page can carry: titles and messages of troubles, errors on the sign-in page
/// and over a link, subjects and clauses of permissions, days. `{}` stands for a part that differs from case to case.
#[must_use]
pub fn page_texts() -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for &code in Code::ALL {
        let refusal = Refusal { code, why: "".into(), retry_after: None, needed: None, allowance: None };
        let (title, message) = error_text(&refusal);
        texts.extend([title.to_owned(), message.to_owned()]);
    }
    texts.extend(KNOWN_ERRORS.iter().chain(&TOO_FAST).map(ToString::to_string));
    texts.extend(sso::SENTENCES.map(str::to_owned));
    texts.extend([TRY_AGAIN, UNFINISHED, FAILED, OVER, STALE_FORM, WRONG_PASSWORD].map(str::to_owned));
    texts.push(LOGGED.join("{}"));
    texts.extend(DAYS.map(str::to_owned));
    texts.extend([Error::unavailable(), Busy.into()].iter().map(Error::to_string));
    texts.extend(permission::texts().map(str::to_owned));
    texts.retain(|text| !text.is_empty());
    texts.sort_unstable();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Timestamp;

    #[test]
    fn days_are_written_as_they_are_listed() {
        let month = 30 * 24 * 60 * 60 * 1_000_000;
        for (number, day) in (0..).zip(DAYS) {
            // The 15th of January 2026, and from there month by month.
            let written = Timestamp::from_micros(1_768_435_200_000_000 + number * month).to_day();
            let name = day.trim_matches(['{', '}']);
            assert!(written.contains(name) && written.ends_with(" 2026"), "{written} is no {day}");
        }
    }
}
