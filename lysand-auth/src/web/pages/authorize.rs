//! The pages of a sign-in, and the redirects between them (Lysand §3, Mastodon §5).

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error, Refusal};
use crate::flows::authorize::{self as authorization, AuthorizeOutcome, Interaction};
use crate::host::pages::{
    AccountOnPage, AppOnPage, CodePage, ConsentPage, CurrentAccount, ErrorPage, FormPostPage, Page, PageReply,
    ProviderOnPage, Reader, SignInPage,
};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest, ResponseMode, ReturnPath};
use crate::model::permission::permissions;
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::web::kit::forms;
use crate::web::lysand::sso;
use crate::web::texts::{FAILED, KNOWN_ERRORS, LOGGED, OVER, TRY_AGAIN, UNFINISHED, error_text};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{self, ApiError, with_query};

/// What a redirect to a page carries along of the request (Lysand §1, query echo).
pub(crate) const ECHOED: [&str; 12] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "nonce",
    "response_mode",
    "lang",
];

/// `GET /oauth/authorize`
pub(crate) async fn authorize(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let taken_apart = async {
        let params = received.0?;
        let request = request(&params)?;
        Ok((params, request, cookies::optional(&auth, req.headers()).await?))
    };
    let (params, request, browser) = match taken_apart.await {
        Ok(parts) => parts,
        Err(error) => {
            let reader = cookies::reader_of(&auth, &req, &Params::of_query(&req), &error).await;
            return Ok(error_page(&auth, &reader, &error, None));
        }
    };
    let reader = params.reader(&req).for_account(browser.account());
    let look = authorization::begin(&auth, &request, browser.0.as_ref(), asking(&params)).await;
    Ok(match look {
        Ok(AuthorizeOutcome::SignIn(app, checked)) => {
            sign_in_page(&auth, &form, &reader, &params, &app, &checked, browser.account())?
        }
        Ok(AuthorizeOutcome::Consent(app, checked, code)) => {
            reply::redirect(&consent_location(&auth, &app, &with_scope(params.echo(&ECHOED), &checked), &code))
        }
        Ok(AuthorizeOutcome::Approved(checked, code)) => approved(&auth, &reader, &checked, &code),
        Ok(AuthorizeOutcome::ErrorToApp(path, refusal)) => error_to_app(&auth, &reader, &path, &refusal),
        Err(error) => error_page(&auth, &reader, &error, None),
    })
}

/// How the parameters want the person to be asked. `prompt=none` is what Lysand's frontends send for "nothing special".
fn asking(params: &Params) -> Interaction {
    let prompt = params.last_text("prompt").unwrap_or_default();
    let again = matches!(prompt.as_str(), "login" | "select_account")
        || params.last_text("max_age").is_some()
        || params.last_text("error").is_some();
    match prompt.as_str() {
        _ if again => Interaction::SignInAgain,
        _ if params.flag("force_login") => Interaction::ForceLogin,
        "consent" => Interaction::Consent,
        _ => Interaction::AsNeeded,
    }
}

fn sign_in_page(
    auth: &Auth,
    form: &Session,
    reader: &Reader,
    params: &Params,
    app: &App,
    checked: &CheckedRequest,
    current: Option<&Account>,
) -> Result<HttpResponse, Error> {
    let echoed = with_scope(params.echo(&ECHOED), checked);
    let ask_password = params.last_text("prompt").as_deref() == Some("login") || params.last_text("max_age").is_some();
    let error = params.last_text("error").map(|name| {
        let described = params.last_text("error_description").unwrap_or_default();
        match name.as_str() {
            _ if KNOWN_ERRORS.contains(&described.as_str()) || sso::SENTENCES.contains(&described.as_str()) => {
                described
            }
            "access_denied" => UNFINISHED.to_owned(),
            _ => TRY_AGAIN.to_owned(),
        }
    });
    let page = Page::SignIn(SignInPage {
        action: with_query("/api/auth/login", pairs(&echoed)),
        form_token: forms::form_token(auth, form)?,
        app: Some(on_page(app)),
        error,
        current: current.map(|account| CurrentAccount {
            account: account_on_page(account),
            continue_action: (!ask_password).then(|| with_query("/oauth/authorize/continue", pairs(&echoed))),
        }),
        password: !auth.config().sso.forced,
        providers: providers(auth, &echoed),
    });
    let mut along = echoed.clone();
    for name in ["error", "error_description"] {
        along.extend(params.last_text(name).map(|value| (name.to_owned(), value)));
    }
    Ok(show(auth, reader, &page, StatusCode::OK, &along))
}

