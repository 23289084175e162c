//! A session is made stronger, or proven anew, because a page or a program wants that (FAC-57).

use actix_web::{HttpResponse, ResponseError as _};
use serde_json::json;

use super::entity;
use super::location::to_factor;
use super::posted::{Posted, refused};
use crate::error::Error;
use crate::flows::factors::step_up::{self as flow, Wish};
use crate::web::kit::forms::PostedForm;
use crate::web::wire::redirect::{own_path, redirect};
use crate::web::wire::request;

/// `POST /api/auth/step_up`
pub(super) async fn begin(form: Posted) -> HttpResponse {
    let form = match form {
        Ok(form) => form,
        Err(error) => return error.error_response(),
    };
    match begun(&form).await {
        Ok(reply) => reply,
        Err(error) => refused(&form, None, error).await,
    }
}

async fn begun(form: &PostedForm) -> Result<HttpResponse, Error> {
    let (auth, req) = (&form.auth, &form.req);
    form.params.require_known_type()?;
    request::refuse_method_override(req, &form.params)?;
    form.prove_sign_in()?;
    let browser = form.browser().await?;
    let return_to = form.text("return_to")?;
    let return_to = return_to.as_deref().and_then(own_path);
    let wish =
        Wish { acr_values: form.text("acr")?, max_age: form.text("max_age")?, return_to: return_to.map(str::to_owned) };
    match flow::begin(auth, &browser, wish).await? {
        Some(claim) => Ok(to_factor(auth, req, &form.reader(), &claim).await),
        None => {
            let place = return_to
                .map_or_else(|| auth.config().page_named("account").0, |path| auth.config().base_url.join(path));
            let reply = redirect(&place);
            Ok(if request::wants_json(req.headers()) { entity::finished(&reply, "done", json!({})) } else { reply })
        }
    }
}
