//! How the server is used, for programs (people PPL-150).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::flows::admin::{self, DayNumbers};
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, json as reply};

/// How many days are told where nobody says.
const DAYS: i64 = 30;

/// `GET /api/v1/admin/auth/dashboard`
pub(super) async fn show(auth: Data<Auth>, bearer: Bearer, received: Received) -> Result<HttpResponse, ApiError> {
    let staff = bearer.account(&["admin:read"]).await?;
    admin::require_staff(&staff)?;
    let days = received.0?.last_scalar("days")?.and_then(|days| days.parse().ok()).filter(|days| *days >= 1);
    let dashboard = admin::dashboard(&auth, &staff, days.unwrap_or(DAYS)).await?;
    Ok(reply(&json!({
        "days": dashboard.days.iter().map(day).collect::<Vec<_>>(),
        "waiting": dashboard.waiting,
        "accounts": dashboard.accounts,
        "sessions": dashboard.sessions,
        "apps": dashboard.apps,
    })))
}

fn day(numbers: &DayNumbers) -> Value {
    json!({
        "day": numbers.date(),
        "sign_ins": numbers.sign_ins,
        "failures": numbers.failures,
        "sign_ups": numbers.sign_ups,
        "confirmed": numbers.confirmed,
        "mails_failed": numbers.mails_failed,
    })
}
