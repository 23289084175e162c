//! The well-known documents by which clients and tools find out what this server is (Mastodon §14.3).

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use lysand_auth::config::BaseUrl;
use lysand_auth::flows::sign_up::{self, Road};
use lysand_auth::web::ApiError;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use serde_json::{Value, json};

use super::document::{PUBLIC, public};
use crate::settings::Instance;
use crate::state::State;

/// The schema whose document `/nodeinfo/2.0` is.
const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema/2.0";

/// `GET /.well-known/host-meta`: Phanpy and Mastodon for Android take the API's host from its first `Link`.
///
/// An origin holds no character that XML would want escaped.
fn host_meta_document(base_url: &BaseUrl) -> String {
    let template = base_url.join("/.well-known/webfinger?resource={uri}");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"lrdd\" template=\"{template}\"/>\n\
         </XRD>\n"
    )
}

/// `GET /.well-known/nodeinfo`
fn nodeinfo_links_document(base_url: &BaseUrl) -> Value {
    json!({ "links": [{ "rel": SCHEMA, "href": base_url.join("/nodeinfo/2.0") }] })
}

/// `GET /nodeinfo/2.0`
///
/// megalodon refuses software that it does not know unless the metadata names Mastodon as what it descends from.
fn nodeinfo_document(instance: &Instance, accounts: u64, is_open: bool) -> Value {
    let (title, description) = (&instance.title, &instance.description);
    json!({
        "version": "2.0",
        "software": { "name": "lysand-auth", "version": env!("CARGO_PKG_VERSION") },
        // The schema wants one protocol at least, and clients look for this one.
        "protocols": ["activitypub"],
        "services": { "inbound": [], "outbound": [] },
        "usage": { "users": { "total": accounts }, "localPosts": 0 },
        "openRegistrations": is_open,
        "metadata": { "nodeName": title, "nodeDescription": description, "upstream": { "name": "mastodon" } },
    })
}

/// `GET /.well-known/host-meta`
async fn host_meta(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, PUBLIC))
        .body(host_meta_document(&state.settings.http.base_url))
}

/// `GET /.well-known/nodeinfo`
async fn nodeinfo_links(state: Data<State>) -> HttpResponse {
    public(&nodeinfo_links_document(&state.settings.http.base_url))
}

/// `GET /nodeinfo/2.0`
async fn nodeinfo(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let accounts = state.accounts.count_active().await?;
    let is_open = sign_up::mode(&state.auth, Road::Page).takes_everybody();
    Ok(public(&nodeinfo_document(&state.in_force().instance, accounts, is_open)))
}

/// The routes of the well-known documents.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Public)
        .route("/.well-known/host-meta", [get(host_meta)])
        .route("/.well-known/nodeinfo", [get(nodeinfo_links)])
        .route("/nodeinfo/2.0", [get(nodeinfo)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_url() -> BaseUrl {
        BaseUrl::parse("https://social.example").unwrap()
    }

    #[test]
    fn host_meta_first_link_is_webfinger_template_on_own_host() {
        let document = host_meta_document(&base_url());
        let first = document.split("<Link").nth(1).unwrap();
        assert!(first.contains("template=\"https://social.example/.well-known/webfinger?resource={uri}\""));
    }

    #[test]
    fn nodeinfo_links_and_document_identify_server_as_mastodon() {
        let links = nodeinfo_links_document(&base_url());
        assert_eq!(links["links"][0]["rel"], "http://nodeinfo.diaspora.software/ns/schema/2.0");
        assert_eq!(links["links"][0]["href"], "https://social.example/nodeinfo/2.0");
        let instance = Instance {
            title: "Fernhill".to_owned(),
            description: "Ferns".to_owned(),
            contact_email: String::new(),
            banner: String::new(),
            languages: Vec::new(),
        };
        let document = nodeinfo_document(&instance, 3, false);
        assert_eq!(document["version"], "2.0");
        assert_eq!(document["metadata"]["upstream"]["name"], "mastodon");
        assert_eq!(document["openRegistrations"], false);
        assert!(document["usage"]["users"]["total"].is_u64());
        for name in ["inbound", "outbound"] {
            assert!(document["services"][name].is_array());
        }
    }
}
