//! HTTP for actix-web: the site map, and the pieces that a host may use for its own routes.
//!
//! A handler has three moves: take the request apart, call one flow, reply. [`mount`] adds the routes of each surface to any
//! actix application; the host keeps everything else.
//!
//! | module | what it is |
//! | --- | --- |
//! | `oauth`, `mastodon`, `lysand`, `pages` | the surfaces: routes and their handlers, one file a journey |
//! | `kit` | what surfaces and hosts share: bearer tokens, forms, pages, headers, limits, [`routes`] |
//! | `wire` | HTTP as bytes: parameters and bodies in, replies and cookies out |

pub mod kit;
mod lysand;
mod mastodon;
mod oauth;
mod pages;
mod wire;

use actix_web::web::{Data, ServiceConfig};

pub use self::kit::bearer::Bearer;
pub use self::kit::form_session::{FormSession, FormSessions, form_session};
pub use self::kit::form_tokens::FormTokens;
pub use self::kit::forms::PostedForm;
pub use self::kit::link_result::LinkResult;
pub use self::kit::page::page_texts;
#[cfg(feature = "sso")]
pub use self::kit::provider_redirect::redirect_to_provider;
pub use self::kit::routes::{not_allowed, with_slash};
pub use self::kit::session::SignedIn;
pub use self::kit::{headers, limits, routes};
pub use self::lysand::sso_extension;
pub use self::wire::cookies::{COOKIE_NAME, put_session};
pub use self::wire::reply::{ApiError, OAuthError, json, not_found};
pub use self::wire::request::{reader, source};
use crate::auth::Auth;

/// The former name of [`redirect_to_provider`].
#[cfg(feature = "sso")]
pub use self::kit::provider_redirect::redirect_to_provider as depart;

/// Adds the library's routes. Each answers with and without a trailing slash, and `HEAD` like `GET`.
pub fn mount(auth: Auth) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        for routes in site_map(&auth) {
            routes.mount(config);
        }
        config.app_data(Data::new(auth));
    }
}

/// Every path that [`mount`] adds, with its methods and its surface.
#[must_use]
pub fn mounted(auth: &Auth) -> routes::RouteList {
    site_map(auth).iter().flat_map(routes::Routes::mounted).cloned().collect()
}

fn site_map(auth: &Auth) -> Vec<routes::Routes> {
    [oauth::routes(auth), mastodon::routes(auth), pages::routes(auth), lysand::routes(auth)].concat()
}
