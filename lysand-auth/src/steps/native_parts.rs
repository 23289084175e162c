//! What a sign-in of a native client consists of: its family, its token and its device, and how long they live.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::family::Family;
use crate::model::native::{DeviceRecord, Dialect, Program, app_of, product};
use crate::model::scope::Scopes;
use crate::model::strength::ProvenBy;
use crate::secret::Secret;
use crate::store::tokens::StoredToken;

/// How long what a new sign-in has lives.
pub(super) struct Times {
    pub(super) access: Duration,
    pub(super) idle: Duration,
    /// When the family ends, unless it is extended.
    pub(super) end: Timestamp,
    /// When it ends at the latest.
    pub(super) absolute_at: Timestamp,
}

impl Times {
    pub(super) fn of(auth: &Auth, program: &Program) -> Self {
        let (native, now) = (&auth.config().native, auth.ambient().now());
        let rules = native.tokens(program.dialect);
        if program.dialect != Dialect::Resonite {
            let end = now.plus(rules.absolute);
            return Self { access: rules.access, idle: rules.idle, end, absolute_at: end };
        }
        let terms = program.terms.as_ref();
        let (unused, longest) = native.resonite.lifetimes(terms.is_some_and(|terms| terms.remembered));
        let absolute_at = terms.and_then(|terms| terms.absolute_at).unwrap_or_else(|| now.plus(longest));
        Self { access: unused, idle: unused, end: now.plus(unused).min(absolute_at), absolute_at }
    }
}

/// The family of a new sign-in.
pub(super) fn family(auth: &Auth, account: &AccountId, dialect: Dialect, proven: &ProvenBy, end: Timestamp) -> Family {
    let rules = auth.config().native.tokens(dialect);
    Family {
        id: auth.ambient().id(),
        app_id: app_of(dialect),
        account_id: account.clone(),
        scopes: Scopes::stored(&rules.scopes.join(" ")),
        expires_at: end,
        ended_at: None,
        authentication: Some(proven.authentication()),
    }
}

/// A new access token of a sign-in, and what the store keeps of it.
pub(crate) fn access_token(auth: &Auth, family: &Family, lifetime: Duration) -> (StoredToken, Secret) {
    let now = auth.ambient().now();
    let token = StoredToken {
        id: auth.ambient().id(),
        app_id: family.app_id.clone(),
        account_id: Some(family.account_id.clone()),
        scopes: family.scopes.clone(),
        created_at: now,
        expires_at: Some(now.plus(lifetime).min(family.expires_at)),
        revoked_at: None,
        family_id: Some(family.id.clone()),
        last_used_at: None,
        authentication: family.authentication,
        personal: None,
    };
    (token, Secret::generate(auth.ambient()))
}

/// The device that a sign-in is from, unless it is known.
pub(super) fn device(auth: &Auth, account: &AccountId, program: &Program, caller: &Caller) -> DeviceRecord {
    let now = auth.ambient().now();
    let name = caller.agent.as_deref().map(product).filter(|name| !name.is_empty());
    DeviceRecord {
        id: auth.ambient().id(),
        account_id: account.clone(),
        dialect: program.dialect,
        // A digest is nothing to show.
        client_id: program.device.clone().filter(|_| program.dialect != Dialect::Resonite),
        name: program.name.clone(),
        program: name.map(str::to_owned),
        created_at: now,
        last_seen_at: now,
    }
}
