//! The page of the own second factors, and what its forms do (FAC-35 to FAC-37, FAC-62, FAC-64, FAC-68).

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::confirm_identity;
use super::password::to_sign_in;
use super::paths::SECURITY;
use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::flows::credentials;
use crate::flows::factors::own::{self as flow, Act, OwnFactor, OwnProof, Owner, PasskeyFacts};
use crate::flows::factors::totp::{self, Enrolled, Setup};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{FactorOnPage, OwnPasskey, Page, Reader, SecurityPage};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::passkey_signals;
use crate::web::kit::session;
use crate::web::pages::factor::setup_pages::{SetupPlace, Typed, codes_page, private, totp_page};
use crate::web::pages::factor::way_back::request_on_page;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `GET /account/security`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(browser) = session::even_without_factor(&auth, req.headers()).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), SECURITY));
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("added") => Some(texts::FACTOR_ADDED),
            Some("passkey_added") => Some(texts::PASSKEY_ADDED),
            Some("removed") => Some(texts::FACTOR_REMOVED),
            Some("renamed") => Some(texts::FACTOR_RENAMED),
            Some("mail_on") => Some(texts::MAIL_FACTOR_ON),
            Some("mail_off") => Some(texts::MAIL_FACTOR_OFF),
            Some("only_on") => Some(texts::ONLY_PASSKEYS_ON),
            Some("only_off") => Some(texts::ONLY_PASSKEYS_OFF),
            Some("on") => Some(texts::TWO_STEP_ON),
            Some("off") => Some(texts::TWO_STEP_OFF),
            Some("codes") => Some(texts::CODES_SHOWN),
            Some("way_back_stopped") => Some(texts::WAY_BACK_STOPPED),
            _ => None,
        };
        shown((&auth, &req, &params), (&browser, form.token()), (notice, None)).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// Somebody who is signed in, and the form that they sent.
pub(super) struct Sent {
    pub(super) auth: Data<Auth>,
    pub(super) req: HttpRequest,
    pub(super) form: PostedForm,
    pub(super) browser: SignedInBrowser,
    pub(super) owner: Owner,
}

impl Sent {
    /// The address of the page with a notice.
    pub(super) fn done(&self, notice: &str) -> HttpResponse {
        let place = self.form.reader().keep(&self.auth.config().base_url.join(SECURITY));
        let separator = if place.contains('?') { '&' } else { '?' };
        redirect(&format!("{place}{separator}notice={notice}"))
    }

    async fn again(&self, error: &str) -> Result<HttpResponse, Error> {
        let at = (&**self.auth, &self.req, &self.form.params);
        shown(at, (&self.browser, self.form.token()), (None, Some(error.to_owned()))).await
    }
}

/// What the forms of the page do.
#[derive(Clone, Copy, Debug)]
enum Deed {
    BeginTotp,
    ConfirmTotp,
    TwoStep,
    Email,
    Recovery,
    Download,
    Rename,
    Remove,
}

/// `POST /account/security/totp`
pub(super) async fn begin_totp(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    posted(auth, req, form, (Deed::BeginTotp, "")).await
}

/// `POST /account/security/totp/confirm`
pub(super) async fn confirm_totp(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    posted(auth, req, form, (Deed::ConfirmTotp, "")).await
}

/// `POST /account/security/two_step`
pub(super) async fn two_step(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    posted(auth, req, form, (Deed::TwoStep, "")).await
}

/// `POST /account/security/email`
pub(super) async fn email(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    posted(auth, req, form, (Deed::Email, "")).await
}

/// `POST /account/security/recovery`
pub(super) async fn recovery(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    posted(auth, req, form, (Deed::Recovery, "")).await
}

/// `POST /account/security/recovery/download`
pub(super) async fn download(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    posted(auth, req, form, (Deed::Download, "")).await
}

/// `POST /account/security/{id}/rename`
pub(super) async fn rename(
    auth: Data<Auth>,
    req: HttpRequest,
    id: Path<String>,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    posted(auth, req, form, (Deed::Rename, &id)).await
}

/// `POST /account/security/{id}/remove`
pub(super) async fn remove(
    auth: Data<Auth>,
    req: HttpRequest,
    id: Path<String>,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    posted(auth, req, form, (Deed::Remove, &id)).await
}

async fn posted(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    deed: (Deed, &str),
) -> HttpResponse {
    let is_setup = matches!(deed.0, Deed::BeginTotp | Deed::ConfirmTotp);
    answered(auth, req, (form, is_setup), async |sent| did(sent, deed).await).await
}

