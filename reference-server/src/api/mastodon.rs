//! The instance documents of Mastodon's API (Mastodon §14.1, §14.2, Lysand §12.2), as the library makes them, with what is configured
//! and how many accounts there are.

use actix_web::HttpResponse;
use actix_web::web::Data;
use lysand_auth::error::Error;
use lysand_auth::web::ApiError;
use lysand_auth::web::documents::InstanceInfo;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};

use crate::api::document::public;
use crate::assets;
use crate::state::{SURFACES, State};

/// `GET /api/v1/instance`
async fn v1(state: Data<State>) -> Result<HttpResponse, ApiError> {
    Ok(public(&info(&state).await?.v1(&state.auth, SURFACES)))
}

/// `GET /api/v2/instance`
async fn v2(state: Data<State>) -> Result<HttpResponse, ApiError> {
    Ok(public(&info(&state).await?.v2(&state.auth, SURFACES)))
}

async fn info(state: &State) -> Result<InstanceInfo, Error> {
    let settings = state.in_force();
    let (instance, base_url) = (&settings.instance, &state.settings.http.base_url);
    let picture = |name| base_url.join(&assets::path(name));
    let banner = Some(instance.banner.clone()).filter(|banner| !banner.is_empty());
    Ok(InstanceInfo::new(&instance.title)
        .with_description(&instance.description)
        .with_contact_email(&instance.contact_email)
        .with_languages(&instance.languages)
        .with_banner(banner)
        .with_pictures(picture("header.png"), picture("icon.png"))
        .with_accounts(state.accounts.count_active().await?))
}

/// The routes of the instance documents.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Api)
        .limited()
        .route("/api/v1/instance", [get(v1)])
        .route("/api/v2/instance", [get(v2)])
}
