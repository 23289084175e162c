//! Pages: showing one, and the error page.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::host::pages::{AccountOnPage, AppOnPage, ErrorPage, LinkOnPage, Page, PageReply, PageRequest, Reader};
use crate::model::account::Account;
use crate::model::app::App;
use crate::model::permission;
use crate::model::registration;
use crate::texts;
use crate::web::kit::headers::page_policy;
use crate::web::kit::session;
use crate::web::kit::way_back_notice::way_back_notice;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::{self, ApiError};
use crate::web::wire::request;

/// Whom a page is shown to: the reader, and the request that it answers.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) auth: &'a Auth,
    pub(crate) req: &'a HttpRequest,
    pub(crate) reader: &'a Reader,
}

impl<'a> View<'a> {
    pub(crate) fn new(auth: &'a Auth, req: &'a HttpRequest, reader: &'a Reader) -> Self {
        Self { auth, req, reader }
    }

    /// What the host is told of the request. The credentials of a program are none of a page's business.
    fn request(self) -> PageRequest {
        let headers = self.req.headers().iter().filter(|(name, _)| *name != header::AUTHORIZATION);
        let request = PageRequest::new(self.reader.clone()).at(self.req.path());
        headers.fold(request, |request, (name, value)| match value.to_str() {
            Ok(value) => request.with_header(name.as_str(), value),
            Err(_) => request,
        })
    }
}

/// Shows a page, or sends the browser to where a frontend shows it, with `along` as its query.
pub(crate) async fn show(
    view: View<'_>,
    page: &Page<'_>,
    status: StatusCode,
    along: &[(String, String)],
) -> HttpResponse {
    let request = view.request().told_of(way_back_notice(view.auth, view.req).await);
    match view.auth.pages().show(page, &request).await {
        Ok(PageReply::Html(page)) => {
            let mut reply = HttpResponse::build(status);
            reply.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
            reply.insert_header((header::VARY, "Accept-Language, Cookie"));
            if let Some(language) = page.language.and_then(|language| HeaderValue::try_from(language).ok()) {
                reply.insert_header((header::CONTENT_LANGUAGE, language));
            }
            if !page.sources.is_empty() {
                reply.insert_header((header::CONTENT_SECURITY_POLICY, page_policy(&page.sources)));
            }
            reply.body(page.html)
        }
        Ok(PageReply::Elsewhere(place)) => redirect(&with_query(&place, pairs(along))),
        Err(error) => reply::failed(&Error::failed(error)),
    }
}

/// An error that a person sees as a page.
#[derive(Debug)]
pub(crate) struct PageError {
    error: Error,
    reader: Option<Reader>,
    start_over: Option<String>,
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self { error, reader: None, start_over: None }
    }
}

impl PageError {
    /// The same for a reader who is known already.
    pub(crate) fn read_by(self, reader: &Reader) -> Self {
        Self { reader: Some(reader.clone()), ..self }
    }

    /// The same with a link that starts over.
    pub(crate) fn starting_over(self, link: String) -> Self {
        Self { start_over: Some(link), ..self }
    }

    /// The reply, or the page that shows the error.
    pub(crate) async fn render_or(
        reply: Result<HttpResponse, Self>,
        auth: &Auth,
        req: &HttpRequest,
        params: &Params,
    ) -> HttpResponse {
        match reply {
            Ok(reply) => reply,
            Err(error) => error.render(auth, req, params).await,
        }
    }

    /// The page. Unless it is known who reads it, the parameters and the account that is signed in tell.
    pub(crate) async fn render(self, auth: &Auth, req: &HttpRequest, params: &Params) -> HttpResponse {
        let reader = match self.reader {
            Some(reader) => reader,
            None => session::reader_of(auth, req, params, &self.error).await,
        };
        error_page(View::new(auth, req, &reader), &self.error, self.start_over).await
    }
}

/// The error page: what went wrong, for a person. Its link, if any, leads to our own sign-in page.
pub(crate) async fn error_page(view: View<'_>, error: &Error, start_over: Option<String>) -> HttpResponse {
    error_page_about(view, error, start_over, None).await
}