/// The answer to a form of somebody who is signed in: what `act` says, or the page again with what went wrong.
pub(super) async fn answered(
    auth: Data<Auth>,
    req: HttpRequest,
    (form, is_setup): (Result<PostedForm, ApiError>, bool),
    act: impl AsyncFnOnce(&Sent) -> Result<HttpResponse, Error>,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in_without_factor().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), SECURITY));
        };
        let owner = Owner::in_browser(&auth, &browser);
        let sent = Sent { auth: auth.clone(), req: req.clone(), form, browser, owner };
        if sent.form.is_stale()? {
            return sent.again(texts::TRY_AGAIN).await;
        }
        match act(&sent).await {
            Err(Error::Refused(refusal)) => refused(&sent, is_setup, refusal).await,
            done => done,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn refused(sent: &Sent, is_setup: bool, refusal: Refusal) -> Result<HttpResponse, Error> {
    match refusal.code {
        Code::ProofRequired => Ok(redirect(&confirm_identity::address(&sent.form.reader(), SECURITY))),
        Code::NotFound => sent.again(if is_setup { texts::SETUP_OVER } else { texts::FACTOR_OVER }).await,
        Code::Conflict | Code::Full | Code::Validation | Code::LastWayIn | Code::Demanded | Code::WrongPasskey => {
            sent.again(&refusal.why).await
        }
        _ => Err(Error::Refused(refusal)),
    }
}

async fn did(sent: &Sent, (deed, id): (Deed, &str)) -> Result<HttpResponse, Error> {
    let (auth, form) = (&sent.auth, &sent.form);
    let caller = wire::caller(&sent.req, auth.config());
    let proof = OwnProof::default();
    let act = Act { owner: &sent.owner, proof: &proof, caller: &caller };
    match deed {
        Deed::BeginTotp => {
            let setup = totp::begin(auth, &sent.owner, &OwnProof::default(), &caller).await?;
            Ok(setting_up(sent, &setup, Typed::default()).await)
        }
        Deed::ConfirmTotp => confirm(sent).await,
        Deed::TwoStep => {
            let on = form.text("on")?.as_deref() == Some("1");
            let codes = flow::set_two_step(auth, act, on).await?;
            match codes.is_empty() {
                true => Ok(sent.done(if on { "on" } else { "off" })),
                false => Ok(codes_shown(sent, &codes, (None, &form.token())).await),
            }
        }
        Deed::Email => {
            let on = form.text("on")?.as_deref() == Some("1");
            flow::set_mail_factor(auth, act, on).await?;
            Ok(sent.done(if on { "mail_on" } else { "mail_off" }))
        }
        Deed::Recovery => {
            let codes = flow::make_recovery_codes(auth, act).await?;
            Ok(codes_shown(sent, &codes, (None, &form.token())).await)
        }
        Deed::Download => file_of_codes(sent).await,
        Deed::Rename => {
            flow::rename(auth, act, id, &form.text("name")?.unwrap_or_default()).await?;
            Ok(sent.done("renamed"))
        }
        Deed::Remove => {
            flow::remove(auth, act, id).await?;
            Ok(sent.done("removed"))
        }
    }
}

async fn confirm(sent: &Sent) -> Result<HttpResponse, Error> {
    let (auth, form) = (&sent.auth, &sent.form);
    let given = |name: &str| Ok::<_, Error>(form.text(name)?.unwrap_or_default());
    let (id, code, name) = (given("setup_id")?, given("code")?, given("name")?);
    let caller = wire::caller(&sent.req, auth.config());
    let enrolled =
        totp::confirm(auth, (&sent.owner, Some(&sent.browser)), (&id, &code, &name), &OwnProof::default(), &caller)
            .await;
    let typed = match enrolled {
        Ok(Enrolled { recovery_codes, cookie, .. }) => {
            return added(sent, (&recovery_codes, cookie.as_ref()), ("added", texts::FACTOR_ADDED)).await;
        }
        Err(Error::Refused(refusal)) => Typed::of_totp(&refusal, &name).ok_or(Error::Refused(refusal))?,
        Err(error) => return Err(error),
    };
    let setup = totp::again(auth, &sent.owner, &id).await?;
    Ok(setting_up(sent, &setup, typed).await)
}

/// A factor was added: recovery codes that were made with it are shown, else the page again.
pub(super) async fn added(
    sent: &Sent,
    (recovery_codes, cookie): (&[Secret], Option<&Secret>),
    (notice, words): (&str, &'static str),
) -> Result<HttpResponse, Error> {
    let mut reply = match recovery_codes.is_empty() {
        true => sent.done(notice),
        false => codes_shown(sent, recovery_codes, (Some(words), &*sent.form.token())).await,
    };
    if let Some(cookie) = cookie {
        cookies::put_session(&sent.auth, &mut reply, cookie)?;
    }
    Ok(reply)
}

/// Where the page of a setup leads that was reached from this one.
pub(super) fn place<'a>(sent: &'a Sent, reader: &Reader, action: &str) -> SetupPlace<'a> {
    SetupPlace {
        username: &sent.browser.account.username,
        action: reader.keep(action),
        form_token: sent.form.token(),
        security: Some(reader.keep(&sent.auth.config().base_url.join(SECURITY))),
        sign_in: None,
    }
}