/// The providers, each with the link that starts a sign-in there (Lysand §3.1).
fn providers<'a>(auth: &'a Auth, echoed: &[(String, String)]) -> Vec<ProviderOnPage<'a>> {
    let offer = |provider: &'a Provider| ProviderOnPage {
        name: &provider.name,
        icon: provider.icon.as_deref().filter(|icon| is_own(auth, icon)),
        start: with_query("/oauth/sso", pairs(echoed).chain([("issuer", provider.id.as_str())])),
    };
    auth.config().sso.providers.iter().map(offer).collect()
}

/// Pages of a sign-in load nothing from elsewhere (security WEB-6).
fn is_own(auth: &Auth, address: &str) -> bool {
    address.strip_prefix(auth.config().base_url.as_str()).is_some_and(|path| path.starts_with('/'))
}

/// `POST /oauth/authorize/continue`: go on as the account that is signed in already.
pub(crate) async fn continue_sign_in(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let login = login_location(&auth, &params.echo(&ECHOED));
    let proven = async {
        // This route is our own pages' alone, so a token must be there.
        let token = params.body_text("form_token")?.unwrap_or_default();
        forms::prove_form(&auth, &req, &form, Some(&token))?;
        Ok((request(&params)?, cookies::optional(&auth, req.headers()).await?))
    };
    let (request, browser) = match proven.await {
        Ok(parts) => parts,
        Err(error) => {
            let reader = cookies::reader_of(&auth, &req, &params, &error).await;
            return Ok(error_page(&auth, &reader, &error, Some(login)));
        }
    };
    let reader = params.reader(&req).for_account(browser.account());
    let asks_password = params.last_text("prompt").as_deref() == Some("login") || params.last_text("max_age").is_some();
    if browser.0.is_none() || asks_password {
        return Ok(reply::redirect(&login));
    }
    Ok(match authorization::begin(&auth, &request, browser.0.as_ref(), Interaction::Consent).await {
        Ok(AuthorizeOutcome::Consent(app, checked, code)) => {
            reply::redirect(&consent_location(&auth, &app, &with_scope(params.echo(&ECHOED), &checked), &code))
        }
        Ok(AuthorizeOutcome::ErrorToApp(path, refusal)) => error_to_app(&auth, &reader, &path, &refusal),
        Ok(AuthorizeOutcome::Approved(checked, code)) => approved(&auth, &reader, &checked, &code),
        Ok(AuthorizeOutcome::SignIn(..)) => reply::redirect(&login),
        Err(error) => error_page(&auth, &reader, &error, None),
    })
}

/// `GET /oauth/consent`
pub(crate) async fn consent(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = match received.0 {
        Ok(params) => params,
        Err(error) => {
            let reader = cookies::reader_of(&auth, &req, &Params::of_query(&req), &error).await;
            return Ok(error_page(&auth, &reader, &error, None));
        }
    };
    let reader = params.reader(&req);
    // A frontend's page needs no cookie and asks nothing here: it is sent the query as it came (Lysand §1).
    if auth.config().frontend.origin.is_some() {
        let query = req.query_string();
        return Ok(reply::redirect(&format!("{}?{query}", auth.config().consent_page())));
    }
    let echoed = params.echo(&ECHOED);
    let start_over = login_location(&auth, &echoed);
    let browser = match cookies::optional(&auth, req.headers()).await {
        Ok(cookies::SignedIn(Some(browser))) => browser,
        Ok(cookies::SignedIn(None)) => return Ok(reply::redirect(&start_over)),
        Err(error) => return Ok(error_page(&auth, &reader, &error, Some(start_over))),
    };
    let reader = reader.for_account(Some(&browser.account));
    let code = Secret::new(params.last_text("code").unwrap_or_default());
    match authorization::pending(&auth, &code, &browser).await {
        Ok((app, checked)) => Ok(consent_page(&auth, &form, &reader, &browser, &app, &checked, &code)?),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidGrant => {
            let over = Error::refused(Code::InvalidGrant, OVER);
            Ok(error_page(&auth, &reader, &over, (!echoed.is_empty()).then_some(start_over)))
        }
        Err(error) => Ok(error_page(&auth, &reader, &error, None)),
    }
}

