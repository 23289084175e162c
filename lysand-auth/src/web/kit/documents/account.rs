//! What an app reads about the account that it speaks for (Mastodon §13, §15).

use serde_json::{Map, Value, json};

use super::role::RoleEntity;
use crate::auth::Auth;
use crate::model::account::Account;

/// The CredentialAccount of `GET /api/v1/accounts/verify_credentials`: the host's [entity](crate::host::accounts::Accounts::entity), with what some client
/// refuses to go on without (Mastodon §13) where the host says nothing of it.
#[must_use]
pub fn credential_account(auth: &Auth, account: &Account) -> Value {
    let role = RoleEntity::of(account.role, auth.signups().invitations);
    complete(auth.accounts().entity(account, &auth.config().base_url), role)
}

fn complete(mut entity: Map<String, Value>, role: RoleEntity) -> Value {
    let missing = json!({
        "discoverable": false,
        "indexable": false,
        "noindex": true,
        "hide_collections": false,
        "roles": [],
        "role": role.as_text(),
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
    });
    if let Value::Object(missing) = missing {
        for (key, value) in missing {
            entity.entry(key).or_insert(value);
        }
    }
    Value::Object(entity)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Timestamp;
    use crate::config::{BaseUrl, Invitations};
    use crate::host::HostResult;
    use crate::host::accounts::Accounts;
    use crate::model::account::{AccountId, Email};
    use crate::secret::Secret;

    /// A host that knows of accounts what the library does.
    struct Host;

    #[async_trait::async_trait]
    impl Accounts for Host {
        async fn by_id(&self, _: &AccountId) -> HostResult<Option<Account>> {
            Ok(None)
        }

        async fn by_identifier(&self, _: &str) -> HostResult<Option<Account>> {
            Ok(None)
        }

        async fn check_password(&self, _: &str, _: &Secret) -> HostResult<Option<Account>> {
            Ok(None)
        }
    }

    fn entity() -> Value {
        // 2016-11-24T00:00:12.345Z
        let account = Account::new(AccountId::new("17"), "mira")
            .with_email(Email { address: "mira@example.com".into(), confirmed: true })
            .with_created_at(Timestamp::from_micros(1_479_945_612_345_000));
        let base_url = BaseUrl::parse("https://social.example").unwrap();
        complete(Host.entity(&account, &base_url), RoleEntity::of(account.role, Invitations::People))
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
    fn account_created_at_is_truncated_to_day() {
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
