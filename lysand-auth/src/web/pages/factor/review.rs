//! The page on which somebody says after a reset what of the other ways in stays, and what its form and programs post to (people
//! PPL-93, FAC-5).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::page::{last_error, leads_on, standing};
use super::posted::{Posted, finished};
use crate::auth::Auth;
use crate::flows::factors::pending::{OtherWayIn, PendingView, Standing};
use crate::flows::factors::review as flow;
use crate::flows::factors::sign_in::BeforeSession;
use crate::host::pages::{MomentOnPage, OtherWayInOnPage, Page, ReviewPage};
use crate::model::session::Browser;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::wire::params::{Params, Received};

/// `GET /oauth/review`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        match standing(&auth, &req, &params).await? {
            Standing::Open(view) if view.lacks == Some(BeforeSession::Review) => {
                Ok(shown(&auth, &req, &params, (&view, form.token())).await)
            }
            other => leads_on(&auth, &req, &params, other).await,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (view, form_token): (&PendingView, String),
) -> HttpResponse {
    let reader = params.reader(req).for_account(Some(&view.account));
    let page = Page::Review(ReviewPage {
        action: reader.keep("/api/auth/review"),
        form_token,
        pending: &view.id,
        app: view.app.as_ref().map(app_on_page),
        account: account_on_page(&view.account),
        ways: view.other_ways.iter().map(way_on_page).collect(),
        error: last_error(params),
        cancel_action: reader.keep("/api/auth/cancel"),
    });
    show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await
}

fn way_on_page(way: &OtherWayIn) -> OtherWayInOnPage<'_> {
    OtherWayInOnPage {
        id: &way.id,
        kind: way.kind.name(),
        name: &way.name,
        label: way.label.as_deref(),
        made: MomentOnPage::from(way.since),
        last_used: way.last_used_at.map(MomentOnPage::from),
    }
}

/// `POST /api/auth/review`: `remove`, as often as there is something to remove; everything else stays.
pub(super) async fn answer(form: Posted, browser: Browser) -> HttpResponse {
    finished(form, async |form, claim| {
        let removed = form.params.every_text("remove")?;
        flow::answer(&form.auth, claim, &removed, browser).await
    })
    .await
}
