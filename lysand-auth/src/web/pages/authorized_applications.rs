//! The page and the list of authorized apps, and ending what one may do (Mastodon §16).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorized_applications::{self, AuthorizedApp};
use crate::host::pages::{AuthorizedAppOnPage, AuthorizedApplicationsPage, EndAppsOnPage, Page, Reader};
use crate::model::account::Account;
use crate::model::app::AppId;
use crate::model::host_scope::HostScope;
use crate::model::permission::permissions;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, error_page_or_json, show};
use crate::web::kit::session;
use crate::web::kit::surfaces::{self, Surface};
use crate::web::pages::app_list::{END, END_ALL, PATH, Wanted};
use crate::web::wire::params::Params;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::{self, ApiError};
use crate::web::wire::request;

/// The notice after an app's access was removed, as the page's address names it.
const REMOVED: &str = "removed";

/// How an answer about authorized apps looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Html,
    Json,
}

impl Format {
    /// JSON for a path that ends in `.json`, and for programs that take JSON and no page.
    fn wanted(req: &HttpRequest) -> Self {
        let takes = |media_type| request::accepts(req.headers(), media_type);
        let is_named = req.path().trim_end_matches('/').ends_with(".json");
        if is_named || (takes("application/json") && !takes("text/html")) { Self::Json } else { Self::Html }
    }

    /// The reply, or the error as this caller reads it.
    async fn reply_or(self, auth: &Auth, req: &HttpRequest, reply: Result<HttpResponse, Error>) -> HttpResponse {
        let error = match reply {
            Ok(reply) => return reply,
            Err(error) => error,
        };
        match (self, &error) {
            (Self::Json, _) => ApiError(error).error_response(),
            // Nobody is signed in and no app waits for a sign-in: the home page says so and how to sign in.
            (Self::Html, Error::Refused(refusal)) if refusal.code == Code::SignInRequired => {
                redirect(&request::reader(req).keep(&auth.config().home_page()))
            }
            (Self::Html, Error::Refused(refusal))
                if matches!(refusal.code, Code::Forbidden | Code::MethodNotAllowed) =>
            {
                let reader = request::reader(req);
                error_page_or_json(View::new(auth, req, &reader), error).await
            }
            (Self::Html, _) => {
                let params = Params::of_query(req);
                let reader = session::reader_of(auth, req, &params, &error).await;
                let start_over = reader.keep(&auth.config().base_url.join(PATH));
                PageError::from(error).read_by(&reader).starting_over(start_over).render(auth, req, &params).await
            }
        }
    }
}

/// `GET /oauth/authorized_applications[.json]`
pub(crate) async fn list(auth: Data<Auth>, req: HttpRequest, form: FormSession) -> HttpResponse {
    let wanted = Format::wanted(&req);
    let listed = async {
        let account = signed_in(&auth, &req).await?;
        let apps = authorized_applications::apps(&auth, &account.id).await?;
        match wanted {
            Format::Json => Ok(reply::json(&apps.iter().map(app_entity).collect::<Vec<_>>())),
            Format::Html => page(&auth, &req, &form, &account, &apps).await,
        }
    };
    wanted.reply_or(&auth, &req, listed.await).await
}

/// `DELETE /oauth/authorized_applications/:id[.json]`: another site cannot send this method without asking first, and is
/// refused (Mastodon §17).
pub(crate) async fn revoke(
    auth: Data<Auth>,
    req: HttpRequest,
    id: Option<Path<String>>,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    let proven = form.map_err(|ApiError(error)| error).and_then(|form| form.prove());
    revoke_proven(&auth, &req, id, proven).await
}

/// `POST /oauth/authorized_applications/:id` with `_method=delete`: the page's own form, which carries its token.
pub(crate) async fn revoke_by_form(
    auth: Data<Auth>,
    req: HttpRequest,
    id: Option<Path<String>>,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    let proven = form.map_err(|ApiError(error)| error).and_then(|form| {
        form.prove_with_token()?;
        let method = form.text("_method")?.unwrap_or_default();
        if method.eq_ignore_ascii_case("delete") {
            return Ok(());
        }
        Err(Error::refused(Code::MethodNotAllowed, "Method Not Allowed"))
    });
    revoke_proven(&auth, &req, id, proven).await
}

