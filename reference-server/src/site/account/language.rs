//! `POST /account/language`: the language in which a person reads the pages, when they do not leave it to the browser.

use actix_web::HttpResponse;
use lysand_auth::host::pages::Language;
use lysand_auth::web::ApiError;

use super::form::PostedForm;
use super::redirect;
use crate::site::texts::AccountNotice;

/// Takes a language that the pages speak, letter by letter, or nothing for the browser's.
pub(super) async fn choose(form: PostedForm) -> Result<HttpResponse, ApiError> {
    let state = &form.state;
    let wanted = match form.given_text("language")?.as_deref() {
        Some("") => None,
        Some(tag) if state.pages.languages().any(|(spoken, _)| spoken == tag) => Language::parse(tag),
        _ => return Ok(form.back(AccountNotice::UnknownLanguage)),
    };
    state.accounts.set_language(&form.browser.account.id, wanted.as_ref()).await?;
    Ok(redirect::to_page_in_chosen_language(state, AccountNotice::LanguageSaved))
}
