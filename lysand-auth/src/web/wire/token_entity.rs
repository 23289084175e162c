//! A token as apps get it (Mastodon §6.2).

use serde_json::{Value, json};

use crate::steps::new_tokens::IssuedToken;

/// The token entity. Clients read a null, or a lifetime that is not there, as "expired" (Mastodon §0.5).
pub(crate) fn token_entity(issued: &IssuedToken) -> Value {
    let mut body = json!({
        "access_token": issued.access_token.expose(),
        "token_type": "Bearer",
        "scope": issued.scopes.to_string(),
        "created_at": issued.created_at.seconds(),
    });
    if let Some(lifetime) = issued.expires_in {
        body["expires_in"] = lifetime.as_secs().into();
    }
    for (name, token) in [("refresh_token", &issued.refresh_token), ("id_token", &issued.id_token)] {
        if let Some(token) = token {
            body[name] = token.expose().into();
        }
    }
    body
}
