//! What the forms of the page post to on which a second factor is set up within a sign-in, and what programs get (FAC-34).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::entity;
use super::location::{CONTINUE, page_of};
use super::posted::{Posted, acted, finished, leads_on, open};
use super::setup_pages::{SetupPlace, Typed, codes_page, passkey_page, totp_page};
use crate::error::{Error, PendingClaim};
use crate::flows::factors::enrol::{self as flow, EnrolledAtSignIn};
use crate::flows::factors::passkeys::{NewPasskey, PasskeySetup};
use crate::flows::factors::sign_in::Finished;
use crate::flows::factors::totp::Setup;
use crate::host::pages::WaitingSignIn;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::wire::cookies;
use crate::web::wire::request;

/// `POST /api/auth/enrol/totp`: an authenticator app is being set up.
pub(super) async fn totp(form: Posted) -> HttpResponse {
    acted(form, async |form, claim| {
        let setup = flow::begin_totp(&form.auth, claim, &request::caller(&form.req, form.auth.config())).await?;
        match request::wants_json(form.req.headers()) {
            true => Ok(entity::private(
                StatusCode::CREATED,
                &json!({
                    "setup_id": setup.id,
                    "secret": setup.secret.expose(),
                    "otpauth_uri": setup.address.expose(),
                    "expires_at": setup.expires_at.to_iso8601(),
                }),
            )),
            false => setting_up(form, claim, SetUp::Totp(setup), Typed::default()).await,
        }
    })
    .await
}

/// `POST /api/auth/enrol/totp/confirm`: its first code.
pub(super) async fn confirm_totp(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        let given = |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default());
        let (id, code, name) = (given("setup_id")?, given("code")?, given("name")?);
        let enrolled = flow::confirm_totp(&form.auth, claim, (&id, &code, &name), browser).await;
        let typed = match &enrolled {
            Err(Error::Refused(refusal)) if !request::wants_json(form.req.headers()) => Typed::of_totp(refusal, &name),
            _ => None,
        };
        match typed {
            Some(typed) => {
                let setup = flow::totp_again(&form.auth, claim, &id).await?;
                setting_up(form, claim, SetUp::Totp(setup), typed).await
            }
            None => goes_on(form, claim, enrolled?).await,
        }
    })
    .await
}

/// `POST /api/auth/enrol/passkey/start`: what a browser makes a passkey from.
pub(super) async fn passkey_start(form: Posted) -> HttpResponse {
    acted(form, async |form, claim| {
        let setup = begin_passkey(form, claim).await?;
        if !request::wants_json(form.req.headers()) {
            return setting_up(form, claim, SetUp::Passkey(setup), Typed::default()).await;
        }
        let options: Value = serde_json::from_str(&setup.options).map_err(Error::failed)?;
        let told = json!({ "setup_id": setup.id, "options": options, "expires_at": setup.expires_at.to_iso8601() });
        Ok(entity::private(StatusCode::OK, &told))
    })
    .await
}

async fn begin_passkey(form: &PostedForm, claim: &PendingClaim) -> Result<PasskeySetup, Error> {
    flow::begin_passkey(&form.auth, claim, &request::caller(&form.req, form.auth.config())).await
}

/// `POST /api/auth/enrol/passkey`: the one that it made.
pub(super) async fn passkey(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        let given = |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default());
        let (setup, credential, name) = (given("setup_id")?, given("credential")?, given("name")?);
        let new = NewPasskey { setup: &setup, credential: &credential, name: &name, two_step: Some(true) };
        let enrolled = flow::confirm_passkey(&form.auth, claim, new, browser).await;
        let typed = match &enrolled {
            Err(Error::Refused(refusal)) if !request::wants_json(form.req.headers()) => {
                Typed::of_passkey(refusal, &name)
            }
            _ => None,
        };
        match typed {
            Some(typed) => setting_up(form, claim, SetUp::Passkey(begin_passkey(form, claim).await?), typed).await,
            None => goes_on(form, claim, enrolled?).await,
        }
    })
    .await
}

/// `POST /api/auth/enrol/two_step`: sign-ins ask for the factor that is there already.
pub(super) async fn two_step(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        let enrolled = flow::turn_on(&form.auth, claim, browser).await?;
        goes_on(form, claim, enrolled).await
    })
    .await
}

/// `POST /api/auth/enrol/later`
pub(super) async fn later(form: Posted, browser: Browser) -> HttpResponse {
    finished(form, async |form, claim| flow::put_off(&form.auth, claim, browser).await).await
}

/// What is being set up.
enum SetUp {
    Totp(Setup),
    Passkey(PasskeySetup),
}

async fn setting_up(
    form: &PostedForm,
    claim: &PendingClaim,
    setup: SetUp,
    typed: Typed,
) -> Result<HttpResponse, Error> {
    let (auth, view) = (&form.auth, open(form, claim).await?);
    let reader = form.reader().for_account(Some(&view.account));
    let action = match &setup {
        SetUp::Totp(_) => "/api/auth/enrol/totp/confirm",
        SetUp::Passkey(_) => "/api/auth/enrol/passkey",
    };
    let sign_in = WaitingSignIn {
        pending: &view.id,
        enrol: page_of(auth, &reader, &view, None),
        cancel_action: reader.keep("/api/auth/cancel"),
    };
    let place = SetupPlace {
        username: &view.account.username,
        action: reader.keep(action),
        form_token: form.token(),
        security: None,
        sign_in: Some(sign_in),
    };
    let shown = View::new(auth, &form.req, &reader);
    Ok(match setup {
        SetUp::Totp(setup) => totp_page(shown, place, &setup, typed).await,
        SetUp::Passkey(setup) => passkey_page(shown, place, (&setup, false), typed).await,
    })
}

/// A factor was set up: recovery codes that were made with it are shown on the way on.
async fn goes_on(form: &PostedForm, claim: &PendingClaim, enrolled: EnrolledAtSignIn) -> Result<HttpResponse, Error> {
    let EnrolledAtSignIn { recovery_codes, username, finished } = enrolled;
    let is_for_program = request::wants_json(form.req.headers());
    if recovery_codes.is_empty() || is_for_program {
        let codes: Vec<&str> = recovery_codes.iter().map(Secret::expose).collect();
        let along = if codes.is_empty() { json!({}) } else { json!({ "recovery_codes": codes }) };
        return leads_on((&form.auth, &form.req, &form.params), claim, (&finished, along)).await;
    }
    let (auth, reader) = (&form.auth, form.reader());
    let (next, token) = (auth.config().base_url.join(CONTINUE), form.token());
    let (whose, said) = ((&*recovery_codes, &*username), (Some(texts::FACTOR_ADDED), &*token));
    let mut page = codes_page(View::new(auth, &form.req, &reader), whose, said, (next, Some(&claim.id))).await;
    match &finished {
        Finished::SignedIn(signed_in) => cookies::put_sign_in(auth, &mut page, signed_in)?,
        Finished::Here(start) => cookies::put_start(auth, &mut page, start)?,
        Finished::Waits => {}
    }
    Ok(page)
}
