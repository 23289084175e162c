//! How people may sign in beside a password, as documents tell it (Lysand §12.1, §12.2).

use serde_json::{Value, json};

use crate::auth::Auth;
use crate::config::Provider;
use crate::web::kit::surfaces::{Surface, Surfaces};

/// What the instance documents say about single sign-on (Lysand §12.2): for a host's own routes.
#[must_use]
pub fn sso_extension(auth: &Auth, surfaces: Surfaces) -> Value {
    json!({ "forced": auth.config().sso.forced, "providers": offered_providers(auth, surfaces) })
}

pub(crate) fn offered_providers(auth: &Auth, surfaces: Surfaces) -> Vec<Value> {
    if !surfaces.has(Surface::Sso) {
        return Vec::new();
    }
    let entity = |provider: &Provider| {
        let mut entity = json!({ "id": provider.id, "name": provider.name });
        if let Some(icon) = &provider.icon {
            entity["icon"] = icon.as_str().into();
        }
        entity
    };
    auth.config().sso.providers.iter().map(entity).collect()
}
