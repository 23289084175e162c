//! The sign-in page: who are you? (Lysand §3.1)

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::config::Provider;
use crate::flows::code_login;
use crate::host::pages::{CurrentAccount, Page, PasskeyOnPage, ProviderOnPage, SignInPage};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::texts::{SIGN_IN_ERRORS, TRY_AGAIN, TWO_SIGN_IN_COOKIES, UNFINISHED, WRONG_PASSKEY};
use crate::web::kit::page::{View, account_on_page, app_on_page, show};
use crate::web::kit::session::{has_two_sign_ins, remove_one_of_two};
use crate::web::pages::authorization_request::{ECHOED, prompts, with_scope};
use crate::web::pages::code_sign_in;
use crate::web::pages::passkey_sign_in::offered;
use crate::web::wire::cookies;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, with_query};
use crate::web::wire::reply::ApiError;

/// The longest name that an app may suggest, in characters.
const LONGEST_HINT: usize = 320;

/// What the page is about.
pub(crate) struct SignIn<'a> {
    /// The app that asks.
    pub(crate) app: &'a App,
    /// What it asks for.
    pub(crate) checked: &'a CheckedRequest,
    /// The account that is signed in already, as one choice.
    pub(crate) current: Option<&'a Account>,
    /// The name that is filled in, of an account of the browser that has to sign in again.
    pub(crate) wanted: Option<String>,
    /// The token for the page's forms.
    pub(crate) form_token: String,
    /// Whether other services are offered.
    pub(crate) offers_providers: bool,
    /// Whether somebody without an account can make one.
    pub(crate) sign_up: bool,
    /// Whether somebody who forgot the password can do something about it.
    pub(crate) forgot: bool,
}

/// The page for a request.
pub(crate) async fn sign_in_page(view: View<'_>, params: &Params, sign_in: SignIn<'_>) -> HttpResponse {
    let auth = view.auth;
    let echoed = with_scope(params.echo(&ECHOED), sign_in.checked);
    let error = match has_two_sign_ins(auth, view.req.headers()) {
        true => Some(("invalid_request".to_owned(), TWO_SIGN_IN_COOKIES.to_owned())),
        false => last_error(params),
    };
    let passkey = offered(auth, view.req);
    let typed = cookies::typed_name(auth, view.req.headers());
    let unknown = cookies::unknown_passkey(auth, view.req.headers());
    let page = Page::SignIn(SignInPage {
        action: with_query("/api/auth/login", pairs(&echoed)),
        form_token: sign_in.form_token,
        app: Some(app_on_page(sign_in.app)),
        error: error.as_ref().map(|(_, told)| told.clone()),
        typed: typed.clone().or(sign_in.wanted).or_else(|| login_hint(params)),
        current: sign_in.current.map(|account| CurrentAccount {
            account: account_on_page(account),
            continue_action: (!asks_password(params)).then(|| with_query("/oauth/authorize/continue", pairs(&echoed))),
        }),
        password: !auth.config().sso.forced,
        passkey: passkey.as_ref().map(|(options, _)| PasskeyOnPage {
            action: with_query("/api/auth/passkey/finish", pairs(&echoed)),
            options: options.clone(),
            unknown: unknown.clone(),
        }),
        providers: if sign_in.offers_providers { providers(auth, &echoed) } else { Vec::new() },
        sign_up: sign_in.sign_up.then(|| with_query("/register", pairs(&echoed))),
        email_code: code_login::is_offered(auth).then(|| with_query(code_sign_in::PAGE, pairs(&echoed))),
        forgot: sign_in.forgot.then(|| with_query("/account/forgot", pairs(&echoed))),
    });
    let along = in_address(params, &echoed, error.as_ref());
    let mut reply = show(view, &page, StatusCode::OK, &along).await;
    remove_one_of_two(auth, view.req, &mut reply);
    if let Some((_, cookie)) = &passkey
        && let Err(error) = cookies::put_passkey(auth, &mut reply, cookie)
    {
        return ApiError(error).error_response();
    }
    // It was for this page alone.
    if typed.is_some()
        && let Err(error) = cookies::clear_typed_name(auth, &mut reply)
    {
        return ApiError(error).error_response();
    }
    if unknown.is_some()
        && let Err(error) = cookies::clear_unknown_passkey(auth, &mut reply)
    {
        return ApiError(error).error_response();
    }
    reply
}

/// The name that the app thinks somebody has: it fills the field, and nothing else (FAC-141).
fn login_hint(params: &Params) -> Option<String> {
    params.last_text("login_hint").filter(|hint| !hint.trim().is_empty() && hint.chars().count() <= LONGEST_HINT)
}

/// The request and the error, for the address in another language.
fn in_address(params: &Params, echoed: &[(String, String)], error: Option<&(String, String)>) -> Vec<(String, String)> {
    let mut along = echoed.to_vec();
    match (params.last_text("error"), error) {
        (None, Some((name, told))) => {
            along.extend([("error".to_owned(), name.clone()), ("error_description".to_owned(), told.clone())]);
        }
        _ => {
            for name in ["error", "error_description"] {
                along.extend(params.last_text(name).map(|value| (name.to_owned(), value)));
            }
        }
    }
    along
}

/// Whether the app wants the password of the account that is signed in already.
pub(crate) fn asks_password(params: &Params) -> bool {
    prompts(params).iter().any(|word| word == "login") || params.last_text("max_age").is_some()
}

/// What went wrong at the last try, by its name and in words: one of our own sentences, never somebody else's from a URL.
fn last_error(params: &Params) -> Option<(String, String)> {
    let name = params.last_text("error")?;
    let described = params.last_text("error_description").unwrap_or_default();
    let told = match name.as_str() {
        _ if SIGN_IN_ERRORS.contains(&described.as_str()) || described == WRONG_PASSKEY => described,
        "access_denied" => UNFINISHED.to_owned(),
        _ => TRY_AGAIN.to_owned(),
    };
    Some((name, told))
}

/// The providers, each with the link that starts a sign-in there (Lysand §3.1).
pub(crate) fn providers<'a>(auth: &'a Auth, echoed: &[(String, String)]) -> Vec<ProviderOnPage<'a>> {
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
