//! The page on which a passkey is added: a script makes it, and submits the form (FAC-36, FAC-72, FAC-82).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::paths::SECURITY;
use super::security_page::{Sent, added, answered, private};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::factors::passkeys::{self, AddedPasskey, NewPasskey, OwnProof};
use crate::host::pages::{FieldOnPage, Page, PasskeyPage};
use crate::model::caller::Caller;
use crate::texts;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{View, show};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `POST /account/security/passkeys`: shows what the script makes a passkey from; or adds the one that it made.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    answered(auth, req, (form, true), async |sent| {
        let caller = wire::caller(&sent.req, sent.auth.config());
        did(sent, &caller).await
    })
    .await
}

async fn did(sent: &Sent, caller: &Caller) -> Result<HttpResponse, Error> {
    let (auth, form, proof) = (&sent.auth, &sent.form, OwnProof::default());
    let Some(credential) = form.text("credential")? else { return begun(sent, caller, Said::default()).await };
    let given = |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default());
    let (setup, name) = (given("setup_id")?, given("name")?);
    // A box that is not ticked sends nothing.
    let two_step = Some(form.text("two_step")?.is_some());
    let new = NewPasskey { setup: &setup, credential: &credential, name: &name, two_step };
    let error = match passkeys::confirm(auth, (&sent.owner, Some(&sent.browser)), new, &proof, caller).await {
        Ok(AddedPasskey { recovery_codes, cookie, .. }) => {
            return added(sent, (&recovery_codes, cookie.as_ref()), ("passkey_added", texts::PASSKEY_ADDED)).await;
        }
        Err(error) => error,
    };
    match &error {
        Error::Refused(refusal) if refusal.code == Code::WrongPasskey => {
            begun(sent, caller, Said { error: Some(texts::WRONG_PASSKEY), ..Said::default() }).await
        }
        Error::Refused(refusal) if refusal.code == Code::Validation && !passkeys::is_name(&name) => {
            begun(sent, caller, Said { name, name_error: Some(texts::BAD_NAME), error: None }).await
        }
        _ => Err(error),
    }
}

/// What was typed, and what went wrong.
#[derive(Default)]
struct Said {
    name: String,
    name_error: Option<&'static str>,
    error: Option<&'static str>,
}

/// The page, with another challenge each time.
async fn begun(sent: &Sent, caller: &Caller, said: Said) -> Result<HttpResponse, Error> {
    let (auth, account) = (&sent.auth, &sent.browser.account);
    let setup = passkeys::begin(auth, &sent.owner, &OwnProof::default(), caller).await?;
    let asks_two_step = passkeys::asks_two_step(auth, account).await?;
    let reader = sent.form.reader().for_account(Some(account));
    let status = match said.error.is_some() || said.name_error.is_some() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let page = Page::Passkey(PasskeyPage {
        action: reader.keep("/account/security/passkeys"),
        form_token: sent.form.token(),
        setup_id: &setup.id,
        options: &setup.options,
        username: &account.username,
        name: FieldOnPage { asked: true, required: false, value: said.name, error: said.name_error.map(str::to_owned) },
        asks_two_step,
        error: said.error,
        security: reader.keep(&auth.config().base_url.join(SECURITY)),
    });
    Ok(private(show(View::new(auth, &sent.req, &reader), &page, status, &[]).await))
}
