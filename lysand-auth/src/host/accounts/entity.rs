//! The account entity of Mastodon's API, for hosts that have no other.

use serde_json::{Map, Value, json};

use super::new_account::Profile;
use crate::ambient::Timestamp;
use crate::model::account::Account;

/// The entity with what the library knows; what it cannot know counts nothing (PPL-215).
pub(super) fn entity(account: &Account, profile: &Profile) -> Map<String, Value> {
    let entity = json!({
        "id": account.id.as_str(),
        "username": account.username,
        // No domain for local accounts: Elk appends it.
        "acct": account.username,
        "display_name": account.display_name,
        "note": "",
        "url": profile.url,
        "uri": profile.uri,
        "avatar": profile.picture,
        "avatar_static": profile.picture,
        "header": profile.header,
        "header_static": profile.header,
        // Clients refuse an account without it.
        "created_at": midnight(account.created_at.unwrap_or_else(|| Timestamp::from_micros(0))).to_iso8601(),
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

/// Mastodon tells the day of the registration and hides the time.
fn midnight(moment: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    Timestamp::from_micros(moment.micros().saturating_sub(moment.micros().rem_euclid(DAY)))
}
