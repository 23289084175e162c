//! The page of the own personal tokens (people PPL-117 to PPL-119).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm_identity;
use super::password::to_sign_in;
use super::paths::TOKENS;
use super::tokens::wanted;
use crate::auth::Auth;
use crate::config::PersonalTokens;
use crate::error::{Code, Error};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::personal_tokens::{
    self as flow, ListSpan, MadeToken, Owner, PersonalToken, TokenError, TokenLifetime,
};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{FieldOnPage, LifetimeOnPage, MadeTokenOnPage, Page, ScopeOnPage, TokenOnPage, TokensPage};
use crate::model::account::Account;
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// More than there can be.
const ALL: i64 = 100;
const MOST: usize = 50;
const DAY: u64 = 24 * 3600;
/// The lifetimes that are offered, in days, as far as they are allowed.
const DAYS: [u64; 5] = [7, 30, 90, 180, 365];
/// What most programs need; the others stand behind a click.
const COMMON: [&str; 5] = ["read", "write", "follow", "push", "auth:read"];

/// `GET /account/tokens`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::require(&auth)?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), TOKENS));
        };
        let is_ended = params.last_text("notice").as_deref() == Some("ended");
        let said = Said { notice: is_ended.then_some(texts::TOKEN_ENDED), ..Said::default() };
        shown((&auth, &req, &params), (&browser, form.token()), said).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/tokens`, with `do` = `make`, `extend` or `end`. The answer shows the value of a new token, for nothing else
/// ever does.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::require(&auth)?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), TOKENS));
        };
        let said = match form.is_stale()? {
            true => Said { keeps: true, ..Said::wrong(texts::TRY_AGAIN) },
            false => match acted(&auth, &req, &form, &browser).await? {
                None => {
                    let ended = with_query(&auth.config().base_url.join(TOKENS), [("notice", "ended")]);
                    return Ok(redirect(&form.reader().keep(&ended)));
                }
                Some(said) => said,
            },
        };
        shown((&auth, &req, &form.params), (&browser, form.token()), said).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// Does what the form says, and answers with what the page says then; nothing when a token was ended.
async fn acted(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    browser: &SignedInBrowser,
) -> Result<Option<Said>, Error> {
    let (owner, caller) = (Owner::in_browser(auth, browser), wire::caller(req, auth.config()));
    let id = form.text("id")?.unwrap_or_default();
    let password = form.text("current_password")?.map(Secret::new);
    let made = match form.text("do")?.as_deref() {
        Some("end") => {
            return match flow::end(auth, &owner.account, &id, &caller).await {
                Ok(()) => Ok(None),
                Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                    Ok(Some(Said::wrong(texts::TOKEN_OVER)))
                }
                Err(error) => Err(error),
            };
        }
        Some("extend") => {
            let lifetime = TokenLifetime::read(form.text("expires_in")?.as_deref());
            flow::extend(auth, (&owner, &id), lifetime, password.as_ref(), &caller).await
        }
        _ => flow::make(auth, &owner, &wanted(&form.params)?, password.as_ref(), &caller).await,
    };
    let is_extended = form.text("do")?.as_deref() == Some("extend");
    Ok(Some(match made {
        Ok(made) => Said { made: Some(made), ..Said::default() },
        Err(TokenError::Fields(errors)) => Said { errors, keeps: true, ..Said::default() },
        Err(TokenError::Refused(Error::Refused(refusal))) => match refusal.code {
            Code::WrongPassword => Said { wrong_password: true, keeps: true, ..Said::default() },
            Code::ProofRequired if is_extended => Said::wrong(texts::TOKEN_NEEDS_PROOF),
            Code::NotFound => Said::wrong(texts::TOKEN_OVER),
            Code::ProofRequired | Code::Conflict => Said { keeps: true, ..Said::wrong(&refusal.why) },
            _ => return Err(Error::Refused(refusal)),
        },
        Err(TokenError::Refused(error)) => return Err(error),
    }))
}

/// What the page says beside the forms.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<String>,
    errors: FormErrors,
    wrong_password: bool,
    made: Option<MadeToken>,
    /// Whether what was typed stays in the form.
    keeps: bool,
}

impl Said {
    fn wrong(why: &str) -> Self {
        Self { error: Some(why.to_owned()), ..Self::default() }
    }

    fn status(&self) -> StatusCode {
        match self.error.is_some() || self.wrong_password || !self.errors.0.is_empty() {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::OK,
        }
    }

    fn problem(&self, name: &str) -> Option<String> {
        self.errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone())
    }
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let span = ListSpan { limit: Some(ALL), ..ListSpan::default() };
    let found = flow::list(auth, &account.id, span).await?;
    let wanted = credentials::proof_wanted(auth, browser).await?;
    let reader = params.reader(req).for_account(Some(account));
    let typed = |name: &str| {
        let typed = if said.keeps { params.words(name).ok().flatten() } else { None };
        typed.unwrap_or_default()
    };
    let field =
        |name: &str, required| FieldOnPage { asked: true, required, value: typed(name), error: said.problem(name) };
    let wrong = said.wrong_password.then(|| texts::NOT_THE_PASSWORD.to_owned());
    let rules = auth.config().personal_tokens;
    let chosen = Some(typed("expires_in")).filter(|typed| !typed.is_empty());
    let chosen = chosen.unwrap_or_else(|| rules.default_ttl.as_secs().to_string());
    let action = reader.keep(TOKENS);
    let page = Page::Tokens(Box::new(TokensPage {
        action: &action,
        form_token,
        username: &account.username,
        tokens: found.items.iter().map(on_page).collect(),
        made: said.made.as_ref().map(|made| MadeTokenOnPage { name: &made.token.name, value: made.value.expose() }),
        may_make: found.items.len() < MOST && wanted != ProofWanted::Confirmation,
        fresh: wanted == ProofWanted::Nothing,
        scopes: scopes(auth, account, &typed("scopes")),
        scopes_error: said.problem("scopes"),
        name: field("name", true),
        expires_in: FieldOnPage { value: chosen.clone(), ..field("expires_in", true) },
        lifetimes: lifetimes(rules, &chosen),
        may_never_end: rules.never,
        networks: field("networks", false),
        current_password: FieldOnPage {
            asked: wanted == ProofWanted::Password,
            required: true,
            value: String::new(),
            error: wrong,
        },
        confirm: confirm_identity::address(&reader, TOKENS),
        notice: said.notice,
        error: said.error.clone(),
        account: reader.keep(&auth.config().base_url.join("/account")),
    }));
    Ok(show(View::new(auth, req, &reader), &page, said.status(), &[]).await)
}

/// What is allowed of the lifetimes that are offered, and the usual one.
fn lifetimes(rules: PersonalTokens, chosen: &str) -> Vec<LifetimeOnPage> {
    let usual = rules.default_ttl.as_secs();
    let usual = usual.is_multiple_of(DAY).then_some(usual / DAY);
    let mut days: Vec<u64> =
        DAYS.into_iter().filter(|days| days * DAY <= rules.max_ttl.as_secs()).chain(usual).collect();
    days.sort_unstable();
    days.dedup();
    let on_page = |days| LifetimeOnPage { days, seconds: days * DAY, chosen: (days * DAY).to_string() == chosen };
    days.into_iter().map(on_page).collect()
}

fn scopes(auth: &Auth, account: &Account, typed: &str) -> Vec<ScopeOnPage> {
    let chosen: Vec<&str> = typed.split_whitespace().collect();
    let on_page = |scope: flow::PossibleScope| ScopeOnPage {
        is_common: COMMON.contains(&scope.word),
        chosen: chosen.contains(&scope.word),
        word: scope.word,
        permission: scope.permission,
    };
    flow::scopes_for(auth, account).into_iter().map(on_page).collect()
}

fn on_page(token: &PersonalToken) -> TokenOnPage<'_> {
    TokenOnPage {
        id: &token.id,
        name: &token.name,
        scopes: token.scopes.words(),
        made: token.created_at.into(),
        expires: token.expires_at.map(Into::into),
        last_used: token.last_used_at.map(Into::into),
        networks: token.networks.words(),
    }
}
