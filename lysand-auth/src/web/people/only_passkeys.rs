//! The switch "only passkeys" on the page of the own second factors (FAC-35, FAC-36).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::security_page::answered;
use crate::auth::Auth;
use crate::flows::factors::only_passkeys as flow;
use crate::flows::factors::own::{Act, OwnProof};
use crate::web::kit::forms::PostedForm;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `POST /account/security/only_passkeys`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    answered(auth, req, (form, false), async |sent| {
        let on = sent.form.text("on")?.as_deref() == Some("1");
        let (proof, caller) = (OwnProof::default(), wire::caller(&sent.req, sent.auth.config()));
        flow::set(&sent.auth, Act { owner: &sent.owner, proof: &proof, caller: &caller }, on).await?;
        Ok(sent.done(if on { "only_on" } else { "only_off" }))
    })
    .await
}
