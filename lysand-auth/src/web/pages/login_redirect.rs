//! How an error comes back to the sign-in page, with the request kept (Lysand §5 to §7).

use actix_web::{HttpResponse, ResponseError};

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::host::pages::Reader;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, error_page};
use crate::web::kit::session;
use crate::web::pages::authorization_request::{login_location, request_of_form};
use crate::web::pages::factor::location::to_factor;
use crate::web::wire::cookies;
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// An error of a route whose caller is the sign-in page.
#[derive(Debug)]
pub(crate) enum LoginPageError {
    /// The sign-in page shows it; what is wrong with the shape of a request, or with the server, has a page of its own, and is
    /// JSON for programs.
    ToLoginPage(Error),
    /// It is shown on a page of its own, since the app or its redirect URI is not to be trusted (Mastodon §5.2, checks 1
    /// to 3).
    OnPage(PageError),
}

impl From<Error> for LoginPageError {
    fn from(error: Error) -> Self {
        Self::ToLoginPage(error)
    }
}

impl LoginPageError {
    /// An error of an authorization request: its first three checks are shown on a page.
    pub(crate) fn of_request(error: Error) -> Self {
        match &error {
            Error::Refused(Refusal {
                code: Code::ClientIdMissing | Code::InvalidClient | Code::InvalidRedirectUri,
                ..
            }) => Self::OnPage(error.into()),
            _ => Self::ToLoginPage(error),
        }
    }

    /// The reply, or what shows the error to the person who posted `form`.
    pub(crate) async fn render_or(reply: Result<HttpResponse, Self>, form: &PostedForm) -> HttpResponse {
        let (auth, req, params) = (&form.auth, &form.req, &form.params);
        let mut reply = match reply {
            Ok(reply) => reply,
            Err(Self::OnPage(error)) => error.render(auth, req, params).await,
            Err(Self::ToLoginPage(Error::Refused(refusal))) if refusal.waiting_token.is_some() => {
                to_waiting_page(auth, &params.reader(req), &refusal)
            }
            Err(Self::ToLoginPage(Error::Refused(refusal))) if refusal.pending.is_some() => match &refusal.pending {
                Some(claim) => to_factor(auth, req, &params.reader(req), claim).await,
                None => ApiError(Error::Refused(refusal)).error_response(),
            },
            Err(Self::ToLoginPage(error)) => {
                let reader = session::reader_of(auth, req, params, &error).await;
                let pairs = request_of_form(auth, params).await;
                to_login_page(View::new(auth, req, &reader), pairs, error).await
            }
        };
        session::remove_one_of_two(auth, req, &mut reply);
        reply
    }
}

/// Sends a browser to where it waits for its account (people PPL-59).
pub(crate) fn to_waiting_page(auth: &Auth, reader: &Reader, refusal: &Refusal) -> HttpResponse {
    let mut reply = redirect(&auth.config().base_url.join(&reader.keep("/register/waiting")));
    if let Some(token) = &refusal.waiting_token
        && let Err(error) = cookies::put_waiting(auth, &mut reply, token)
    {
        return ApiError(error).error_response();
    }
    reply
}

/// Shows an error on the sign-in page, with these parameters of the request.
pub(crate) async fn to_login_page(view: View<'_>, pairs: Vec<(String, String)>, error: Error) -> HttpResponse {
    let auth = view.auth;
    let for_person = request::accepts(view.req.headers(), "text/html");
    let refusal = match &error {
        Error::Refused(refusal) => refusal,
        Error::Failed(_) if for_person => return error_page(view, &error, Some(login_location(auth, &pairs))).await,
        Error::Failed(_) => return ApiError(error).error_response(),
    };
    match refusal.code {
        Code::StaleForm => error_page(view, &error, Some(login_location(auth, &pairs))).await,
        // What no address says, and no sign-in page: a page for a person, JSON for a program (faults A12).
        Code::UnknownApplication if for_person => error_page(view, &error, None).await,
        code if is_told_apart(code) && for_person => error_page(view, &error, Some(login_location(auth, &pairs))).await,
        code if is_told_apart(code) => ApiError(error).error_response(),
        // Names of Mastodon's own that the login page's contract does not have.
        Code::InvalidRedirectUri | Code::InvalidCodeChallengeMethod => {
            redirect_with_error(auth, pairs, "invalid_request", refusal)
        }
        code => redirect_with_error(auth, pairs, code.oauth_name(), refusal),
    }
}

/// Whether an error has a page of its own, and is JSON for programs. The host's sentence, among others, is nothing that a link
/// may make the sign-in page say.
fn is_told_apart(code: Code) -> bool {
    matches!(
        code,
        Code::Validation
            | Code::Credentials
            | Code::UnknownApplication
            | Code::Forbidden
            | Code::PayloadTooLarge
            | Code::MethodNotAllowed
            | Code::UnsupportedMediaType
            | Code::TooManyRequests
            | Code::SignInRefused
            | Code::Unavailable
    )
}

/// Redirects to the sign-in page, which shows the error.
pub(crate) fn redirect_with_error(
    auth: &Auth,
    mut pairs: Vec<(String, String)>,
    name: &str,
    refusal: &Refusal,
) -> HttpResponse {
    pairs.push(("error".into(), name.into()));
    pairs.push(("error_description".into(), refusal.why.clone().into_owned()));
    redirect(&login_location(auth, &pairs))
}
