//! What an app reads about the account that it speaks for (Mastodon §13, §15).

use actix_web::HttpResponse;
use actix_web::web::Data;
use lysand_auth::ambient::Timestamp;
use lysand_auth::config::BaseUrl;
use lysand_auth::model::account::{Account, AccountId};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, Bearer, json};
use serde_json::{Value, json};

use crate::assets;
use crate::state::State;

/// The CredentialAccount of `GET /api/v1/accounts/verify_credentials`.
///
/// Every key is given: each is one that some client refuses to go on without (Mastodon §13). This server keeps no
/// posts and no profile, so what is about those is empty.
#[must_use]
pub fn credential_account(account: &Account, base_url: &BaseUrl) -> Value {
    let username = &account.username;
    let avatar = base_url.join(&assets::path("avatar.png"));
    let header = base_url.join(&assets::path("header.png"));
    json!({
        "id": account.id.as_str(),
        "username": username,
        // No domain for local accounts: Elk appends it.
        "acct": username,
        "display_name": account.display_name,
        "note": "",
        "url": base_url.join(&format!("/@{username}")),
        "uri": base_url.join(&format!("/users/{username}")),
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "created_at": midnight(registered_at(&account.id)).to_iso8601(),
        "locked": false,
        "bot": false,
        "group": false,
        "discoverable": false,
        "indexable": false,
        "noindex": true,
        "hide_collections": false,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": 0,
        "last_status_at": null,
        "fields": [],
        "emojis": [],
        "roles": [],
        "role": { "id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": false },
        "source": {
            "note": "",
            "fields": [],
            "privacy": "public",
            "sensitive": false,
            "language": null,
            "quote_policy": "public",
            "follow_requests_count": 0,
            "hide_collections": false,
            "discoverable": false,
            "indexable": false,
            "attribution_domains": [],
        },
    })
}

/// When an account was made: our ids are UUIDs of version 7, whose first 48 bits are that moment in milliseconds.
fn registered_at(id: &AccountId) -> Timestamp {
    let digits: String = id.as_str().chars().filter(|digit| *digit != '-').take(12).collect();
    let millis = i64::from_str_radix(&digits, 16).unwrap_or(0);
    Timestamp::from_micros(millis.saturating_mul(1_000))
}

/// Mastodon tells the day of the registration and hides the time.
fn midnight(moment: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    Timestamp::from_micros(moment.micros().saturating_sub(moment.micros().rem_euclid(DAY)))
}

/// The answer of `GET /api/v1/preferences`: Mastodon's defaults, since there is nothing to prefer yet.
#[must_use]
pub fn default_preferences() -> Value {
    json!({
        "posting:default:visibility": "public",
        "posting:default:sensitive": false,
        "posting:default:language": null,
        "posting:default:quote_policy": "public",
        "reading:expand:media": "default",
        "reading:expand:spoilers": false,
        "reading:autoplay:gifs": false,
    })
}

/// `GET /api/v1/accounts/verify_credentials`
async fn verify_credentials(state: Data<State>, bearer: Bearer) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["profile", "read", "read:accounts"]).await?;
    Ok(json(&credential_account(&account, &state.settings.http.base_url)))
}

/// `GET /api/v1/preferences`
async fn preferences(bearer: Bearer) -> Result<HttpResponse, ApiError> {
    bearer.account(&["read", "read:accounts"]).await?;
    Ok(json(&default_preferences()))
}

/// The routes about the account of an access token.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Api)
        .limited()
        .route("/api/v1/accounts/verify_credentials", [get(verify_credentials)])
        .route("/api/v1/preferences", [get(preferences)])
}

#[cfg(test)]
mod tests {
    use lysand_auth::model::account::{Email, Role};
    use lysand_auth::model::language::Language;

    use super::*;

    fn entity() -> Value {
        let account = Account::new(AccountId::new("015893a1-ec39-7000-8000-000000000000"), "mira")
            .with_email(Email { address: "mira@example.com".into(), confirmed: true })
            .with_role(Role::Admin)
            .with_language(Language::parse("de"));
        let base_url = BaseUrl::parse("https://social.example").unwrap();
        credential_account(&account, &base_url)
    }

