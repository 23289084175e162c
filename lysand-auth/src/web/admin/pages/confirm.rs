//! A page that says what will happen, with the proof that it is you (people PPL-155), for all but acts on accounts.

use actix_web::{HttpRequest, HttpResponse};

use super::frame::{Posted, frame, shown};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin;
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::events::FileFormat;
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminConfirmPage, ChoiceOnPage, Page};
use crate::secret::Secret;
use crate::texts;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::with_query;

/// What is asked.
pub(super) struct Question {
    /// Where the answer goes: a path, and the query that says to what it is done.
    pub(super) place: String,
    /// What will be done, in English words.
    pub(super) words: &'static str,
    /// What that means, in English.
    pub(super) what: &'static str,
    /// To what it is done.
    pub(super) subject: String,
    /// Whether a file is made, of one of the formats to choose from.
    pub(super) has_formats: bool,
    /// Where "no" leads.
    pub(super) back: String,
}

/// The page that asks.
pub(super) async fn asked(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (staff, form_token): (&SignedInBrowser, String),
    (question, error): (Question, Option<String>),
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&staff.account));
    let wanted = credentials::proof_wanted(auth, staff).await?;
    let sign_in = || {
        let place = auth.config().base_url.join("/account/sign-in");
        reader.keep(&with_query(&place, [("return_to", question.place.as_str()), ("prompt", "login")]))
    };
    let is_wrong = error.is_some();
    let page = Page::AdminConfirm(AdminConfirmPage {
        frame: frame(auth, &reader, &staff.account, "").await?,
        action: reader.keep(&question.place),
        form_token,
        words: question.words,
        what: question.what,
        subject: question.subject,
        formats: if question.has_formats { formats(params) } else { Vec::new() },
        asks_password: wanted == ProofWanted::Password,
        sign_in: (wanted == ProofWanted::Confirmation).then(sign_in),
        error,
        back: reader.keep(&auth.config().base_url.join(&question.back)),
    });
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn formats(params: &Params) -> Vec<ChoiceOnPage> {
    let chosen = params.last_text("format");
    let chosen = chosen.as_deref().and_then(FileFormat::named).unwrap_or(FileFormat::Csv);
    let choice = |format: FileFormat, words| ChoiceOnPage { name: format.name(), words, chosen: format == chosen };
    vec![choice(FileFormat::Csv, texts::FORMAT_CSV), choice(FileFormat::Json, texts::FORMAT_JSON)]
}

/// Why the answer does not count: the form is stale, or there is no proof with it. Nothing when it does.
///
/// # Errors
/// For a form from another site; 429 after too many wrong passwords; when the database does not answer.
pub(super) async fn objection(auth: &Auth, posted: &Posted) -> Result<Option<String>, Error> {
    if posted.form.is_stale()? {
        return Ok(Some(texts::TRY_AGAIN.to_owned()));
    }
    let password = posted.form.text("current_password")?.map(Secret::new);
    mild(admin::require_proof_of_browser(auth, &posted.staff, password.as_ref()).await.map(|()| None))
}

/// A refusal that the page can say, with the same form again.
pub(super) fn mild(outcome: Result<Option<String>, Error>) -> Result<Option<String>, Error> {
    match outcome {
        Err(Error::Refused(refusal)) if refusal.code != Code::NotFound && refusal.retry_after.is_none() => {
            Ok(Some(refusal.why.into_owned()))
        }
        outcome => outcome,
    }
}
