//! What a server says about itself (Mastodon §14.1, §14.2, Lysand §12.2).

use std::sync::Arc;

use serde_json::{Value, json};

use super::sso::sso_extension;
use crate::auth::Auth;
use crate::config::{BaseUrl, Invitations, Mode, Signups};
use crate::flows::sign_up::{self, Road};
use crate::web::kit::surfaces::{Surface, Surfaces};

/// The Mastodon release whose sign-in this library speaks. Clients read three dotted numbers first.
const MASTODON: &str = "4.3.0";

/// The level of Mastodon's API. Three turns PKCE on in clients; higher ones would promise unrelated features.
const API_LEVEL: u32 = 3;

/// What a server says about joining it (people PPL-33).
struct Joining {
    mode: Mode,
    signups: Arc<Signups>,
    /// Where a person signs up.
    page: Option<String>,
}

impl Joining {
    fn of(auth: &Auth, surfaces: Surfaces) -> Self {
        let mode = if surfaces.has(Surface::People) { sign_up::mode(auth, Road::Page) } else { Mode::Closed };
        let page = mode.takes_everybody().then(|| auth.config().register_page());
        Self { mode, signups: auth.signups(), page }
    }
}

/// The rules of the server, as Mastodon's API has them.
pub(crate) fn rules(signups: &Signups) -> Value {
    let numbered = (1_u32..).zip(&signups.rules);
    numbered.map(|(id, text)| json!({ "id": id.to_string(), "text": text, "hint": "" })).collect()
}

/// What the instance documents are made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceInfo {
    /// How people call this server.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Whom to write to; may be empty.
    pub contact_email: String,
    /// The languages of the people here, as ISO 639-1 has them.
    pub languages: Vec<String>,
    /// A picture of the server, as a URL.
    pub banner: Option<String>,
    /// The picture to show where there is no banner, as a URL.
    pub thumbnail: Option<String>,
    /// An icon of 192 by 192 pixels, as a URL.
    pub icon: Option<String>,
    /// How many accounts there are.
    pub accounts: u64,
    /// Name and version of the host's software: it stands behind the Mastodon release in `version`.
    pub software: String,
}

impl InstanceInfo {
    /// A server of this name, of which no more is known.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            contact_email: String::new(),
            languages: vec!["en".to_owned()],
            banner: None,
            thumbnail: None,
            icon: None,
            accounts: 0,
            software: concat!("Lysand Auth ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// What the server is about.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Whom to write to.
    #[must_use]
    pub fn with_contact_email(self, address: impl Into<String>) -> Self {
        Self { contact_email: address.into(), ..self }
    }

    /// The languages of the people here, as ISO 639-1 has them.
    #[must_use]
    pub fn with_languages(self, languages: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { languages: languages.into_iter().map(Into::into).collect(), ..self }
    }

    /// A picture of the server, as a URL.
    #[must_use]
    pub fn with_banner(self, url: impl Into<Option<String>>) -> Self {
        Self { banner: url.into(), ..self }
    }

    /// The picture to show where there is no banner, and an icon of 192 by 192 pixels, as URLs.
    #[must_use]
    pub fn with_pictures(self, thumbnail: impl Into<String>, icon: impl Into<String>) -> Self {
        Self { thumbnail: Some(thumbnail.into()), icon: Some(icon.into()), ..self }
    }

    /// How many accounts there are.
    #[must_use]
    pub fn with_accounts(self, accounts: u64) -> Self {
        Self { accounts, ..self }
    }

    /// Name and version of the host's software.
    #[must_use]
    pub fn with_software(self, software: impl Into<String>) -> Self {
        Self { software: software.into(), ..self }
    }

    /// `version` in the documents.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{MASTODON} (compatible; {})", self.software)
    }

    /// `GET /api/v1/instance`: deprecated, still the first call of several clients. Send no `Deprecation` header: Mastodon.py
    /// warns on it.
    #[must_use]
    pub fn v1(&self, auth: &Auth, surfaces: Surfaces) -> Value {
        self.v1_of(&auth.config().base_url, &sso_extension(auth, surfaces), &Joining::of(auth, surfaces))
    }

    /// `GET /api/v2/instance`
    #[must_use]
    pub fn v2(&self, auth: &Auth, surfaces: Surfaces) -> Value {
        self.v2_of(&auth.config().base_url, &sso_extension(auth, surfaces), &Joining::of(auth, surfaces))
    }

