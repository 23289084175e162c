//! HTTP for actix-web: the site map, and the pieces that a host may use for its own routes.
//!
//! A handler has three moves: take the request apart, call one flow, reply. [`mount`] adds the routes of each surface to any
//! actix application; the host keeps everything else.
//!
//! | module | what it is |
//! | --- | --- |
//! | `oauth`, `mastodon`, `lysand`, `pages`, `people`, `admin`, `native` | the surfaces: routes and their handlers, one file a journey |
//! | `kit` | what surfaces and hosts share: bearer tokens, forms, pages, headers, limits, [`routes`] |
//! | `wire` | HTTP as bytes: parameters and bodies in, replies and cookies out |

mod admin;
pub mod kit;
mod lysand;
mod mastodon;
#[cfg(feature = "native")]
pub mod native;
mod oauth;
mod pages;
mod people;
mod wire;

use actix_web::web::{Data, ServiceConfig};

pub use self::kit::bearer::Bearer;
pub use self::kit::documents::sso_extension;
pub use self::kit::form_session::{FormSession, FormSessions, form_session};
pub use self::kit::form_tokens::FormTokens;
pub use self::kit::forms::PostedForm;
pub use self::kit::link_result::LinkResult;
pub use self::kit::page::page_texts;
#[cfg(feature = "sso")]
pub use self::kit::provider_redirect::redirect_to_provider;
pub use self::kit::request_id::with_request_id;
pub use self::kit::routes::{not_allowed, with_slash};
pub use self::kit::session::{SignedIn, must_enrol};
pub use self::kit::slashes::{merge_slashes, with_doubled_slashes, with_doubled_slashes_of};
pub use self::kit::surfaces::{Surface, Surfaces};
pub use self::kit::way_back_notice::way_back_notice;
pub use self::kit::{documents, headers, limits, routes};
pub use self::pages::{finish_sign_in, to_second_step};
pub use self::wire::cookies::put_session;
pub use self::wire::reply::{ApiError, OAuthError, json, not_found};
pub use self::wire::request::{reader, source};
use crate::auth::Auth;
use crate::flows::{openid, outbox, settings, sweep};
pub use crate::model::strength::{Acr, Authentication, Strength};

/// What [`json`] prints.
pub use serde::Serialize;

/// The former name of [`redirect_to_provider`].
#[cfg(feature = "sso")]
pub use self::kit::provider_redirect::redirect_to_provider as depart;

/// Adds the library's routes. Each answers with and without a trailing slash, and `HEAD` like `GET`.
///
/// Their paths are those that clients know, so they stand at the root of the application: in a scope with a prefix, links and
/// metadata lead past them. A scope without one, `web::scope("")`, is fine. Of two services that match a path, actix takes
/// the one that was added first: add routes of yours that replace one of the library's before, and what matches
/// everything after. Mounted twice, the first counts.
///
/// ```
/// use actix_web::App;
/// use lysand_auth::web::{Surface, Surfaces, mount};
/// # fn application(auth: lysand_auth::Auth) {
/// App::new().configure(mount(auth, Surfaces::all().without(Surface::Sso)));
/// # }
/// ```
pub fn mount(auth: Auth, surfaces: Surfaces) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        let routes = site_map(&auth, surfaces);
        mount_without_doubled_slashes(auth, surfaces)(config);
        with_doubled_slashes(config, &routes);
    }
}

/// The same, but paths that double a slash are left to the host: see [`merge_slashes`].
pub fn mount_without_doubled_slashes(auth: Auth, surfaces: Surfaces) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        if !surfaces.has(Surface::Sso) && auth.config().sso.forced {
            tracing::warn!("nobody can sign in: passwords are off (`sso.forced`), and Surface::Sso is not mounted");
        }
        keep_house(&auth);
        site_map(&auth, surfaces).iter().for_each(|routes| routes.mount(config));
        config.app_data(Data::new(auth)).app_data(Data::new(surfaces));
    }
}

/// Deletes expired rows, sends mails and reads settings from now on, unless somebody does already: on the runtime of the worker that is being set up, of
/// whatever flavour. Without one, as in a test of routes alone, nobody does.
fn keep_house(auth: &Auth) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let asked = auth.clone();
    runtime.spawn(async move { asked.find_out_offers().await });
    openid::make_missing_keys(auth);
    if let Some(turn) = auth.take_housekeeping_turn() {
        runtime.spawn(sweep::regularly(turn));
    }
    if let Some(turn) = auth.take_outbox_turn() {
        #[cfg(feature = "sso")]
        runtime.spawn(openid::backchannel::regularly(auth.clone(), turn.every()));
        runtime.spawn(outbox::regularly(turn));
    }
    if let Some(turn) = auth.take_settings_turn() {
        runtime.spawn(settings::regularly(turn));
    }
}

/// Every path that [`mount`] adds, with its methods, its kind of answers and its surface: for a host's own tests.
#[must_use]
pub fn mounted(auth: &Auth, surfaces: Surfaces) -> routes::RouteList {
    site_map(auth, surfaces).iter().flat_map(routes::Routes::mounted).cloned().collect()
}

impl Auth {
    /// Every path of the library with its methods, its kind of answers and its surface, as [`mounted`] lists them.
    #[must_use]
    pub fn routes(&self) -> routes::RouteList {
        mounted(self, Surfaces::all())
    }
}

fn site_map(auth: &Auth, surfaces: Surfaces) -> Vec<routes::Routes> {
    let all = [
        // First, since they share paths with pages, which they leave to those.
        #[cfg(feature = "native")]
        native::routes(auth),
        oauth::routes(auth),
        mastodon::routes(auth),
        pages::routes(auth),
        lysand::routes(auth),
        people::routes(auth),
        admin::routes(auth),
    ];
    all.concat().into_iter().filter(|routes| routes.belongs_to(surfaces)).collect()
}
