//! Names that nobody may take.

use super::look_alike::username_key;

/// Whether nobody may take this name: it is one of our own paths, or would pass for the server's staff (ID-16), or looks like
/// such a name. The name is compared in lower case.
#[must_use]
pub(crate) fn is_reserved(username: &str) -> bool {
    let key = username_key(&username.to_lowercase());
    !key.is_empty() && RESERVED.iter().any(|reserved| username_key(reserved) == key)
}

/// In the order of the alphabet.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "activate",
    "admin",
    "administrator",
    "api",
    "api-docs",
    "app",
    "apps",
    "assets",
    "auth",
    "authorize",
    "avatar",
    "avatars",
    "confirm",
    "consent",
    "contact",
    "demo",
    "device",
    "devices",
    "docs",
    "email",
    "emails",
    "everyone",
    "favicon",
    "frontend",
    "health",
    "help",
    "host-meta",
    "hostmaster",
    "identities",
    "identity",
    "instance",
    "invite",
    "invites",
    "login",
    "logout",
    "mail",
    "mailer",
    "mailer-daemon",
    "me",
    "media",
    "metrics",
    "mfa",
    "mod",
    "moderation",
    "moderator",
    "moderators",
    "no_reply",
    "nobody",
    "nodeinfo",
    "noreply",
    "null",
    "oauth",
    "official",
    "oidc",
    "openid",
    "operator",
    "owner",
    "passkey",
    "password",
    "passwords",
    "postmaster",
    "privacy",
    "provider",
    "providers",
    "public",
    "register",
    "registration",
    "reset",
    "root",
    "rules",
    "security",
    "server",
    "service",
    "session",
    "sessions",
    "settings",
    "setup",
    "sign_in",
    "sign_out",
    "sign_up",
    "signin",
    "signout",
    "signup",
    "sso",
    "staff",
    "static",
    "statuses",
    "streaming",
    "support",
    "sweep",
    "sysadmin",
    "system",
    "token",
    "tokens",
    "tos",
    "undefined",
    "userinfo",
    "users",
    "verify",
    "webauthn",
    "webfinger",
    "webmaster",
    "well-known",
    "well_known",
    "www",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_username_is_recognized_in_any_case() {
        assert!(RESERVED.is_sorted());
        for name in ["admin", "ADMIN", "oauth", "setup", "www"] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("alice") && !is_reserved(""));
    }
}