    fn v1_of(&self, base_url: &BaseUrl, sso: &Value, joining: &Joining) -> Value {
        let Joining { mode, signups, .. } = joining;
        json!({
            "uri": domain(base_url),
            "title": self.title,
            "short_description": self.description,
            "description": self.description,
            "email": self.contact_email,
            "version": self.version(),
            "urls": { "streaming_api": streaming(base_url) },
            "stats": { "user_count": self.accounts, "status_count": 0, "domain_count": 0 },
            "thumbnail": self.thumbnail_of(base_url),
            "languages": self.languages,
            "registrations": mode.takes_everybody(),
            "approval_required": *mode == Mode::Approval,
            "invites_enabled": signups.invitations == Invitations::People,
            "configuration": limits(),
            "contact_account": null,
            "rules": rules(signups),
            // Pleroma's spelling, which megalodon reads.
            "max_toot_chars": 500,
            "poll_limits": { "max_options": 4, "max_option_chars": 50, "min_expiration": 300, "max_expiration": 2_629_746 },
            "banner": self.banner,
            "lysand_version": env!("CARGO_PKG_VERSION"),
            "sso": sso,
        })
    }

    fn v2_of(&self, base_url: &BaseUrl, sso: &Value, joining: &Joining) -> Value {
        let Joining { mode, signups, page } = joining;
        let mut configuration = limits();
        configuration["urls"] = json!({
            "streaming": streaming(base_url),
            "status": null,
            "about": base_url.join("/"),
            "privacy_policy": address(base_url, &signups.privacy_url),
            "terms_of_service": address(base_url, &signups.tos_url),
        });
        configuration["vapid"] = json!({ "public_key": "" });
        json!({
            "domain": domain(base_url),
            "title": self.title,
            "version": self.version(),
            "source_url": base_url.join("/"),
            "description": self.description,
            "usage": { "users": { "active_month": self.accounts } },
            "thumbnail": { "url": self.thumbnail_of(base_url), "blurhash": null, "versions": {} },
            // An object here, a string in v1 (Lysand §12.2).
            "banner": { "url": self.banner },
            "icon": [{ "src": self.icon_of(base_url), "size": "192x192" }],
            "languages": self.languages,
            "configuration": configuration,
            "registrations": {
                "enabled": mode.takes_everybody(),
                "approval_required": *mode == Mode::Approval,
                "reason_required": *mode == Mode::Approval && signups.reason_required,
                "message": Some(&signups.message).filter(|message| !mode.takes_everybody() && !message.is_empty()),
                "min_age": Some(signups.minimum_age).filter(|age| *age > 0),
                "url": page,
            },
            "api_versions": { "mastodon": API_LEVEL },
            "contact": { "email": self.contact_email, "account": null },
            "rules": rules(signups),
            "sso": sso,
        })
    }

    fn thumbnail_of(&self, base_url: &BaseUrl) -> String {
        let known = self.banner.as_ref().or(self.thumbnail.as_ref());
        known.cloned().unwrap_or_else(|| base_url.join("/headers/original/missing.png"))
    }

    fn icon_of(&self, base_url: &BaseUrl) -> String {
        self.icon.clone().unwrap_or_else(|| base_url.join("/favicon.ico"))
    }
}

/// The name under which people know the server: its host, with the port where there is one.
fn domain(base_url: &BaseUrl) -> &str {
    base_url.as_str().split_once("://").map_or_else(|| base_url.as_str(), |(_, domain)| domain)
}

/// An address that was given whole, or as a path on this server; none where it is empty.
fn address(base_url: &BaseUrl, given: &str) -> Option<String> {
    match given {
        "" => None,
        path if path.starts_with('/') => Some(base_url.join(path)),
        whole => Some(whole.to_owned()),
    }
}

/// Where streams would be. There are none, but Elk reads the address without a guard.
fn streaming(base_url: &BaseUrl) -> String {
    let scheme = if base_url.is_secure() { "wss" } else { "ws" };
    format!("{scheme}://{}", domain(base_url))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(banner: &str) -> (Value, Value) {
        let base_url = BaseUrl::parse("http://localhost:8080").unwrap();
        let sso = json!({ "forced": false, "providers": [] });
        let banner = Some(banner.to_owned()).filter(|banner| !banner.is_empty());
        let info = InstanceInfo::new("Fernhill").with_description("Ferns").with_banner(banner).with_accounts(7);
        let signups = Signups::default();
        let joining = Joining { mode: Mode::Closed, signups: Arc::new(signups), page: None };
        (info.v1_of(&base_url, &sso, &joining), info.v2_of(&base_url, &sso, &joining))
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
        let version = InstanceInfo::new("Fernhill").version();
        let first = version.split([' ', '+']).next().unwrap();
        assert_eq!(first.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3);
        assert!(version.starts_with("4.3.0 (compatible; Lysand Auth "));
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
