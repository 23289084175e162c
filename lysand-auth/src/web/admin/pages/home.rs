//! `GET /admin`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::frame::{HOME, MAIL, frame, looked, shown};
use crate::auth::Auth;
use crate::flows::admin::DayNumbers;
use crate::flows::{admin, sign_up};
use crate::host::pages::{AdminHomePage, ChartOnPage, DayOnChart, Page};
use crate::texts;
use crate::web::wire::params::Received;
use crate::web::wire::redirect::with_query;

/// How many days the charts show.
const DAYS: i64 = 30;
/// How wide a day is on a chart, and how high the highest bar.
const WIDTH: usize = 10;
const HEIGHT: i64 = 50;

/// `GET /admin`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let reader = params.reader(&req).for_account(Some(&staff.account));
        let counts = admin::counts(&auth).await?;
        let page = Page::AdminHome(AdminHomePage {
            frame: frame(&auth, &reader, &staff.account, HOME).await?,
            people: counts.accounts,
            stopped: counts.stopped,
            failed_mails: counts.failed_mails,
            failed: reader.keep(&with_query(&auth.config().base_url.join(MAIL), [("state", "failed")])),
            reaches_nobody: !auth.mailer().reaches_people(),
            mode: sign_up::mode(&auth, sign_up::Road::Page).name(),
            charts: charts(&admin::last_days(&auth, &staff.account, DAYS).await?),
        });
        Ok(shown(&auth, &req, &reader, &page, false).await)
    })
    .await
}

fn charts(days: &[DayNumbers]) -> Vec<ChartOnPage> {
    let chart = |words: &'static str, number: fn(&DayNumbers) -> i64| {
        let most = days.iter().map(number).max().unwrap_or_default();
        let bar = |(at, numbers): (usize, &DayNumbers)| {
            let number = number(numbers);
            // What happened at all can be seen.
            let height = if number > 0 { (number * HEIGHT / most).max(1) } else { 0 };
            DayOnChart { day: numbers.date(), number, x: at * WIDTH, height }
        };
        ChartOnPage {
            words,
            total: days.iter().map(number).sum(),
            most,
            days: days.iter().enumerate().map(bar).collect(),
        }
    };
    vec![
        chart(texts::CHART_SIGN_INS, |numbers| numbers.sign_ins),
        chart(texts::CHART_FAILURES, |numbers| numbers.failures),
        chart(texts::CHART_SIGN_UPS, |numbers| numbers.sign_ups),
    ]
}
