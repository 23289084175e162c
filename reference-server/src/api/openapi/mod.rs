//! `GET /api-docs/openapi.json`: what programs can ask of this server, as OpenAPI 3.1 (native NAT-12).
//!
//! `docs/openapi.json` is written by hand and has all that there can be; a server tells what is mounted.

mod listing;
mod served;

use std::sync::OnceLock;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::Error;
use lysand_auth::secret::Digest;
use lysand_auth::web::ApiError;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{RouteList, Routes, get};
use serde_json::Value;

pub use self::served::{WHOLE, path_of, served, surface_of};
use crate::etag::is_known;
use crate::pages::contexts::ApiSection;
use crate::paths::OPENAPI;
use crate::state::State;

/// The document of this server, made when somebody asks first.
#[derive(Default)]
pub struct Document(OnceLock<Made>);

/// The document as it is sent and shown.
pub struct Made {
    /// The text.
    pub text: Bytes,
    /// The entity tag of the text, quoted.
    pub tag: String,
    /// What the page shows.
    pub sections: Vec<ApiSection>,
}

impl Document {
    /// The document of a server with these routes.
    ///
    /// # Errors
    /// When the document that is compiled in is none.
    pub fn of(&self, state: &State, routes: &RouteList) -> Result<&Made, Error> {
        if let Some(made) = self.0.get() {
            return Ok(made);
        }
        let document = of_routes(state, routes)?;
        let text = serde_json::to_vec(&document).map_err(Error::failed)?;
        let tag = format!("\"{}\"", Digest::of(&text).to_base64url());
        let sections = listing::sections(&document);
        Ok(self.0.get_or_init(|| Made { text: text.into(), tag, sections }))
    }
}

/// The document of a server with these routes.
///
/// # Errors
/// When the document that is compiled in is none.
pub fn of_routes(state: &State, routes: &RouteList) -> Result<Value, Error> {
    let whole = serde_json::from_str(WHOLE).map_err(Error::failed)?;
    let native = &state.settings.native;
    let prefix = |surface: &str| match surface {
        "synctv" => native.synctv.prefix.as_str(),
        "toki" => native.toki.prefix.as_str(),
        "resonite" => native.resonite.prefix.as_str(),
        _ => "",
    };
    Ok(served(whole, routes, state.settings.http.base_url.as_str(), prefix))
}

/// `GET /api-docs/openapi.json`
async fn show(
    req: HttpRequest,
    (state, routes): (Data<State>, Data<RouteList>),
    document: Data<Document>,
) -> Result<HttpResponse, ApiError> {
    let made = document.of(&state, &routes)?;
    let is_known = is_known(req.headers(), &made.tag);
    let mut reply = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    reply.insert_header((header::CACHE_CONTROL, "public, max-age=300")).insert_header((header::ETAG, made.tag.clone()));
    if is_known {
        return Ok(reply.finish());
    }
    Ok(reply.insert_header((header::CONTENT_TYPE, "application/json")).body(made.text.clone()))
}

/// The route of the document.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Public).route(OPENAPI, [get(show)])
}
