//! The signed-in person's own account: which identities are linked, link another, remove one; the language.
//!
//! Every change is a form of the page, proven by its token (security WEB-5). A change of the ways to sign in needs a
//! password that was given in the last five minutes (ID-12).

mod confirm;
mod form;
mod identities;
mod language;
mod page;
mod redirect;

use actix_web::web::{self, ServiceConfig};
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{form_session, not_allowed, with_slash};

use self::confirm::confirm;
use self::identities::{link, unlink};
use self::language::choose;
use self::page::show;
use crate::paths::{ACCOUNT, ACCOUNT_CONFIRM, ACCOUNT_LANGUAGE, ACCOUNT_LINK, ACCOUNT_UNLINK};
use crate::state::State;

/// The routes of the page and its forms.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Page, state.auth.config().base_url.is_secure());
    let session = {
        let auth = state.auth.clone();
        move || form_session(&auth)
    };
    macro_rules! forms {
        ($config:ident; $($path:expr => $handler:ident;)+) => {$(
            for path in with_slash($path) {
                $config.service(
                    web::resource(path)
                        .route(web::post().to($handler))
                        .default_service(not_allowed("POST"))
                        .wrap(session())
                        .wrap(headers),
                );
            }
        )+};
    }
    move |config| {
        for path in with_slash(ACCOUNT) {
            config.service(
                web::resource(path)
                    .route(web::get().to(show))
                    .route(web::head().to(show))
                    .default_service(not_allowed("GET, HEAD"))
                    .wrap(session())
                    .wrap(headers),
            );
        }
        forms! { config;
            ACCOUNT_LINK => link;
            ACCOUNT_UNLINK => unlink;
            ACCOUNT_CONFIRM => confirm;
            ACCOUNT_LANGUAGE => choose;
        }
    }
}