/// The same about an app that the person may go back to.
pub(crate) async fn error_page_about(
    view: View<'_>,
    error: &Error,
    start_over: Option<String>,
    app: Option<LinkOnPage<'_>>,
) -> HttpResponse {
    let Error::Refused(refusal) = error else {
        let id = reply::log_failure(error);
        let page = ErrorPage {
            status: 500,
            title: texts::FAILED_TITLE,
            message: &texts::FAILED.replace("{}", &id),
            error: "server_error",
            error_description: "",
            start_over,
            app,
        };
        return show(view, &Page::Error(page), StatusCode::INTERNAL_SERVER_ERROR, &[]).await;
    };
    if refusal.code == Code::FactorDemanded && request::accepts(view.req.headers(), "text/html") {
        return redirect(&view.reader.keep(&view.auth.config().page_named("security").0));
    }
    let (title, message) = error_text(refusal);
    let status = reply::status(error);
    let page = ErrorPage {
        status: status.as_u16(),
        title,
        message,
        error: refusal.code.oauth_name(),
        error_description: &refusal.why,
        start_over,
        app,
    };
    reply::set_retry_after(show(view, &Page::Error(page), status, &[]).await, refusal)
}

/// A stale form is shown as a page, a foreign one to a program as JSON.
pub(crate) async fn error_page_or_json(view: View<'_>, error: Error) -> HttpResponse {
    match &error {
        Error::Refused(refusal) if refusal.code == Code::StaleForm => {
            error_page(view, &error, Some(view.auth.config().home_page())).await
        }
        Error::Refused(_) if !request::accepts(view.req.headers(), "text/html") => ApiError(error).error_response(),
        _ => error_page(view, &error, None).await,
    }
}

/// What a refusal means for the person in front of the page: a title and a message.
fn error_text(refusal: &Refusal) -> (&'static str, &str) {
    match refusal.code {
        Code::InvalidClient | Code::UnknownApplication => (texts::UNKNOWN_APP_TITLE, texts::UNKNOWN_APP),
        Code::InvalidRedirectUri => (texts::REDIRECT_URI_TITLE, texts::REDIRECT_URI),
        Code::AccessDenied => (texts::DENIED_TITLE, texts::DENIED),
        Code::Credentials => (texts::CREDENTIALS_TITLE, texts::CREDENTIALS),
        Code::Forbidden => (texts::FOREIGN_ORIGIN_TITLE, &refusal.why),
        Code::StaleForm => (texts::STALE_FORM_TITLE, &refusal.why),
        Code::InvalidGrant => (texts::REQUEST_OVER_TITLE, &refusal.why),
        Code::NotFound => (texts::NOT_FOUND_TITLE, texts::NOT_FOUND),
        Code::TooManyRequests => (texts::WAIT_TITLE, &refusal.why),
        Code::SignInRefused => (texts::SIGN_IN_REFUSED_TITLE, &refusal.why),
        Code::PayloadTooLarge | Code::UnsupportedMediaType | Code::MethodNotAllowed => {
            (texts::UNREADABLE_FORM_TITLE, texts::UNREADABLE_FORM)
        }
        Code::Unavailable => (texts::BUSY_TITLE, &refusal.why),
        _ => (texts::APP_MISTAKE_TITLE, texts::APP_MISTAKE),
    }
}

/// Every English text of the library's that a page can carry: titles and messages of error pages, errors on the sign-in
/// page and over a link, subjects and clauses of permissions, days. `{}` stands for a part that differs from case to case.
#[must_use]
pub fn page_texts() -> Vec<String> {
    let mut texts: Vec<String> = texts::all().chain(permission::texts()).map(str::to_owned).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// An app, as pages name it.
pub(crate) fn app_on_page(app: &App) -> AppOnPage<'_> {
    let website = app.website.as_deref();
    let host = website.and_then(registration::host_of_website);
    // One of before that names a user, or hides something, would lie about where it leads.
    AppOnPage { name: &app.name, website: website.filter(|_| host.is_some()), website_host: host }
}

/// An account, as pages name it.
pub(crate) fn account_on_page(account: &Account) -> AccountOnPage<'_> {
    AccountOnPage { username: &account.username, display_name: &account.display_name }
}
