//! The page on which a passkey is added: a script makes it, and submits the form (FAC-36, FAC-72, FAC-82).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::security_page::{Sent, added, answered, place};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::factors::passkeys::{self, AddedPasskey, NewPasskey, OwnProof};
use crate::model::caller::Caller;
use crate::texts;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::View;
use crate::web::pages::factor::setup_pages::{Typed, passkey_page};
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
    let Some(credential) = form.text("credential")? else { return begun(sent, caller, Typed::default()).await };
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
    match error {
        Error::Refused(refusal) => match Typed::of_passkey(&refusal, &name) {
            Some(typed) => begun(sent, caller, typed).await,
            None => Err(Error::Refused(refusal)),
        },
        error => Err(error),
    }
}

/// The page, with another challenge each time.
async fn begun(sent: &Sent, caller: &Caller, typed: Typed) -> Result<HttpResponse, Error> {
    let (auth, account) = (&sent.auth, &sent.browser.account);
    let setup = passkeys::begin(auth, &sent.owner, &OwnProof::default(), caller).await?;
    let asks_two_step = passkeys::asks_two_step(auth, account).await?;
    let reader = sent.form.reader().for_account(Some(account));
    let place = place(sent, &reader, "/account/security/passkeys");
    Ok(passkey_page(View::new(auth, &sent.req, &reader), place, (&setup, asks_two_step), typed).await)
}
