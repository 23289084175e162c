//! What the server says about itself (Mastodon §14.1, §14.2, Lysand §12.2).

use actix_web::HttpResponse;
use actix_web::web::Data;
use lysand_auth::config::BaseUrl;
use lysand_auth::error::Error;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, Surfaces, sso_extension};
use serde_json::{Value, json};

use crate::api::document::public;
use crate::assets;
use crate::settings::{Instance, domain};
use crate::state::State;

/// The Mastodon release whose sign-in this server speaks, then its own name. Clients read three dotted numbers first.
pub const VERSION: &str = concat!("4.3.0 (compatible; Lysand Auth ", env!("CARGO_PKG_VERSION"), ")");

/// The level of Mastodon's API. Three turns PKCE on in clients; higher ones would promise unrelated features.
const API_LEVEL: u32 = 3;

/// What the two instance documents are made of.
#[derive(Clone, Copy, Debug)]
pub struct InstanceInfo<'a> {
    /// The public origin.
    pub base_url: &'a BaseUrl,
    /// `[instance]`
    pub instance: &'a Instance,
    /// How many accounts there are.
    pub accounts: u64,
    /// How people may sign in beside a password.
    pub sso: &'a Value,
}

impl InstanceInfo<'_> {
    /// `GET /api/v2/instance`
    #[must_use]
    pub fn v2(&self) -> Value {
        let instance = self.instance;
        let mut configuration = limits();
        configuration["urls"] = json!({
            "streaming": self.streaming(),
            "status": null,
            "about": self.base_url.join("/"),
            "privacy_policy": null,
            "terms_of_service": null,
        });
        configuration["vapid"] = json!({ "public_key": "" });
        json!({
            "domain": self.domain(),
            "title": instance.title,
            "version": VERSION,
            "source_url": self.base_url.join("/"),
            "description": instance.description,
            "usage": { "users": { "active_month": self.accounts } },
            "thumbnail": { "url": self.thumbnail(), "blurhash": null, "versions": {} },
            // An object here, a string in v1 (Lysand §12.2).
            "banner": { "url": self.banner() },
            "icon": [{ "src": self.base_url.join(&assets::path("icon.png")), "size": "192x192" }],
            "languages": instance.languages,
            "configuration": configuration,
            "registrations": {
                "enabled": false,
                "approval_required": false,
                "reason_required": false,
                "message": null,
                "min_age": null,
                "url": null,
            },
            "api_versions": { "mastodon": API_LEVEL },
            "contact": { "email": instance.contact_email, "account": null },
            "rules": [],
            "sso": self.sso,
        })
    }

    /// `GET /api/v1/instance`: deprecated, still the first call of several clients. Without a `Deprecation` header,
    /// on which Mastodon.py warns.
    #[must_use]
    pub fn v1(&self) -> Value {
        let instance = self.instance;
        json!({
            "uri": self.domain(),
            "title": instance.title,
            "short_description": instance.description,
            "description": instance.description,
            "email": instance.contact_email,
            "version": VERSION,
            "urls": { "streaming_api": self.streaming() },
            "stats": { "user_count": self.accounts, "status_count": 0, "domain_count": 0 },
            "thumbnail": self.thumbnail(),
            "languages": instance.languages,
            "registrations": false,
            "approval_required": false,
            "invites_enabled": false,
            "configuration": limits(),
            "contact_account": null,
            "rules": [],
            // Pleroma's spelling, which megalodon reads.
            "max_toot_chars": 500,
            "poll_limits": { "max_options": 4, "max_option_chars": 50, "min_expiration": 300, "max_expiration": 2_629_746 },
            "banner": self.banner(),
            "lysand_version": env!("CARGO_PKG_VERSION"),
            "sso": self.sso,
        })
    }

    /// The name under which people know this server: its host, with the port where there is one.
    fn domain(&self) -> &str {
        domain(self.base_url)
    }

    /// Where streams would be. There are none, but Elk reads the address without a guard.
    fn streaming(&self) -> String {
        let scheme = if self.base_url.is_secure() { "wss" } else { "ws" };
        format!("{scheme}://{}", self.domain())
    }

    fn banner(&self) -> Option<&str> {
        Some(self.instance.banner.as_str()).filter(|banner| !banner.is_empty())
    }

    fn thumbnail(&self) -> String {
        self.banner().map_or_else(|| self.base_url.join(&assets::path("header.png")), str::to_owned)
    }
}

