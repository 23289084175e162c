//! From where a sign-in goes on, whatever it lacks (FAC-30).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::page::{leads_on, standing};
use super::posted;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::flows::factors::pending::{self, Standing};
use crate::flows::factors::sign_in as flow;
use crate::model::session::Browser;
use crate::web::kit::page::PageError;
use crate::web::pages::login_redirect::to_waiting_page;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};

/// `GET /oauth/continue`
pub(super) async fn go_on(auth: Data<Auth>, req: HttpRequest, received: Received, browser: Browser) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let claim = cookies::pending_claim(&auth, req.headers(), params.last_text("pending").as_deref());
        match (standing(&auth, &req, &params).await?, claim) {
            (Standing::Open(view), Some(claim)) if view.lacks.is_none() => {
                completed((&auth, &req, &params), &claim, browser).await
            }
            (other, _) => leads_on(&auth, &req, &params, other).await,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// A sign-in that lacks nothing any more finishes. The cookie by which its browser goes on is of no use to another site's link.
async fn completed(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    claim: &PendingClaim,
    browser: Browser,
) -> Result<HttpResponse, Error> {
    match flow::complete(auth, claim, browser).await {
        Ok(finished) => posted::leads_on((auth, req, params), claim, (&finished, json!({}))).await,
        Err(Error::Refused(refusal)) if refusal.waiting_token.is_some() => {
            Ok(to_waiting_page(auth, &params.reader(req), &refusal))
        }
        Err(Error::Refused(refusal)) if refusal.code == Code::SignInOver => {
            leads_on(auth, req, params, pending::look(auth, claim).await?).await
        }
        Err(error) => Err(error),
    }
}
