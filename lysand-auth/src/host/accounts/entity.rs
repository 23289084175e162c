//! The account entity of Mastodon's API, for hosts that have no other.

use serde_json::{Map, Value, json};

use super::new_account::Profile;
use crate::model::account::Account;

/// The entity with what the library knows; what it cannot know counts nothing (PPL-215).
pub(super) fn entity(account: &Account, profile: &Profile) -> Map<String, Value> {
    let entity = json!({
        "id": account.id.as_str(),
        "username": account.username,
        "acct": account.username,
        "display_name": account.display_name,
        "note": "",
        "url": profile.url,
        "uri": profile.uri,
        "avatar": profile.picture,
        "avatar_static": profile.picture,
        "header": profile.picture,
        "header_static": profile.picture,
        "created_at": account.created_at.map(crate::ambient::Timestamp::to_iso8601),
        "locked": false,
        "bot": false,
        "group": false,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": 0,
        "last_status_at": null,
        "fields": [],
        "emojis": [],
    });
    match entity {
        Value::Object(entity) => entity,
        _ => Map::new(),
    }
}
