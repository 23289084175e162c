//! `GET /account`: the signed-in person's own page: which identities are linked, link another, remove one; the language.
//!
//! Every change is a form of this page, proven by its token (security WEB-5). A change of the ways in needs a password that
//! was given in the last five minutes (ID-12).

mod language;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Data, Form, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::Secret;
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::sessions;
use lysand_auth::flows::sso::{self, LinkStart, Linked};
use lysand_auth::host::accounts::Accounts as _;
use lysand_auth::host::pages::{AccountOnPage, Reader};
use lysand_auth::model::identity::StartedBy;
use lysand_auth::model::session::SignedInBrowser;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{
    ApiError, SignedIn, depart, form_session, form_token, not_allowed, prove_form, put_session, reader, source,
    with_slash,
};
use serde::Deserialize;

use self::language::choose;
use crate::pages::contexts::{AccountPage, Actions, Identity, Links, Notice, NoticeKind};
use crate::paths::{ACCOUNT, AUTHORIZED_APPLICATIONS, HOME};
use crate::state::State;

const LINK: &str = "/account/link";
const UNLINK: &str = "/account/unlink";
const CONFIRM: &str = "/account/confirm";
const LANGUAGE: &str = "/account/language";

/// Where the forms post to.
fn actions(reader: &Reader) -> Actions {
    let keep = |path| reader.keep(path);
    Actions { link: keep(LINK), unlink: keep(UNLINK), confirm: keep(CONFIRM), language: keep(LANGUAGE) }
}

/// The query names a notice; its words are ours.
#[derive(Default, Deserialize)]
struct Asked {
    notice: Option<String>,
}

/// The notices by the names that queries give them.
const NOTICES: [(&str, NoticeKind, &str); 10] = [
    ("unlinked", NoticeKind::Good, "The identity is no longer linked."),
    (
        "last",
        NoticeKind::Bad,
        "That is the only way to sign in to this account, so it stays. Link another identity first.",
    ),
    ("gone", NoticeKind::Bad, "That identity is not linked."),
    ("away", NoticeKind::Bad, "The other service cannot be reached. Please try again later."),
    ("wrong", NoticeKind::Bad, "This is not the password of the account."),
    ("wait", NoticeKind::Bad, "Too many attempts. Please wait before trying again."),
    ("old", NoticeKind::Bad, "This page was open for too long. Please try again."),
    ("stale", NoticeKind::Bad, "Please confirm first that it is you."),
    ("language", NoticeKind::Good, "Saved. This is the language of the pages from now on."),
    ("unspoken", NoticeKind::Bad, "This server does not speak that language. Nothing was changed."),
];

/// The texts that this page gets translated beside those of its template.
#[cfg(test)]
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    NOTICES.iter().map(|(_, _, text)| *text)
}

fn notices(query: Option<Query<Asked>>) -> Vec<Notice> {
    let asked = query.and_then(|query| query.into_inner().notice);
    let named = NOTICES.iter().filter(|(name, ..)| asked.as_deref() == Some(name));
    named.map(|(_, kind, text)| Notice { kind: *kind, text }).collect()
}

/// `GET /account`
async fn show(
    state: Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    query: Option<Query<Asked>>,
) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req).for_account(browser.account());
    let form_token = form_token(&state.auth, &form)?;
    let sso = &state.auth.config().sso;
    let (mut linked, mut has_password) = (Vec::new(), false);
    if let Some(browser) = &browser.0 {
        linked = sso::list(&state.auth, &browser.account.id).await?;
        has_password =
            !sso.forced && state.accounts.has_password(&browser.account.id).await.map_err(Error::from_host)?;
    }
    let is_linked = |id: &str| linked.iter().any(|linked: &Linked| linked.provider.id == id);
    let others = sso.providers.iter().filter(|provider| !is_linked(&provider.id));
    let page = AccountPage {
        notices: notices(query),
        account: browser
            .account()
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        form_token,
        offered: others.map(|provider| Identity { id: &provider.id, name: &provider.name, label: None }).collect(),
        linked: linked
            .iter()
            .map(|linked| Identity {
                id: &linked.provider.id,
                name: &linked.provider.name,
                label: linked.label.as_deref(),
            })
            .collect(),
        languages: language::choices(&state.pages, browser.account()),
        actions: actions(&reader),
        links: Links { apps: reader.keep(AUTHORIZED_APPLICATIONS), home: reader.keep(HOME) },
        fresh: browser.0.as_ref().is_some_and(|browser| sso::is_fresh(&state.auth, &browser.session)),
        has_password,
    };
    Ok(state.pages.reply(&reader, StatusCode::OK, "account.html", &page))
}

/// The fields of all forms.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    password: String,
    language: Option<String>,
}

/// The notice for a form that is answered too late.
const OLD: &str = "?notice=old";

type Sent = Result<Form<Fields>, actix_web::Error>;

