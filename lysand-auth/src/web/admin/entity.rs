//! Mastodon's entity of an account for staff (people PPL-136 to PPL-142).

use serde_json::{Map, Value, json};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::flows::admin::{AccountForStaff, Place};
use crate::model::account::{Role, Standing};
use crate::web::kit::documents::role::RoleEntity;

/// The entity `Admin::Account`.
pub(super) fn entity(auth: &Auth, found: &AccountForStaff) -> Value {
    let account = &found.account;
    let email = account.email.as_ref();
    let sign_up = found.sign_up.as_ref();
    let created_at = account.created_at.or(sign_up.map(|record| record.created_at));
    let mut entity = json!({
        "id": account.id.as_str(),
        "username": account.username,
        "domain": null,
        "created_at": created_at.unwrap_or(Timestamp::from_micros(0)).to_iso8601(),
        "email": email.map_or("", |email| email.address.as_str()),
        "ip": found.places.first().map(Place::first_address),
        "ips": found.places.iter().map(place).collect::<Vec<Value>>(),
        "role": RoleEntity::of(account.role, auth.signups().invitations).as_numbers(),
        "confirmed": email.is_none_or(|email| email.confirmed),
        "approved": account.standing != Standing::Pending,
        "disabled": account.standing == Standing::Disabled,
        "suspended": account.standing == Standing::Suspended,
        "silenced": false,
        "sensitized": false,
        "locale": account.language.as_ref().map(|language| language.as_str()),
        "invite_request": sign_up.and_then(|record| record.reason.as_deref()),
        "account": Value::Object(of_host(auth, found)),
    });
    if let Some(app) = sign_up.and_then(|record| record.app.as_ref()) {
        entity["created_by_application_id"] = app.as_str().into();
    }
    if let Some(inviter) = &found.invited_by {
        entity["invited_by_account_id"] = inviter.as_str().into();
    }
    entity
}

fn of_host(auth: &Auth, found: &AccountForStaff) -> Map<String, Value> {
    auth.accounts().entity(&found.account, &auth.config().base_url)
}

fn place(place: &Place) -> Value {
    json!({ "ip": place.first_address(), "used_at": place.at.to_iso8601() })
}

/// The role with this id in Mastodon's API.
pub(super) fn role_of_id(id: &str) -> Option<Role> {
    [Role::Member, Role::Moderator, Role::Admin]
        .into_iter()
        .find(|role| RoleEntity::id_of(*role).to_string() == id.trim())
}