async fn setting_up(sent: &Sent, setup: &Setup, typed: Typed) -> HttpResponse {
    let reader = sent.form.reader().for_account(Some(&sent.browser.account));
    let place = place(sent, &reader, "/account/security/totp/confirm");
    totp_page(View::new(&sent.auth, &sent.req, &reader), place, setup, typed).await
}

async fn codes_shown(
    sent: &Sent,
    codes: &[Secret],
    (notice, form_token): (Option<&'static str>, &str),
) -> HttpResponse {
    let auth = &sent.auth;
    let reader = sent.form.reader().for_account(Some(&sent.browser.account));
    let (whose, next) = ((codes, &*sent.browser.account.username), (auth.config().base_url.join(SECURITY), None));
    codes_page(View::new(auth, &sent.req, &reader), whose, (notice, form_token), next).await
}

/// The codes that the page has shown, as a file: they come from the browser, for the server does not know them any more.
async fn file_of_codes(sent: &Sent) -> Result<HttpResponse, Error> {
    let codes: Vec<String> =
        sent.form.text("codes")?.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let account = &sent.browser.account;
    if !flow::is_own_set(&sent.auth, account, &codes).await? {
        return sent.again(texts::CODES_SHOWN).await;
    }
    let host = sent.auth.config().base_url.host();
    let text = format!("{}@{host}\n\n{}\n", account.username, codes.join("\n"));
    let name = format!("attachment; filename=\"recovery-codes-{host}.txt\"");
    Ok(private(
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
            .insert_header((header::CONTENT_DISPOSITION, name))
            .body(text),
    ))
}

fn on_page<'a>(reader: &Reader, factor: &'a OwnFactor) -> FactorOnPage<'a> {
    let action = |what: &str| reader.keep(&format!("{SECURITY}/{}/{what}", factor.id));
    FactorOnPage {
        id: &factor.id,
        name: &factor.name,
        made: factor.created_at.into(),
        last_used: factor.last_used_at.map(Into::into),
        rename_action: action("rename"),
        remove_action: action("remove"),
    }
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    (notice, error): (Option<&'static str>, Option<String>),
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let own = flow::list(auth, account).await?;
    let reader = params.reader(req).for_account(Some(account));
    let action = |what: &str| reader.keep(&format!("{SECURITY}/{what}"));
    let passkeys = own.factors.iter().filter_map(|factor| {
        let PasskeyFacts { can_be_synced, synced, copied, .. } = factor.passkey?;
        Some(OwnPasskey { factor: on_page(&reader, factor), can_be_synced, synced, copied })
    });
    let apps = own.factors.iter().filter(|factor| factor.passkey.is_none()).map(|factor| on_page(&reader, factor));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page::Security(Box::new(SecurityPage {
        form_token,
        username: &account.username,
        two_step: own.two_step,
        passkeys: passkeys.collect(),
        add_passkey_action: own.has_room_for_passkey.then(|| action("passkeys")),
        apps: apps.collect(),
        add_action: own.has_room.then(|| action("totp")),
        email: own.email,
        email_action: action("email"),
        two_step_action: action("two_step"),
        recovery_action: action("recovery"),
        recovery_left: own.recovery_left,
        fresh: credentials::is_proven(auth, browser).await?,
        confirm: confirm_identity::address(&reader, SECURITY),
        notice,
        error,
        account: reader.keep(&auth.config().base_url.join("/account")),
        only_passkeys: own.only_passkeys,
        only_passkeys_action: action("only_passkeys"),
        signal: passkey_signals::signal(auth, account).await?,
        way_back: own.way_back.map(request_on_page),
        way_back_action: action("way_back/stop"),
    }));
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}
