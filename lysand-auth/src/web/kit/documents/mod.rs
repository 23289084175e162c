//! The few documents of Mastodon's API that clients read around a sign-in (Mastodon §13 to §15).
//!
//! They are a host's own: what an instance is called, and what an account is. A host that has an API of Mastodon's kind answers itself; one that has none
//! [mounts](mount) them, and clients that ask first what server this is, and last who signed in, go all the way.
//!
//! ```
//! use actix_web::App;
//! use lysand_auth::Auth;
//! use lysand_auth::web::documents::{self, InstanceInfo};
//! use lysand_auth::web::{Surfaces, mount};
//!
//! # fn application(auth: Auth) {
//! let info = InstanceInfo::new("Fernhill").with_description("Ferns, and who likes them");
//! App::new().configure(mount(auth.clone(), Surfaces::all())).configure(documents::mount(auth, info));
//! # }
//! ```

mod account;
mod instance;
pub(crate) mod role;
mod sso;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{Data, ServiceConfig};
use serde_json::Value;

pub use self::account::{credential_account, default_preferences};
pub use self::instance::InstanceInfo;
pub(crate) use self::instance::rules;
pub(crate) use self::sso::offered_providers;
pub use self::sso::sso_extension;
use crate::auth::Auth;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::routes::{Routes, get};
use crate::web::kit::slashes::with_doubled_slashes;
use crate::web::kit::surfaces::Surfaces;
use crate::web::wire::reply::{ApiError, json};

/// How long others may keep what is the same for everybody (Mastodon §14).
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// Adds the routes of all of them: both instance documents, `verify_credentials` and the preferences.
pub fn mount(auth: Auth, info: InstanceInfo) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        let routes = account_routes(&auth).route("/api/v1/instance", [get(v1)]).route("/api/v2/instance", [get(v2)]);
        routes.mount(config);
        with_doubled_slashes(config, &[routes]);
        config.app_data(Data::new(info));
    }
}

/// `GET /api/v1/instance`
async fn v1(auth: Data<Auth>, info: Data<InstanceInfo>, surfaces: Data<Surfaces>) -> HttpResponse {
    public(&info.v1(&auth, **surfaces))
}

/// `GET /api/v2/instance`
async fn v2(auth: Data<Auth>, info: Data<InstanceInfo>, surfaces: Data<Surfaces>) -> HttpResponse {
    public(&info.v2(&auth, **surfaces))
}

/// The routes about the account of an access token alone: for a host with instance documents of its own.
#[must_use]
pub fn account_routes(auth: &Auth) -> Routes {
    Routes::new(auth, AnswerKind::Api)
        .limited()
        .route("/api/v1/accounts/verify_credentials", [get(verify_credentials)])
        .route("/api/v1/preferences", [get(preferences)])
}

/// `GET /api/v1/accounts/verify_credentials`
async fn verify_credentials(auth: Data<Auth>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["profile", "read", "read:accounts"]).await?;
    let mut reply = json(&credential_account(&auth, &account));
    // Its address may carry the token (faults A6).
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(reply)
}

/// `GET /api/v1/preferences`
async fn preferences(bearer: Bearer) -> Result<HttpResponse, ApiError> {
    bearer.account(&["read", "read:accounts"]).await?;
    Ok(json(&default_preferences()))
}

/// A document that is the same for everybody.
pub(crate) fn public(document: &Value) -> HttpResponse {
    let mut reply = json(document);
    reply.headers_mut().insert(CACHE_CONTROL, PUBLIC);
    reply
}