/// What a form of this page says and who posted it; `None` when the page was open for so long that the form is not this
/// browser's any more, or nobody is signed in.
fn posted(
    state: &State,
    req: &HttpRequest,
    form: &Session,
    browser: SignedIn,
    sent: Sent,
) -> Result<Option<(Fields, SignedInBrowser)>, ApiError> {
    let fields = sent.map_err(|_| Error::refused(Code::InvalidRequest, "The form cannot be read."))?.into_inner();
    match prove_form(&state.auth, req, form, Some(&fields.form_token)) {
        Ok(()) => Ok(browser.0.map(|browser| (fields, browser))),
        Err(Error::Refused(refusal)) if refusal.code == Code::StaleForm => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `POST /account/link`: off to the provider.
async fn link(
    state: Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    sent: Sent,
) -> Result<HttpResponse, ApiError> {
    let Some((fields, browser)) = posted(&state, &req, &form, browser, sent)? else {
        return Ok(back(&state, &req, OLD));
    };
    if !sso::is_fresh(&state.auth, &browser.session) {
        return Ok(back(&state, &req, "?notice=stale"));
    }
    let start = LinkStart {
        account: browser.account.id,
        by: StartedBy::Session(browser.session.id),
        in_browser: true,
        source: source(&req, state.auth.config()),
    };
    match sso::link(&state.auth, &fields.issuer, start).await {
        Ok(departure) => Ok(depart(&state.auth, &departure)?),
        Err(error) => refused(&state, &req, error),
    }
}

/// `POST /account/unlink`
async fn unlink(
    state: Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    sent: Sent,
) -> Result<HttpResponse, ApiError> {
    let Some((fields, browser)) = posted(&state, &req, &form, browser, sent)? else {
        return Ok(back(&state, &req, OLD));
    };
    if !sso::is_fresh(&state.auth, &browser.session) {
        return Ok(back(&state, &req, "?notice=stale"));
    }
    match sso::unlink(&state.auth, &browser.account.id, &fields.issuer).await {
        Ok(()) => Ok(back(&state, &req, "?notice=unlinked")),
        Err(error) => refused(&state, &req, error),
    }
}

/// `POST /account/confirm`: the password once more; the session is a new one afterwards.
async fn confirm(
    state: Data<State>,
    req: HttpRequest,
    form: Session,
    browser: SignedIn,
    sent: Sent,
) -> Result<HttpResponse, ApiError> {
    let Some((fields, browser)) = posted(&state, &req, &form, browser, sent)? else {
        return Ok(back(&state, &req, OLD));
    };
    let (password, source) = (Secret::new(fields.password), source(&req, state.auth.config()));
    match sessions::renew(&state.auth, &browser, Some(&password), source).await {
        Ok(cookie) => {
            let mut reply = back(&state, &req, "");
            put_session(&state.auth, &mut reply, &cookie)?;
            Ok(reply)
        }
        Err(error) => refused(&state, &req, error),
    }
}

/// Back to the page, with a notice.
fn back(state: &State, req: &HttpRequest, query: &str) -> HttpResponse {
    back_to(state, &reader(req).keep(query))
}

/// Back to the page, with this query.
fn back_to(state: &State, query: &str) -> HttpResponse {
    let location = state.settings.http.base_url.join(&format!("{ACCOUNT}{query}"));
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .finish()
}

fn refused(state: &State, req: &HttpRequest, error: Error) -> Result<HttpResponse, ApiError> {
    let code = match &error {
        Error::Refused(refusal) => refusal.code,
        Error::Failed(_) => return Err(error.into()),
    };
    let notice = match code {
        Code::LastWayIn => "last",
        Code::NotFound => "gone",
        Code::ProviderAway => "away",
        Code::InvalidGrant => "wrong",
        Code::TooManyRequests => "wait",
        _ => return Err(error.into()),
    };
    Ok(back(state, req, &format!("?notice={notice}")))
}

/// The routes of the person's own page.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Page, state.auth.config().base_url.is_secure());
    let session = {
        let auth = state.auth.clone();
        move || form_session(&auth)
    };
    macro_rules! forms {
        ($config:ident; $($path:expr => $handler:ident;)+) => {$(
            for path in with_slash($path) {
                $config.service(
                    web::resource(path)
                        .route(web::post().to($handler))
                        .default_service(not_allowed("POST"))
                        .wrap(session())
                        .wrap(headers),
                );
            }
        )+};
    }
    move |config| {
        for path in with_slash(ACCOUNT) {
            config.service(
                web::resource(path)
                    .route(web::get().to(show))
                    .route(web::head().to(show))
                    .default_service(not_allowed("GET, HEAD"))
                    .wrap(session())
                    .wrap(headers),
            );
        }
        forms! { config;
            LINK => link;
            UNLINK => unlink;
            CONFIRM => confirm;
            LANGUAGE => choose;
        }
    }
}
