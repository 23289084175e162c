//! The set-up link: creates the first admin account, once (running contract §1).
//!
//! The form needs no token of its own against other sites: whoever knows the link's token runs this server.

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use lysand_auth::error::{Code, Error};
use lysand_auth::host::accounts::{Email, Role};
use lysand_auth::host::accounts::{Field, NewAccount, rules};
use lysand_auth::host::pages::Reader;
use lysand_auth::secret::Secret;
use lysand_auth::web::headers::{AnswerKind, Headers};
use lysand_auth::web::{ApiError, not_allowed, reader, with_doubled_slashes_of, with_slash};
use serde::Deserialize;

use super::error_page::{self, wants_page};
use super::texts::{self, HomeNotice};
use crate::accounts::{CreateError, FirstAdminError};
use crate::pages::contexts::{FieldErrors, SetupPage};
use crate::paths::{HOME, SETUP};
use crate::settings::domain;
use crate::state::State;

/// The largest form that is read (security LOAD-7).
const MAX_FORM: usize = 8 * 1024;

/// The query of the link.
#[derive(Default, Deserialize)]
struct Link {
    #[serde(default)]
    token: Secret,
}

/// The form, as it was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    token: Secret,
    username: String,
    email: String,
    password: Secret,
    confirmation: Secret,
}

impl Form {
    /// All that is wrong with the form before anything is looked up.
    fn errors(&self, host: &str, title: &str) -> FieldErrors {
        let related = rules::related(self.username.trim(), Some(self.email.trim()), host, title);
        let differs = self.confirmation.expose() != self.password.expose();
        FieldErrors {
            username: rules::username(&self.username).err().map(|error| error.to_string()),
            email: rules::email(&self.email).err().map(|error| error.to_string()),
            password: rules::password(self.password.expose(), related).err().map(|error| error.to_string()),
            confirmation: differs.then(|| texts::PASSWORDS_DIFFER.to_owned()),
        }
    }

    fn new_account(&self) -> NewAccount {
        NewAccount::new(&*self.username)
            .with_email(Email { address: self.email.clone(), confirmed: true })
            .with_password(self.password.clone())
            .with_role(Role::Admin)
    }
}

/// `GET /setup?token=…`
async fn show(
    state: web::Data<State>,
    req: HttpRequest,
    link: Option<web::Query<Link>>,
) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req);
    // A query that says two things is no link of ours (faults F13).
    let link = link.map(web::Query::into_inner).unwrap_or_default();
    if !state.accounts.setup_token_is_valid(&link.token).await? {
        return Ok(invalid_link(&state, &reader));
    }
    let form = Form { token: link.token.clone(), ..Form::default() };
    Ok(page(&state, &reader, &form, None, FieldErrors::default()))
}

/// `POST /setup`
async fn create(
    state: web::Data<State>,
    req: HttpRequest,
    form: Result<web::Form<Form>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req);
    let form = match form {
        Ok(form) => form.into_inner(),
        Err(error) if wants_page(req.headers()) => {
            let status = unreadable(&error).status_code();
            return Ok(error_page::reply(&state, &reader, status, texts::UNREADABLE_FORM, Some(reader.keep(HOME))));
        }
        Err(error) => return Err(unreadable(&error)),
    };
    if !state.accounts.setup_token_is_valid(&form.token).await? {
        return Ok(invalid_link(&state, &reader));
    }
    let errors = form.errors(domain(&state.settings.http.base_url), &state.in_force().instance.title);
    if !errors.is_empty() {
        return Ok(page(&state, &reader, &form, None, errors));
    }
    match state.accounts.create_first_admin(&form.token, form.new_account()).await {
        Ok(account) => {
            tracing::info!(account = %account.id, "the first admin account was created by the set-up link");
            let home = reader.keep(&format!("{HOME}?notice={}", HomeNotice::READY));
            Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, home)).finish())
        }
        Err(FirstAdminError::InvalidLink) => Ok(invalid_link(&state, &reader)),
        Err(FirstAdminError::Refused(CreateError::Failed(source))) => Err(ApiError(Error::from_host(source))),
        Err(FirstAdminError::Refused(refused)) => {
            let (error, errors) = form_errors(&refused);
            Ok(page(&state, &reader, &form, error, errors))
        }
    }
}

