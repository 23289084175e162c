//! Failed token requests of one client from one address are counted (DEV-25).

use super::request::TokenRequest;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::rate_limit::{self, Limit, Rule};
use crate::secret::Digest;
use crate::store::rate_limits;
use crate::texts;

/// The counter that a failed request touches; none when limits are off.
pub(super) struct Failures(Option<(Digest, Limit)>);

impl Failures {
    pub(super) fn of(auth: &Auth, request: &TokenRequest) -> Self {
        let limit = auth.config().rate_limits.of(Rule::TokenFailures);
        Self(request.source.zip(limit).map(|(source, limit)| {
            let client = request.client.id.as_deref().unwrap_or_default();
            (Digest::of(format!("{} {client}", rate_limit::source_of(source)).as_bytes()), limit)
        }))
    }

    pub(super) async fn refuse_if_too_many(&self, auth: &Auth) -> Result<(), Error> {
        let Some((subject, limit)) = self.0 else { return Ok(()) };
        let now = auth.ambient().now();
        let window = limit.window(now);
        let count = auth
            .store()
            .look_up(move |c| Box::pin(rate_limits::counted(c, Rule::TokenFailures, subject, window)))
            .await?;
        if count < i64::from(limit.max) {
            return Ok(());
        }
        Err(limit.exceeded(texts::TOO_MANY_REQUESTS, now))
    }

    pub(super) async fn count(&self, auth: &Auth) -> Result<(), Error> {
        let Some((subject, limit)) = self.0 else { return Ok(()) };
        let window = limit.window(auth.ambient().now());
        auth.store()
            .write(move |c| Box::pin(rate_limits::count(c, Rule::TokenFailures, subject, window)))
            .await
            .map(drop)
    }
}
