//! What may act for a person: the page and list of authorized apps, and the token API (Mastodon §16).

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::grants::{self, AuthorizedApp, Span, Token, Tokens};
use crate::host::pages::{AuthorizedAppOnPage, AuthorizedApplicationsPage, Page, Reader};
use crate::model::account::Account;
use crate::model::app::AppId;
use crate::model::permission::permissions;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::forms;
use crate::web::pages::authorize as pages;
use crate::web::wire::cookies;
use crate::web::wire::extract;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{self, ApiError, JsonBody, with_query};

/// Where the page is.
pub(crate) const PAGE: &str = "/oauth/authorized_applications";
/// Where the token API is.
const TOKENS: &str = "/api/v1/tokens";

/// How an answer about authorized apps looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Json,
}

impl Form {
    /// JSON for a path that says so, and for programs that take JSON and no page.
    fn wanted(req: &HttpRequest) -> Self {
        let takes = |media_type| extract::accepts(req.headers(), media_type);
        let is_named = req.path().trim_end_matches('/').ends_with(".json");
        if is_named || (takes("application/json") && !takes("text/html")) { Self::Json } else { Self::Html }
    }

    async fn refuse(self, auth: &Auth, req: &HttpRequest, error: Error) -> HttpResponse {
        match (self, &error) {
            (Self::Json, _) => ApiError(error).error_response(),
            // Nobody is signed in and no app waits for a sign-in: the home page says so and how to sign in.
            (Self::Html, Error::Refused(refusal)) if refusal.code == Code::SignInRequired => {
                reply::redirect(&extract::reader(req).keep(&auth.config().home_page()))
            }
            (Self::Html, Error::Refused(refusal))
                if matches!(refusal.code, Code::Forbidden | Code::MethodNotAllowed) =>
            {
                ApiError(error).error_response()
            }
            (Self::Html, _) => {
                let reader = cookies::reader_of(auth, req, &Params::of_query(req), &error).await;
                pages::error_page(auth, &reader, &error, Some(reader.keep(&auth.config().base_url.join(PAGE))))
            }
        }
    }
}

/// `GET /oauth/authorized_applications[.json]`
pub(crate) async fn apps(auth: Data<Auth>, req: HttpRequest, form: Session) -> HttpResponse {
    let wanted = Form::wanted(&req);
    let listed = async {
        let account = signed_in(&auth, &req).await?;
        let apps = grants::apps(&auth, &account.id).await?;
        match wanted {
            Form::Json => Ok(reply::json(&apps.iter().map(app_entity).collect::<Vec<_>>())),
            Form::Html => page(&auth, &req, &form, &account, &apps),
        }
    };
    match listed.await {
        Ok(answer) => answer,
        Err(error) => wanted.refuse(&auth, &req, error).await,
    }
}

/// `DELETE /oauth/authorized_applications/:id[.json]`: another site cannot send this method without asking first, and is
/// told no (Mastodon §17).
pub(crate) async fn end_app(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    id: Option<Path<String>>,
    received: Received,
) -> HttpResponse {
    let wanted = Form::wanted(&req);
    let proven = async {
        let token = received.0?.body_text("form_token")?;
        forms::prove_form(&auth, &req, &form, token.as_deref())
    };
    let proven = proven.await;
    end(&auth, &req, id, wanted, proven).await
}

/// `POST /oauth/authorized_applications/:id` with `_method=delete`: the page's own form, which carries its token.
pub(crate) async fn end_app_by_form(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Session,
    id: Option<Path<String>>,
    received: Received,
) -> HttpResponse {
    let wanted = Form::wanted(&req);
    let proven = async {
        let params = received.0?;
        let token = params.body_text("form_token")?.unwrap_or_default();
        forms::prove_form(&auth, &req, &form, Some(&token))?;
        let method = params.body_text("_method")?.unwrap_or_default();
        if method.eq_ignore_ascii_case("delete") {
            return Ok(());
        }
        Err(Error::refused(Code::MethodNotAllowed, "Method Not Allowed"))
    };
    let proven = proven.await;
    end(&auth, &req, id, wanted, proven).await
}

async fn end(
    auth: &Auth,
    req: &HttpRequest,
    id: Option<Path<String>>,
    wanted: Form,
    proven: Result<(), Error>,
) -> HttpResponse {
    let ended = async {
        proven?;
        let account = signed_in(auth, req).await?;
        let id = id.map(Path::into_inner).unwrap_or_default();
        grants::end(auth, &account.id, &AppId::new(id.strip_suffix(".json").unwrap_or(&id))).await
    };
    match (ended.await, wanted) {
        (Ok(()), Form::Json) => HttpResponse::NoContent().finish(),
        (Ok(()), Form::Html) => reply::redirect(&extract::reader(req).keep(&auth.config().base_url.join(PAGE))),
        (Err(error), _) => wanted.refuse(auth, req, error).await,
    }
}

