//! Failed token requests are counted: of one client from one address (DEV-25), and of all clients that do not exist from one
//! address together, since anybody can invent as many as they like (faults F3).

use super::request::TokenRequest;
use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::rate_limit::{self, Counter, Rule};
use crate::steps::throttle;
use crate::store::{apps, rate_limits};
use crate::texts;

/// The counters of which a failed request touches one; none when limits are off.
pub(super) struct Failures {
    client_id: String,
    of_client: Option<Counter>,
    of_address: Option<Counter>,
    source: Option<IpAddr>,
}

impl Failures {
    pub(super) fn of(auth: &Auth, request: &TokenRequest) -> Self {
        let client_id = request.client.id.clone().unwrap_or_default();
        let source = request.source.map(rate_limit::source_of);
        let counter = |subject: &str| auth.config().rate_limits.counter(Rule::TokenFailures, subject);
        Self {
            of_client: source.as_ref().and_then(|source| counter(&format!("{source} {client_id}"))),
            of_address: source.as_ref().and_then(|source| counter(source)),
            source: request.source,
            client_id,
        }
    }

    pub(super) async fn refuse_if_too_many(&self, auth: &Auth) -> Result<(), Error> {
        let Some(counter) = self.of_client else { return Ok(()) };
        throttle::refuse_exceeded(auth, counter, texts::TOO_MANY_REQUESTS)?;
        let now = auth.ambient().now();
        let count = auth.store().look_up(move |c| Box::pin(rate_limits::counted(c, counter, now))).await?;
        match count < i64::from(counter.limit.max) {
            true => Ok(()),
            false => Err(throttle::exceeded(auth, (counter, self.source), texts::TOO_MANY_REQUESTS).await),
        }
    }

    /// Counts a request that failed with `code`.
    pub(super) async fn count(&self, auth: &Auth, code: Code) -> Result<(), Error> {
        let counter = match code == Code::InvalidClient && !self.client_exists(auth).await? {
            true => self.of_address,
            false => self.of_client,
        };
        let Some(counter) = counter else { return Ok(()) };
        let _turn = throttle::admit(auth, counter, texts::TOO_MANY_REQUESTS).await?;
        let now = auth.ambient().now();
        let count = auth.store().write_one(move |c| Box::pin(rate_limits::count(c, counter, now))).await?;
        match count <= i64::from(counter.limit.max) {
            true => Ok(()),
            false => Err(throttle::exceeded(auth, (counter, self.source), texts::TOO_MANY_REQUESTS).await),
        }
    }

    async fn client_exists(&self, auth: &Auth) -> Result<bool, Error> {
        if self.of_address.is_none() || self.client_id.is_empty() {
            return Ok(false);
        }
        let id = self.client_id.clone();
        let app = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &id).await })).await?;
        Ok(app.is_some())
    }
}