fn consent_page(
    auth: &Auth,
    form: &Session,
    reader: &Reader,
    browser: &SignedInBrowser,
    app: &App,
    checked: &CheckedRequest,
    code: &Secret,
) -> Result<HttpResponse, Error> {
    let redirect_uri = checked.redirect_uri.as_str();
    let mut action =
        vec![("client_id", app.client_id.as_str()), ("redirect_uri", redirect_uri), ("code", code.expose())];
    action.extend(lang(reader));
    let mut again = request_pairs(app, checked);
    again.push(("prompt", "select_account"));
    let scopes = checked.scopes.to_string();
    again.push(("scope", &scopes));
    again.extend(lang(reader));
    let page = Page::Consent(ConsentPage {
        allow_action: with_query("/api/auth/redirect", action),
        deny_action: lang(reader)
            .map_or_else(|| "/oauth/authorize".into(), |lang| with_query("/oauth/authorize", [lang])),
        code: code.expose(),
        client_id: &app.client_id,
        redirect_uri,
        form_token: forms::form_token(auth, form)?,
        app: on_page(app),
        account: account_on_page(&browser.account),
        switch_account: with_query("/oauth/authorize", again),
        destination: checked.redirect_uri.destination(),
        permissions: permissions(&checked.scopes),
    });
    Ok(show(auth, reader, &page, StatusCode::OK, &[]))
}

/// `GET /oauth/authorize/native` and `GET /oauth/code`
pub(crate) async fn code(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let params = received.0.unwrap_or_default();
    let reader = cookies::reader(&auth, &req, &params).await;
    let code = params.last_text("code").unwrap_or_default();
    let looks_right = (11..=128).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !looks_right {
        return error_page(&auth, &reader, &Error::missing("code"), None);
    }
    let mut reply = show(&auth, &reader, &Page::Code(CodePage { code: &code }), StatusCode::OK, &[]);
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

/// The browser goes back to the app with an approved code.
pub(crate) fn approved(auth: &Auth, reader: &Reader, checked: &CheckedRequest, code: &Secret) -> HttpResponse {
    if checked.redirect_uri.is_out_of_band() {
        let place = auth.config().base_url.join("/oauth/authorize/native");
        return reply::redirect(&with_query(&place, [("code", code.expose())].into_iter().chain(lang(reader))));
    }
    give_back(auth, reader, &checked.return_path(), &[("code", code.expose())])
}

/// The browser goes back to the app with a no (Mastodon §5.6).
pub(crate) fn denied(auth: &Auth, reader: &Reader, path: &ReturnPath) -> HttpResponse {
    let why = "The resource owner or authorization server denied the request.";
    let refusal =
        Refusal { code: Code::AccessDenied, why: why.into(), retry_after: None, needed: None, allowance: None };
    if path.redirect_uri.is_out_of_band() {
        return error_page(auth, reader, &Error::Refused(refusal), None);
    }
    error_to_app(auth, reader, path, &refusal)
}

/// The browser goes back to the app with an error (RFC 6749 §4.1.2.1, DEV-15).
fn error_to_app(auth: &Auth, reader: &Reader, path: &ReturnPath, refusal: &Refusal) -> HttpResponse {
    give_back(auth, reader, path, &[("error", refusal.code.oauth_name()), ("error_description", &*refusal.why)])
}

/// The authorization response: what the app came for, then `state`, then `iss` (RFC 9207). Clients look for `code` first
/// (Mastodon §3).
fn give_back(auth: &Auth, reader: &Reader, path: &ReturnPath, outcome: &[(&str, &str)]) -> HttpResponse {
    let issuer = auth.config().base_url.issuer();
    let mut pairs = outcome.to_vec();
    pairs.extend(path.state.as_deref().map(|state| ("state", state)));
    pairs.push(("iss", &issuer));
    let mut reply = match path.mode {
        ResponseMode::Query => reply::redirect(&path.redirect_uri.respond(&pairs)),
        ResponseMode::Fragment => reply::redirect(&path.redirect_uri.respond_in_fragment(&pairs)),
        ResponseMode::FormPost => {
            let page = FormPostPage { action: &path.redirect_uri.without_response(), fields: &pairs };
            show(auth, reader, &Page::FormPost(page), StatusCode::OK, &[])
        }
    };
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

/// A page that says what is wrong. Its link, if any, leads to our own sign-in page.
pub(crate) fn error_page(auth: &Auth, reader: &Reader, error: &Error, start_over: Option<String>) -> HttpResponse {
    let Error::Refused(refusal) = error else {
        let id = reply::log_failure(error);
        let message = LOGGED.join(&id);
        let page = error_page_content(500, FAILED, &message, "server_error", "", start_over);
        return show(auth, reader, &page, StatusCode::INTERNAL_SERVER_ERROR, &[]);
    };
    let (title, message) = error_text(refusal);
    let status = reply::status(error);
    let page = error_page_content(status.as_u16(), title, message, refusal.code.oauth_name(), &refusal.why, start_over);
    reply::tell_when(show(auth, reader, &page, status, &[]), refusal)
}

/// A stale form is shown as a page, a foreign one as JSON.
pub(crate) fn error_page_or_json(auth: &Auth, reader: &Reader, error: &Error) -> HttpResponse {
    match error {
        Error::Refused(refusal) if refusal.code == Code::StaleForm => {
            error_page(auth, reader, error, Some(auth.config().home_page()))
        }
        Error::Refused(refusal) => ApiError(Error::Refused(refusal.clone())).error_response(),
        Error::Failed(_) => error_page(auth, reader, error, None),
    }
}

fn error_page_content<'a>(
    status: u16,
    title: &'a str,
    message: &'a str,
    error: &'a str,
    error_description: &'a str,
    start_over: Option<String>,
) -> Page<'a> {
    Page::Error(ErrorPage { status, title, message, error, error_description, start_over })
}