/// The texts of the form about an account that is not created: at its field, or above the form.
fn form_errors(error: &CreateError) -> (Option<String>, FieldErrors) {
    let mut errors = FieldErrors::default();
    let field = match error.field() {
        Some(Field::Username) => &mut errors.username,
        Some(Field::Email) => &mut errors.email,
        Some(Field::Password) => &mut errors.password,
        _ => return (Some(error.to_string()), errors),
    };
    *field = Some(error.to_string());
    (None, errors)
}

fn page(state: &State, reader: &Reader, form: &Form, error: Option<String>, errors: FieldErrors) -> HttpResponse {
    let is_wrong = error.is_some() || !errors.is_empty();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetupPage {
        action: &reader.keep(SETUP),
        token: form.token.expose(),
        username: &form.username,
        email: &form.email,
        host: domain(&state.settings.http.base_url),
        error,
        errors,
    };
    state.pages.reply(reader, status, "setup.html", &page)
}

/// One page for every invalid link, so that it says nothing about which tokens there are.
fn invalid_link(state: &State, reader: &Reader) -> HttpResponse {
    error_page::reply(state, reader, StatusCode::GONE, texts::INVALID_SETUP_LINK, None)
}

fn unreadable(error: &actix_web::Error) -> ApiError {
    ApiError(match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::refused(Code::PayloadTooLarge, "The form is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::refused(Code::UnsupportedMediaType, "This route takes application/x-www-form-urlencoded.")
        }
        _ => Error::refused(Code::InvalidRequest, "The form cannot be read."),
    })
}

/// The routes of the set-up link.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(AnswerKind::Page, state.auth.config().base_url.is_secure());
    let add = move |config: &mut ServiceConfig| {
        for path in with_slash(SETUP) {
            config.service(
                web::resource(path)
                    .app_data(web::FormConfig::default().limit(MAX_FORM))
                    .route(web::get().to(show))
                    .route(web::head().to(show))
                    .route(web::post().to(create))
                    .default_service(not_allowed("GET, HEAD, POST"))
                    .wrap(headers),
            );
        }
    };
    move |config| {
        add(config);
        with_doubled_slashes_of(config, |path| path.trim_end_matches('/') == SETUP, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lysand_auth::host::accounts::rules::RuleError;

    fn form(username: &str, email: &str, password: &str, confirmation: &str) -> Form {
        Form {
            username: username.into(),
            email: email.into(),
            password: Secret::new(password),
            confirmation: Secret::new(confirmation),
            ..Form::default()
        }
    }

    #[test]
    fn setup_form_with_several_errors_reports_all_fields() {
        let errors = form("a b", "x", "short", "other").errors("social.example", "Fernhill");
        assert!(errors.username.is_some() && errors.email.is_some() && errors.password.is_some());
        assert!(errors.confirmation.is_some());
        let good = form("mira", "mira@post.example", "correct horse battery", "correct horse battery");
        assert!(good.errors("social.example", "Fernhill").is_empty());
    }

    #[test]
    fn setup_form_refusal_is_shown_at_its_field() {
        let (error, errors) = form_errors(&CreateError::Taken(lysand_auth::host::accounts::Field::Username));
        assert!(error.is_none() && errors.username.is_some());
        let (error, errors) = form_errors(&CreateError::Taken(lysand_auth::host::accounts::Field::Email));
        assert!(error.is_none() && errors.email.is_some());
        let (error, errors) = form_errors(&RuleError::PasswordCommon.into());
        assert!(error.is_none() && errors.password.is_some());
        let (error, errors) = form_errors(&Error::failed("something else").into());
        assert!(error.is_some() && errors.is_empty());
    }
}
