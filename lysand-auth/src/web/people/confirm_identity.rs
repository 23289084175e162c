//! The page where somebody who is signed in confirms that it is them, on the way to what only its owner may change (people
//! PPL-23, factors FAC-108).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::password::to_sign_in;
use super::paths::{
    ACTIVITY, CLOSE, CONFIRM_IDENTITY, EMAIL, EXPORT, INVITATIONS, PASSWORD, PROFILE, SECURITY, SESSIONS, SESSIONS_END,
    TOKENS,
};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials;
use crate::flows::sessions::{self, OwnProof, SignedInBrowser};
use crate::host::pages::{ConfirmIdentityPage, FieldOnPage, Page, Reader};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::pages::app_list;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;

const ACCOUNT: &str = "/account";
/// The queue of staff, where declining wants a proof.
const STAFF_REQUESTS: &str = "/admin/requests";
/// Where the page may lead to.
const PLACES: [&str; 14] = [
    ACCOUNT,
    PASSWORD,
    EMAIL,
    INVITATIONS,
    PROFILE,
    SECURITY,
    ACTIVITY,
    SESSIONS,
    SESSIONS_END,
    TOKENS,
    CLOSE,
    EXPORT,
    app_list::END_ALL,
    STAFF_REQUESTS,
];

/// The address of the page, on the way to `then`.
pub(super) fn address(reader: &Reader, then: &str) -> String {
    reader.keep(&with_query(CONFIRM_IDENTITY, [("then", then)]))
}

/// One of the places; the own account instead of anything else.
fn place(wanted: Option<&str>) -> &'static str {
    PLACES.into_iter().find(|place| wanted == Some(*place)).unwrap_or(ACCOUNT)
}

/// `GET /account/confirm?then=PATH`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let (reader, then) = (params.reader(&req), place(params.last_text("then").as_deref()));
        let Some(browser) = session::even_without_factor(&auth, req.headers()).await?.0 else {
            return Ok(to_sign_in(&auth, &reader, then));
        };
        if credentials::is_proven(&auth, &browser).await? {
            return Ok(redirect(&reader.keep(&auth.config().base_url.join(then))));
        }
        shown((&auth, &req, &params), (&browser, form.token()), then, Said::default()).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/confirm`: the password once more. The session is another one afterwards (security WEB-1).
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let then = place(form.text("then")?.as_deref());
        let Some(browser) = form.signed_in_without_factor().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), then));
        };
        let again = |said| shown((&auth, &req, &form.params), (&browser, form.token()), then, said);
        if form.is_stale()? {
            return again(Said { error: Some(texts::TRY_AGAIN), ..Said::default() }).await;
        }
        let given = |name: &str| Ok::<_, Error>(form.text(name)?.map(Secret::new));
        let proof = OwnProof::new(given("current_password")?, given("otp")?);
        let known = session::browser(&auth, &req, Some(&browser.session));
        match sessions::renew(&auth, &browser, &proof, &known).await {
            Ok(cookie) => {
                let mut reply = redirect(&form.reader().keep(&auth.config().base_url.join(then)));
                cookies::put_session(&auth, &mut reply, &cookie)?;
                Ok(reply)
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::WrongPassword => {
                again(Said { wrong_password: Some(texts::NOT_THE_PASSWORD), ..Said::default() }).await
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::WrongFactor => {
                again(Said { wrong_code: Some(texts::WRONG_FACTOR), ..Said::default() }).await
            }
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// What went wrong at the last try.
#[derive(Default)]
struct Said {
    error: Option<&'static str>,
    wrong_password: Option<&'static str>,
    wrong_code: Option<&'static str>,
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    then: &'static str,
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let takes_password =
        !auth.config().sso.forced && auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    let reader = params.reader(req).for_account(Some(account));
    let needs_two = sessions::needs_two_proofs(auth, account).await?;
    let status = match said.error.or(said.wrong_password).or(said.wrong_code) {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let sign_in =
        with_query(&auth.config().base_url.join("/account/sign-in"), [("return_to", then), ("prompt", "login")]);
    let page = Page::ConfirmIdentity(ConfirmIdentityPage {
        action: &reader.keep(CONFIRM_IDENTITY),
        form_token,
        then,
        username: &account.username,
        current_password: FieldOnPage {
            asked: takes_password,
            required: true,
            value: String::new(),
            error: said.wrong_password.map(str::to_owned),
        },
        otp: FieldOnPage {
            asked: needs_two,
            required: true,
            value: String::new(),
            error: said.wrong_code.map(str::to_owned),
        },
        error: said.error,
        sign_in: reader.keep(&sign_in),
        account: reader.keep(&auth.config().base_url.join(ACCOUNT)),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirm_identity_leads_to_pages_of_the_account_alone() {
        assert_eq!(place(Some("/account/email")), "/account/email");
        for foreign in
            ["//evil.example", "https://evil.example", "/account/email/../x", "/oauth/revoke", "", "/Account"]
        {
            assert_eq!(place(Some(foreign)), "/account", "{foreign}");
        }
        assert_eq!(place(None), "/account");
    }
}
