//! The three roles in Mastodon's words (people PPL-139).

use serde_json::{Value, json};

use crate::config::Invitations;
use crate::model::account::Role;

/// What everybody may do, in Mastodon's bits: invite others (people PPL-86).
const INVITE_USERS: u32 = 1 << 16;
/// What moderators may do: look at accounts, requests and events, decide and stop.
const MODERATOR: u32 = 66_588;
/// What admins may do: everything.
const ADMINISTRATOR: u32 = 1;
/// The roles were always there.
const SINCE: &str = "1970-01-01T00:00:00.000Z";

/// A role as Mastodon's API shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoleEntity {
    id: i32,
    name: &'static str,
    position: i32,
    permissions: u32,
    highlighted: bool,
}

impl RoleEntity {
    /// The role of somebody on a server where these people invite others.
    pub(crate) fn of(role: Role, invitations: Invitations) -> Self {
        let id = Self::id_of(role);
        match role {
            Role::Admin => Self { id, name: "Admin", position: 100, permissions: ADMINISTRATOR, highlighted: true },
            Role::Moderator => Self { id, name: "Moderator", position: 10, permissions: MODERATOR, highlighted: true },
            Role::Member => {
                let permissions = if invitations == Invitations::People { INVITE_USERS } else { 0 };
                Self { id, name: "", position: -1, permissions, highlighted: false }
            }
        }
    }

    /// Its id.
    pub(crate) const fn id_of(role: Role) -> i32 {
        match role {
            Role::Admin => 2,
            Role::Moderator => 1,
            Role::Member => -99,
        }
    }

    /// As staff gets it: with numbers.
    pub(crate) fn as_numbers(self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "color": "",
            "position": self.position,
            "permissions": self.permissions,
            "highlighted": self.highlighted,
            "created_at": SINCE,
            "updated_at": SINCE,
        })
    }

    /// As everybody gets it: id and permissions as text.
    pub(crate) fn as_text(self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "permissions": self.permissions.to_string(),
            "color": "",
            "highlighted": self.highlighted,
        })
    }
}
