//! `GET /health` and `GET /health/ready`: is the process alive, and may it have traffic (running contract §4, LOAD-9)?

use std::path::Path;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use diesel::QueryDsl;
use diesel::migration::MigrationSource;
use diesel::sqlite::Sqlite;
use lysand_auth::error::Error;
use lysand_auth::on;
use lysand_auth::store::Store;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{json, not_allowed, with_slash};
use serde_json::json;

use crate::settings::Settings;
use crate::state::{MIGRATIONS, State};

diesel::table! {
    /// What Diesel keeps about applied migrations.
    #[sql_name = "__diesel_schema_migrations"]
    applied_migration (version) {
        version -> Text,
    }
}

/// Below this many free bytes a commit may not find room for itself and the next check-point.
const ROOM: u64 = 16 * 1024 * 1024;

/// Whether the server is on its way out; shared by all workers.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on the server is not ready and closes connections after their answer.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The two routes.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Public, state.auth.config().base_url.is_secure());
    move |config| {
        for path in with_slash("/health") {
            config.service(
                web::resource(path)
                    .route(web::get().to(alive))
                    .route(web::head().to(alive))
                    .default_service(not_allowed("GET, HEAD"))
                    .wrap(headers),
            );
        }
        for path in with_slash("/health/ready") {
            config.service(
                web::resource(path)
                    .route(web::get().to(ready))
                    .route(web::head().to(ready))
                    .default_service(not_allowed("GET, HEAD"))
                    .wrap(headers),
            );
        }
    }
}

/// Touches nothing: a database that is away must not make anyone restart this process.
async fn alive() -> HttpResponse {
    fresh(json(&json!({ "status": "ok" })))
}

async fn ready(state: web::Data<State>, draining: web::Data<Draining>) -> HttpResponse {
    match hindrance(&state, &draining).await {
        None => fresh(json(&json!({ "status": "ready" }))),
        Some(reason) => {
            let mut answer = fresh(json(&json!({ "status": "not ready", "error": reason })));
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            answer
        }
    }
}

/// Tells whoever stands between not to keep the answer.
fn fresh(mut answer: HttpResponse) -> HttpResponse {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The name of the first reason to send traffic elsewhere.
async fn hindrance(state: &State, draining: &Draining) -> Option<&'static str> {
    if draining.has_begun() {
        return Some("shutting_down");
    }
    match applied(state.auth.store()).await {
        Err(Error::Refused(_)) => Some("database"),
        Err(Error::Failed(_)) => Some("schema"),
        Ok(applied) if applied != *KNOWN => Some("schema"),
        Ok(_) if disk_is_full(&state.settings) => Some("disk"),
        Ok(_) => None,
    }
}

/// The versions of all migrations, in order.
static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let migrations = MIGRATIONS.iter().flat_map(|set| MigrationSource::<Sqlite>::migrations(set).unwrap_or_default());
    let mut versions: Vec<_> = migrations.map(|migration| migration.name().version().to_string()).collect();
    versions.sort_unstable();
    versions
});

async fn applied(store: &Store) -> Result<Vec<String>, Error> {
    let versions = applied_migration::table.select(applied_migration::version).order(applied_migration::version);
    store.read(move |c| Box::pin(async move { Ok(on!(c, c => versions.load(c))?) })).await
}

/// Whether there is no room left for an embedded database. Another machine's disk is that machine's business.
fn disk_is_full(settings: &Settings) -> bool {
    let Some(path) = settings.database.url.expose().strip_prefix("sqlite:") else { return false };
    let file = Path::new(path.strip_prefix("//").unwrap_or(path));
    rustix::fs::statvfs(file).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM)
}