async fn signed_in(auth: &Auth, req: &HttpRequest) -> Result<Account, Error> {
    let browser = cookies::optional(auth, req.headers()).await?.0;
    let account = browser.map(|browser| browser.account);
    account.ok_or_else(|| Error::refused(Code::SignInRequired, "This method requires an authenticated user"))
}

fn page(
    auth: &Auth,
    req: &HttpRequest,
    form: &Session,
    account: &Account,
    apps: &[AuthorizedApp],
) -> Result<HttpResponse, Error> {
    let reader = extract::reader(req).for_account(Some(account));
    let page = Page::AuthorizedApplications(AuthorizedApplicationsPage {
        account: pages::account_on_page(account),
        apps: apps.iter().map(|granted| app_on_page(granted, &reader)).collect(),
        form_token: forms::form_token(auth, form)?,
        home: reader.keep(&auth.config().home_page()),
    });
    Ok(pages::show(auth, &reader, &page, StatusCode::OK, &[]))
}

fn app_on_page<'a>(granted: &'a AuthorizedApp, reader: &Reader) -> AuthorizedAppOnPage<'a> {
    AuthorizedAppOnPage {
        app: pages::on_page(&granted.app),
        permissions: permissions(&granted.scopes),
        authorized: granted.authorized_at.into(),
        last_used: granted.last_used_at.map(Into::into),
        remove_action: (!granted.app.skips_consent()).then(|| reader.keep(&format!("{PAGE}/{}", granted.app.id))),
    }
}

/// What Doorkeeper shows of an app to a person who is not its maker.
fn app_entity(granted: &AuthorizedApp) -> Value {
    let app = &granted.app;
    json!({ "id": app.id.as_str(), "name": app.name, "created_at": app.created_at.to_iso8601() })
}

const READS: &[&str] = &["read", "read:accounts"];
const WRITES: &[&str] = &["write", "write:accounts"];

/// `GET /api/v1/tokens`
pub(crate) async fn tokens(auth: Data<Auth>, bearer: Bearer, received: Received) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(READS).await?;
    let found = grants::tokens(&auth, &account.id, span(&received.0?)).await?;
    let entities: Vec<Value> = found.tokens.iter().map(token_entity).collect();
    let mut reply = HttpResponse::Ok();
    if let Some(links) = links(&auth.config().base_url.join(TOKENS), &found) {
        reply.insert_header((header::LINK, links));
    }
    Ok(reply.json_body(&entities))
}

/// `GET /api/v1/tokens/:id`
pub(crate) async fn token(
    auth: Data<Auth>,
    bearer: Bearer,
    id: Option<Path<String>>,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(READS).await?;
    let token = grants::token(&auth, &account.id, &id.map(Path::into_inner).unwrap_or_default()).await?;
    Ok(reply::json(&token_entity(&token)))
}

/// `POST /api/v1/tokens/:id/invalidate`
pub(crate) async fn end_token(
    auth: Data<Auth>,
    bearer: Bearer,
    id: Option<Path<String>>,
) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(WRITES).await?;
    let token = grants::end_token(&auth, &account.id, &id.map(Path::into_inner).unwrap_or_default()).await?;
    Ok(reply::json(&token_entity(&token)))
}

/// A limit that is no number is none.
fn span(params: &Params) -> Span {
    Span {
        max_id: params.last_text("max_id"),
        since_id: params.last_text("since_id"),
        min_id: params.last_text("min_id"),
        limit: params.last_text("limit").and_then(|limit| limit.parse().ok()),
    }
}

/// The neighbouring pages (RFC 8288), as Mastodon's lists have them.
fn links(place: &str, found: &Tokens) -> Option<String> {
    let (first, last) = (found.tokens.first()?, found.tokens.last()?);
    let limit = found.limit.to_string();
    let link = |name, id: &str, rel| {
        format!("<{}>; rel=\"{rel}\"", with_query(place, [("limit", limit.as_str()), (name, id)]))
    };
    let next = found.has_older.then(|| link("max_id", &last.id, "next"));
    let parts: Vec<String> = next.into_iter().chain([link("min_id", &first.id, "prev")]).collect();
    Some(parts.join(", "))
}

/// GoToSocial's shape; what is not known is left out.
fn token_entity(token: &Token) -> Value {
    let mut application = json!({ "name": token.app.name });
    if let Some(website) = &token.app.website {
        application["website"] = website.as_str().into();
    }
    let mut entity = json!({
        "id": token.id,
        "created_at": token.created_at.to_iso8601(),
        "scope": token.scopes.to_string(),
        "application": application,
    });
    if let Some(last_used) = token.last_used_at {
        entity["last_used"] = last_used.to_iso8601().into();
    }
    entity
}
