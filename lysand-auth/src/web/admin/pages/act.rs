//! `GET /admin/accounts/ID/ACT`: what will happen to an account, with the proof that it is you (people PPL-155).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::deed::{Deed, Filled, GRAVE, address, done};
use super::frame::{ACCOUNTS, Posted, acted, frame, looked, role_words, shown};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{AdminActPage, Page, RoleChoice};
use crate::model::account::Role;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;

const ROLES: [Role; 3] = [Role::Member, Role::Moderator, Role::Admin];

/// `GET /admin/accounts/ID/ACT`
pub(super) async fn page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
    path: Path<(String, String)>,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let (id, deed) = (&path.0, grave(&path.1)?);
        asked(&auth, &req, params, (staff, form.token(), id, deed), None).await
    })
    .await
}

/// `POST /admin/accounts/ID/ACT`
pub(super) async fn submit(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    path: Path<(String, String)>,
) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let (id, deed) = (&path.0, grave(&path.1)?);
        let again = |why: String| asked(&auth, &req, &form.params, (&staff, form.token(), id, deed), Some(why));
        if form.is_stale()? {
            return again(texts::TRY_AGAIN.to_owned()).await;
        }
        let role = form.text("role")?;
        let filled = Filled {
            message: form.text("message")?,
            role: ROLES
                .into_iter()
                .find(|known| deed == Deed::ChangeRole && role.as_deref() == Some(role_words(*known))),
        };
        let password = form.text("current_password")?.map(Secret::new);
        let done_or_not = async {
            // Whoever may not act is not asked for a proof.
            admin::target(&auth, &staff.account, id, filled.role.map_or(deed.act(), Act::ChangeRole)).await?;
            admin::require_proof_of_browser(&auth, &staff, password.as_ref()).await?;
            deed.perform(&auth, &req, &staff, id, &filled).await
        };
        match done_or_not.await {
            Ok(()) => Ok(redirect(&done(&auth, id))),
            Err(Error::Refused(refusal)) if refusal.code != Code::NotFound && refusal.retry_after.is_none() => {
                again(refusal.why.into_owned()).await
            }
            Err(error) => Err(error),
        }
    })
    .await
}

fn grave(name: &str) -> Result<Deed, Error> {
    let deed = GRAVE.into_iter().find(|deed| deed.name() == name);
    deed.ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))
}

async fn asked(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (staff, form_token, id, deed): (&SignedInBrowser, String, &str, Deed),
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&staff.account));
    let target = admin::target(auth, &staff.account, id, Act::Warn).await?;
    let wanted = credentials::proof_wanted(auth, staff).await?;
    let path = format!("{ACCOUNTS}/{id}/{}", deed.name());
    let sign_in = || {
        let place = auth.config().base_url.join("/account/sign-in");
        reader.keep(&with_query(&place, [("return_to", path.as_str()), ("prompt", "login")]))
    };
    let is_wrong = error.is_some();
    let page = Page::AdminAct(AdminActPage {
        frame: frame(auth, &reader, &staff.account, "").await?,
        action: reader.keep(&path),
        form_token,
        username: target.username.clone(),
        words: deed.words(),
        what: deed.what(),
        takes_message: matches!(deed, Deed::Disable | Deed::Suspend),
        message: params.body_text("message").ok().flatten().unwrap_or_default(),
        roles: match deed {
            Deed::ChangeRole => {
                ROLES.map(|role| RoleChoice { name: role_words(role), chosen: role == target.role }).into()
            }
            _ => Vec::new(),
        },
        asks_password: wanted == ProofWanted::Password,
        sign_in: (wanted == ProofWanted::Confirmation).then(sign_in),
        error,
        back: reader.keep(&address(auth, id)),
    });
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}