    #[test]
    fn credential_account_has_every_contract_field() {
        let entity = entity();
        for key in [
            "id",
            "username",
            "acct",
            "display_name",
            "note",
            "url",
            "avatar",
            "header",
            "avatar_static",
            "header_static",
            "created_at",
            "locked",
            "bot",
            "followers_count",
            "following_count",
            "statuses_count",
            "fields",
            "emojis",
            "source",
            "last_status_at",
            "discoverable",
            "indexable",
            "group",
            "hide_collections",
            "noindex",
            "uri",
            "roles",
            "role",
        ] {
            assert!(entity.get(key).is_some(), "{key}");
        }
        for key in [
            "note",
            "fields",
            "sensitive",
            "privacy",
            "language",
            "follow_requests_count",
            "hide_collections",
            "discoverable",
            "indexable",
            "attribution_domains",
            "quote_policy",
        ] {
            assert!(entity["source"].get(key).is_some(), "source.{key}");
        }
    }

    #[test]
    fn credential_account_field_types_suit_strict_clients() {
        let entity = entity();
        for key in ["id", "username", "acct", "display_name", "note", "url", "avatar", "header", "uri"] {
            assert!(entity[key].is_string(), "{key}");
        }
        for key in ["url", "uri", "avatar", "avatar_static", "header", "header_static"] {
            assert!(entity[key].as_str().unwrap().starts_with("https://social.example/"), "{key}");
        }
        for key in ["locked", "bot"] {
            assert!(entity[key].is_boolean(), "{key}");
        }
        for key in ["followers_count", "following_count", "statuses_count"] {
            assert!(entity[key].is_u64(), "{key}");
        }
        for (key, value) in [("fields", &entity["fields"]), ("source.fields", &entity["source"]["fields"])] {
            assert!(value.is_array(), "{key}");
        }
        assert!(entity["source"]["note"].is_string() && entity["source"]["sensitive"].is_boolean());
        assert!(entity["role"]["permissions"].is_string(), "a bit mask as text");
        assert!(!entity["acct"].as_str().unwrap().contains('@'));
    }

    #[test]
    fn credential_account_fixed_values_match_the_contract() {
        let entity = entity();
        for (pointer, value) in [
            ("/emojis", json!([])),
            ("/roles", json!([])),
            ("/last_status_at", Value::Null),
            ("/source/privacy", json!("public")),
            ("/source/language", Value::Null),
            ("/source/follow_requests_count", json!(0)),
            ("/source/attribution_domains", json!([])),
            ("/source/quote_policy", json!("public")),
            ("/role", json!({ "id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": false })),
        ] {
            assert_eq!(entity.pointer(pointer), Some(&value), "{pointer}");
        }
        for pointer in [
            "/discoverable",
            "/indexable",
            "/group",
            "/hide_collections",
            "/noindex",
            "/source/hide_collections",
            "/source/discoverable",
            "/source/indexable",
        ] {
            assert!(entity.pointer(pointer).is_some_and(|value| value.is_boolean() || value.is_null()), "{pointer}");
        }
    }

    #[test]
    fn account_created_at_comes_from_id_truncated_to_day() {
        let id = AccountId::new("015893a1-ec39-7000-8000-000000000000");
        assert_eq!(registered_at(&id).to_iso8601(), "2016-11-24T00:00:12.345Z");
        assert_eq!(registered_at(&AccountId::new("odd")).micros(), 0);
        assert_eq!(entity()["created_at"], "2016-11-24T00:00:00.000Z");
    }

    #[test]
    fn credential_account_contains_no_email_address() {
        assert!(!entity().to_string().contains("mira@example.com"));
    }

    #[test]
    fn preferences_document_has_exactly_seven_keys() {
        let preferences = default_preferences();
        assert_eq!(preferences.as_object().unwrap().len(), 7);
        for key in ["posting:default:sensitive", "reading:expand:spoilers", "reading:autoplay:gifs"] {
            assert!(preferences[key].is_boolean(), "{key}");
        }
        assert_eq!(preferences["reading:expand:media"], "default");
    }
}