async fn revoke_proven(
    auth: &Auth,
    req: &HttpRequest,
    id: Option<Path<String>>,
    proven: Result<(), Error>,
) -> HttpResponse {
    let wanted = Format::wanted(req);
    let revoked = async {
        proven?;
        let account = signed_in(auth, req).await?;
        let id = id.map(Path::into_inner).unwrap_or_default();
        authorized_applications::end(auth, &account.id, &AppId::new(id.strip_suffix(".json").unwrap_or(&id))).await?;
        Ok(match wanted {
            Format::Json => HttpResponse::NoContent().finish(),
            Format::Html => {
                let back = Wanted::of(&Params::of_query(req));
                redirect(&back.at(&auth.config().base_url.join(PATH), &request::reader(req), &[("notice", REMOVED)]))
            }
        })
    };
    wanted.reply_or(auth, req, revoked.await).await
}

async fn signed_in(auth: &Auth, req: &HttpRequest) -> Result<Account, Error> {
    let browser = session::optional(auth, req).await?.0;
    let account = browser.map(|browser| browser.account);
    account.ok_or_else(|| Error::refused(Code::SignInRequired, "This method requires an authenticated user"))
}

async fn page(
    auth: &Auth,
    req: &HttpRequest,
    form: &FormSession,
    account: &Account,
    apps: &[AuthorizedApp],
) -> Result<HttpResponse, Error> {
    let reader = request::reader(req).for_account(Some(account));
    let params = Params::of_query(req);
    let wanted = Wanted::of(&params);
    let (apps, list) = wanted.part(apps, &reader);
    let may_end = apps.iter().any(|granted| !granted.app.skips_consent());
    let row = |granted| row(granted, &wanted, &reader, &auth.config().scopes);
    let page = Page::AuthorizedApplications(AuthorizedApplicationsPage {
        account: account_on_page(account),
        notice: match params.last_text("notice").as_deref() {
            Some(REMOVED) => Some(texts::ACCESS_REMOVED),
            Some("all_removed") => Some(texts::ACCESSES_REMOVED),
            Some("none_removed") => Some(texts::NO_ACCESS_REMOVED),
            _ => None,
        },
        end: (may_end && surfaces::of_request(req).has(Surface::People)).then(|| ways_to_end(&reader)),
        apps: apps.into_iter().map(row).collect(),
        list,
        form_token: form.token(),
        home: reader.keep(&auth.config().home_page()),
    });
    Ok(show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await)
}

/// The pages on which many apps at once lose their access (people PPL-115).
fn ways_to_end(reader: &Reader) -> EndAppsOnPage {
    EndAppsOnPage {
        unused: END.to_owned(),
        all: reader.keep(END_ALL),
        lang: reader.asked.as_ref().map(ToString::to_string),
    }
}

fn row<'a>(granted: &'a AuthorizedApp, list: &Wanted, reader: &Reader, own: &[HostScope]) -> AuthorizedAppOnPage<'a> {
    let removal = || list.at(&format!("{PATH}/{}", granted.app.id), reader, &[]);
    AuthorizedAppOnPage {
        app: app_on_page(&granted.app),
        permissions: permissions(&granted.scopes, own),
        authorized: granted.authorized_at.into(),
        last_used: granted.last_used_at.map(Into::into),
        remove_action: (!granted.app.skips_consent()).then(removal),
    }
}

/// What Doorkeeper shows of an app to a person who is not its maker.
fn app_entity(granted: &AuthorizedApp) -> Value {
    let app = &granted.app;
    json!({ "id": app.id.as_str(), "name": app.name, "created_at": app.created_at.to_iso8601() })
}