/// Shows a page, or sends the browser to where a frontend shows it, with `along` as its query.
pub(crate) fn show(
    auth: &Auth,
    reader: &Reader,
    page: &Page<'_>,
    status: StatusCode,
    along: &[(String, String)],
) -> HttpResponse {
    match auth.pages().show(page, reader) {
        Ok(PageReply::Html { html, language }) => {
            let mut reply = HttpResponse::build(status);
            reply.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
            reply.insert_header((header::VARY, "Accept-Language, Cookie"));
            if let Some(language) = language.and_then(|language| HeaderValue::try_from(language).ok()) {
                reply.insert_header((header::CONTENT_LANGUAGE, language));
            }
            reply.body(html)
        }
        Ok(PageReply::Elsewhere(place)) => reply::redirect(&with_query(&place, pairs(along))),
        Err(error) => reply::failed(&Error::failed(error)),
    }
}

/// The consent page's address: the app's name first, then the request, then the pending code (Lysand §5).
pub(crate) fn consent_location(auth: &Auth, app: &App, echoed: &[(String, String)], code: &Secret) -> String {
    let mut query = vec![("application", app.name.as_str())];
    query.extend(app.website.as_deref().map(|website| ("website", website)));
    query.extend(pairs(echoed));
    query.push(("code", code.expose()));
    with_query(&auth.config().consent_page(), query)
}

/// The sign-in page's address, with a request.
pub(crate) fn login_location(auth: &Auth, echoed: &[(String, String)]) -> String {
    with_query(&auth.config().login_page(), pairs(echoed))
}

/// The authorization request among the parameters.
pub(crate) fn request(params: &Params) -> Result<AuthorizationRequest, Error> {
    Ok(AuthorizationRequest { scope: params.text("scope")?, ..request_without_scope(params)? })
}

/// The same without the scope, which some routes take in other shapes.
pub(crate) fn request_without_scope(params: &Params) -> Result<AuthorizationRequest, Error> {
    params.agree(&["force_login", "lang", "prompt", "max_age"])?;
    Ok(AuthorizationRequest {
        client_id: params.text("client_id")?,
        redirect_uri: params.text("redirect_uri")?,
        response_type: params.text("response_type")?,
        response_mode: params.text("response_mode")?,
        scope: None,
        state: params.text("state")?,
        code_challenge: params.text("code_challenge")?,
        code_challenge_method: params.text("code_challenge_method")?,
        nonce: params.text("nonce")?,
    })
}

/// The request with the scope that it comes to: pages and the login route need one (Lysand §3.1).
fn with_scope(mut echoed: Vec<(String, String)>, checked: &CheckedRequest) -> Vec<(String, String)> {
    if !echoed.iter().any(|(name, value)| name == "scope" && !value.trim().is_empty()) {
        echoed.retain(|(name, _)| name != "scope");
        echoed.push(("scope".into(), checked.scopes.to_string()));
    }
    echoed
}

/// The parameters of a request that was checked, all but its scope.
pub(crate) fn request_pairs<'a>(app: &'a App, checked: &'a CheckedRequest) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", checked.redirect_uri.as_str()),
        ("response_type", "code"),
    ];
    pairs.extend(checked.state.as_deref().map(|state| ("state", state)));
    if let Some(challenge) = &checked.challenge {
        pairs.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    }
    pairs.extend(checked.nonce.as_deref().map(|nonce| ("nonce", nonce)));
    pairs.extend(
        (checked.response_mode != ResponseMode::Query).then(|| ("response_mode", checked.response_mode.name())),
    );
    pairs
}

/// The parameter that keeps the language from page to page.
fn lang(reader: &Reader) -> Option<(&'static str, &str)> {
    reader.asked.as_ref().map(|asked| ("lang", asked.as_str()))
}

fn pairs(owned: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    owned.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

pub(crate) fn on_page(app: &App) -> AppOnPage<'_> {
    AppOnPage { name: &app.name, website: app.website.as_deref() }
}

pub(crate) fn account_on_page(account: &Account) -> AccountOnPage<'_> {
    AccountOnPage { username: &account.username, display_name: &account.display_name }
}
