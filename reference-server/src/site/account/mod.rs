//! The signed-in person's own account: which identities are linked, link another, remove one; the language.
//!
//! Every change is a form of the page, proven by its token (security WEB-5). A change of the ways to sign in needs a
//! password that was given in the last five minutes (ID-12).

mod form;
mod identities;
mod language;
mod page;
mod redirect;

use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get, post};

use self::identities::{link, unlink};
use self::language::choose;
use self::page::show;
use crate::paths::{ACCOUNT, ACCOUNT_LANGUAGE, ACCOUNT_LINK, ACCOUNT_UNLINK};
use crate::state::State;

/// The routes of the page and its forms.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Page)
        .with_form_session()
        .route(ACCOUNT, [get(show)])
        .route(ACCOUNT_LINK, [post(link)])
        .route(ACCOUNT_UNLINK, [post(unlink)])
        .route(ACCOUNT_LANGUAGE, [post(choose)])
}
