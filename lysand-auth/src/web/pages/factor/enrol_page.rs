//! The page of a sign-in to an account that must have a second factor, and has none (FAC-34).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::page::{last_error, leads_on, standing};
use crate::auth::Auth;
use crate::flows::factors::pending::{PendingView, Standing};
use crate::flows::factors::sign_in::{BeforeSession, FactorKind};
use crate::host::pages::{EnrolPage, MomentOnPage, Page};
use crate::web::kit::form_session::FormSession;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::wire::params::{Params, Received};

/// `GET /oauth/enrol`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        match standing(&auth, &req, &params).await? {
            Standing::Open(view) if view.lacks == Some(BeforeSession::Enrolment) => {
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
    let has_factor = view.enrolment.is_some_and(|enrolment| enrolment.has_factor);
    let adds = |kind, path: &str| view.methods.contains(&kind).then(|| reader.keep(path));
    let page = Page::Enrol(EnrolPage {
        form_token,
        pending: &view.id,
        app: view.app.as_ref().map(app_on_page),
        account: account_on_page(&view.account),
        passkey_action: adds(FactorKind::Passkey, "/api/auth/enrol/passkey/start"),
        totp_action: adds(FactorKind::Totp, "/api/auth/enrol/totp"),
        two_step_action: has_factor.then(|| reader.keep("/api/auth/enrol/two_step")),
        later_until: view.enrolment.and_then(|enrolment| enrolment.later_until).map(MomentOnPage::from),
        for_app: view.enrolment.is_some_and(|enrolment| enrolment.wanted.is_some()),
        later_action: reader.keep("/api/auth/enrol/later"),
        error: last_error(params),
        cancel_action: reader.keep("/api/auth/cancel"),
    });
    show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await
}
