//! Accounts, and what a sign-in comes to, as SyncTV clients read them (native 1.4).

use serde_json::{Value, json};

use crate::flows::native::{FactorKind, FirstStep, NativeSecondStep, SignedInNatively};
use crate::host::accounts::{Account, Role};

/// An account.
pub(super) fn user(account: &Account) -> Value {
    let is_verified = account.email.as_ref().is_some_and(|email| email.confirmed);
    json!({
        "id": account.id.as_str(),
        "username": account.username,
        "email": account.email.as_ref().map_or("", |email| &email.address),
        "role": role(account.role),
        "status": "USER_STATUS_ACTIVE",
        "created_at": account.created_at.map_or(0, |at| at.seconds()),
        "email_verified": is_verified,
        "is_banned": false,
    })
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "USER_ROLE_ROOT",
        Role::Moderator => "USER_ROLE_ADMIN",
        Role::Member => "USER_ROLE_USER",
    }
}

/// What a first proof comes to.
pub(super) fn first_step(step: &FirstStep) -> Value {
    match step {
        FirstStep::SignedIn(signed_in) => self::signed_in(signed_in),
        FirstStep::Waits(waits) => self::waits(waits),
    }
}

/// Somebody is signed in.
pub(super) fn signed_in(signed_in: &SignedInNatively) -> Value {
    json!({
        "user": user(&signed_in.account),
        "access_token": signed_in.tokens.access_token.expose(),
        "refresh_token": signed_in.tokens.refresh_token.expose(),
        "mfa": { "required": false, "session_id": "", "available_methods": [], "masked_email": "", "expires_at": 0 },
    })
}

fn waits(waits: &NativeSecondStep) -> Value {
    json!({
        "user": null,
        "access_token": "",
        "refresh_token": "",
        "mfa": {
            "required": true,
            "session_id": waits.handle.expose(),
            "available_methods": waits.methods.iter().filter_map(|kind| method(*kind)).collect::<Vec<_>>(),
            "masked_email": waits.masked_email,
            "expires_at": waits.expires_at.seconds(),
        },
    })
}

fn method(kind: FactorKind) -> Option<&'static str> {
    match kind {
        FactorKind::Passkey => Some("MFA_METHOD_WEBAUTHN"),
        FactorKind::Totp => Some("MFA_METHOD_TOTP"),
        FactorKind::Email => Some("MFA_METHOD_EMAIL"),
        FactorKind::Recovery => Some("MFA_METHOD_RECOVERY_CODE"),
        FactorKind::Password => Some("MFA_METHOD_PASSWORD"),
        FactorKind::Host(_) => None,
    }
}
