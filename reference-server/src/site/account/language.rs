//! `POST /account/language`: the language in which a person reads the pages, when they do not leave it to the browser.

use actix_session::Session;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::host::pages::Language;
use lysand_auth::model::account::Account;
use lysand_auth::web::{ApiError, SignedIn};

use super::{OLD, Sent, back, back_to, posted};
use crate::pages::TeraPages;
use crate::pages::contexts::LanguageChoice;
use crate::state::State;

/// What can be chosen, beside leaving it to the browser.
pub(super) fn choices<'a>(pages: &'a TeraPages, account: Option<&Account>) -> Vec<LanguageChoice<'a>> {
    let own = account.and_then(|account| account.language.as_ref()).map(Language::as_str);
    pages.languages().map(|(tag, name)| LanguageChoice { tag, name, chosen: own == Some(tag) }).collect()
}

/// Takes a language that the pages speak, letter by letter, or nothing for the browser's.
pub(super) async fn choose(
    state: Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    sent: Sent,
) -> Result<HttpResponse, ApiError> {
    let Some((fields, browser)) = posted(&state, &req, &form, browser, sent)? else {
        return Ok(back(&state, &req, OLD));
    };
    let wanted = match fields.language.as_deref() {
        Some("") => None,
        Some(tag) if state.pages.languages().any(|(spoken, _)| spoken == tag) => Language::parse(tag),
        _ => return Ok(back(&state, &req, "?notice=unspoken")),
    };
    state.accounts.set_language(&browser.account.id, wanted.as_ref()).await?;
    // Without the `lang` of this page: it would hide what was chosen.
    Ok(back_to(&state, "?notice=language"))
}