/// Mastodon's usual limits. Nothing can be posted here; Ice Cubes and Tusky do not decode the document without them.
fn limits() -> Value {
    json!({
        "accounts": { "max_featured_tags": 10, "max_pinned_statuses": 5 },
        "statuses": { "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23 },
        "media_attachments": {
            "supported_mime_types": [],
            "description_limit": 1_500,
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
            "video_size_limit": 103_809_024,
            "video_frame_rate_limit": 120,
            "video_matrix_limit": 8_294_400,
        },
        "polls": {
            "max_options": 4,
            "max_characters_per_option": 50,
            "min_expiration": 300,
            "max_expiration": 2_629_746,
        },
        "translation": { "enabled": false },
    })
}

/// `GET /api/v1/instance`
async fn v1(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let sso = sso_extension(&state.auth, Surfaces::all());
    Ok(public(&info(&state, &sso).await?.v1()))
}

/// `GET /api/v2/instance`
async fn v2(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let sso = sso_extension(&state.auth, Surfaces::all());
    Ok(public(&info(&state, &sso).await?.v2()))
}

async fn info<'a>(state: &'a State, sso: &'a Value) -> Result<InstanceInfo<'a>, Error> {
    Ok(InstanceInfo {
        base_url: &state.settings.http.base_url,
        instance: &state.settings.instance,
        accounts: state.accounts.count_active().await?,
        sso,
    })
}

/// The routes of the instance documents.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Api)
        .limited()
        .route("/api/v1/instance", [get(v1)])
        .route("/api/v2/instance", [get(v2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(banner: &str) -> (Value, Value) {
        let base_url = BaseUrl::parse("http://localhost:8080").unwrap();
        let instance = Instance {
            title: "Fernhill".into(),
            description: "Ferns".into(),
            contact_email: String::new(),
            banner: banner.into(),
            languages: vec!["en".into()],
        };
        let sso = json!({ "forced": false, "providers": [] });
        let info = InstanceInfo { base_url: &base_url, instance: &instance, accounts: 7, sso: &sso };
        (info.v1(), info.v2())
    }

    #[test]
    fn instance_v2_document_has_fields_required_by_clients() {
        let (_, v2) = documents("");
        for key in ["domain", "title", "version", "description", "source_url"] {
            assert!(v2[key].is_string(), "{key}");
        }
        for key in ["enabled", "approval_required", "reason_required"] {
            assert!(v2["registrations"][key].is_boolean(), "registrations.{key}");
        }
        for pointer in
            ["/thumbnail/url", "/contact/email", "/configuration/urls/streaming", "/configuration/vapid/public_key"]
        {
            assert!(v2.pointer(pointer).is_some_and(Value::is_string), "{pointer}");
        }
        for pointer in [
            "/configuration/statuses/max_characters",
            "/configuration/statuses/max_media_attachments",
            "/configuration/statuses/characters_reserved_per_url",
            "/configuration/polls/max_options",
            "/configuration/polls/max_characters_per_option",
            "/configuration/polls/min_expiration",
            "/configuration/polls/max_expiration",
            "/configuration/accounts/max_featured_tags",
            "/usage/users/active_month",
        ] {
            assert!(v2.pointer(pointer).is_some_and(Value::is_u64), "{pointer}");
        }
        assert!(v2["contact"].get("account").is_some() && v2["registrations"].get("min_age").is_some());
        assert_eq!(v2.pointer("/configuration/translation/enabled"), Some(&Value::Bool(false)));
        assert_eq!(v2["api_versions"]["mastodon"], 3);
        for key in ["icon", "languages", "rules"] {
            assert!(v2[key].is_array(), "{key}");
        }
    }

    #[test]
    fn instance_v1_document_has_legacy_fields_and_types() {
        let (v1, _) = documents("");
        assert_eq!(v1["uri"], "localhost:8080", "a bare domain");
        for key in ["title", "short_description", "description", "email", "version", "thumbnail"] {
            assert!(v1[key].is_string(), "{key}");
        }
        for key in ["registrations", "approval_required", "invites_enabled"] {
            assert!(v1[key].is_boolean(), "{key}");
        }
        for key in ["user_count", "status_count", "domain_count"] {
            assert!(v1["stats"][key].is_u64(), "stats.{key}");
        }
        assert_eq!(v1["urls"]["streaming_api"], "ws://localhost:8080");
        assert!(v1["configuration"].get("urls").is_none());
        assert!(v1["contact_account"].is_null() && v1.get("contact_account").is_some());
        assert_eq!((&v1["max_toot_chars"], &v1["poll_limits"]["max_options"]), (&json!(500), &json!(4)));
        assert!(v1["rules"].is_array() && v1["languages"].is_array());
    }

    #[test]
    fn instance_version_starts_with_mastodon_version_number() {
        let first = VERSION.split([' ', '+']).next().unwrap();
        assert_eq!(first.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3);
        assert!(VERSION.starts_with("4.3.0 (compatible; Lysand Auth "));
    }

    #[test]
    fn instance_documents_v1_and_v2_contain_lysand_extensions() {
        let (v1, v2) = documents("https://pictures.example/b.png");
        for document in [&v1, &v2] {
            assert_eq!(document["sso"], json!({ "forced": false, "providers": [] }));
        }
        assert_eq!(v1["banner"], "https://pictures.example/b.png");
        assert_eq!(v2["banner"]["url"], "https://pictures.example/b.png");
        assert!(v1["lysand_version"].is_string());
        let (v1, v2) = documents("");
        assert!(v1["banner"].is_null() && v2["banner"].is_object() && v2["banner"]["url"].is_null());
    }
}
