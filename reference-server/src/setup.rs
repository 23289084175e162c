//! The set-up link: creates the first admin account, once (running contract §1).
//!
//! The form needs no token of its own against other sites: whoever knows the link's token runs this server.

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::{Code, Error};
#[cfg(test)]
use lysand_auth::host::accounts::Field;
use lysand_auth::host::accounts::{AccountsError, NewAccount};
use lysand_auth::host::pages::{ErrorPage, Reader};
use lysand_auth::model::account::{Email, Role, Standing};
use lysand_auth::secret::Secret;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{ApiError, not_allowed, reader, with_slash};
use serde::{Deserialize, Serialize};

use crate::accounts::{FirstAdminError, rules};
use crate::instance::about;
use crate::server::State;

const ACTION: &str = "/setup";

const PASSWORDS_DIFFER: &str = "The two passwords differ";

/// What is said of a link that opens nothing: title and message.
const DEAD_LINK: [&str; 2] = [
    "This set-up link no longer works",
    "A set-up link works once, until there is an admin account, and only while the server that printed it runs. If there \
     is no admin yet, take the link that the server printed when it last started, or run “reference-server account create \
     NAME --email ADDRESS --admin”.",
];

/// The largest form that is read (security LOAD-7).
const MAX_FORM: usize = 8 * 1024;

/// `setup.html`
#[derive(Debug, Serialize)]
pub struct SetupPage<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// Hidden field: the token of the link.
    pub token: &'a str,
    /// The name that was typed.
    pub username: &'a str,
    /// The address that was typed.
    pub email: &'a str,
    /// The name of this server, as it stands in addresses.
    pub host: &'a str,
    /// What is wrong with the whole form.
    pub error: Option<String>,
    /// What is wrong with its fields.
    pub errors: Faults,
}

/// What is wrong with the fields of the form, in English words for the person; the page translates them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// The user name.
    pub username: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Its repetition.
    pub confirmation: Option<String>,
}

impl Faults {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The query of the link.
#[derive(Deserialize)]
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
    /// All that is wrong with it before anything is looked up.
    fn faults(&self, host: &str) -> Faults {
        let related = [self.username.trim(), self.email.trim(), host];
        let differs = self.confirmation.expose() != self.password.expose();
        Faults {
            username: rules::username(&self.username).err(),
            email: rules::email(&self.email).err(),
            password: rules::password(self.password.expose(), related).err(),
            confirmation: differs.then(|| PASSWORDS_DIFFER.to_owned()),
        }
    }

    fn new_account(&self) -> NewAccount {
        NewAccount {
            username: self.username.clone(),
            email: Some(Email { address: self.email.clone(), confirmed: true }),
            password: Some(self.password.clone()),
            role: Role::Admin,
            standing: Standing::Active,
        }
    }
}

/// `GET /setup?token=…`
async fn show(state: web::Data<State>, req: HttpRequest, link: web::Query<Link>) -> Result<HttpResponse, ApiError> {
    let reader = reader(&req);
    if !state.accounts.setup_token_lives(&link.token).await? {
        return Ok(dead_link(&state, &reader));
    }
    let form = Form { token: link.token.clone(), ..Form::default() };
    Ok(page(&state, &reader, StatusCode::OK, &form, None, Faults::default()))
}

/// `POST /setup`
async fn create(
    state: web::Data<State>,
    req: HttpRequest,
    form: Result<web::Form<Form>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let form = form.map_err(|error| unreadable(&error))?.into_inner();
    let reader = reader(&req);
    if !state.accounts.setup_token_lives(&form.token).await? {
        return Ok(dead_link(&state, &reader));
    }
    let faults = form.faults(about::domain(&state.settings.http.base_url));
    if !faults.is_empty() {
        return Ok(page(&state, &reader, StatusCode::UNPROCESSABLE_ENTITY, &form, None, faults));
    }
    match state.accounts.create_first_admin(&form.token, form.new_account()).await {
        Ok(account) => {
            tracing::info!(account = %account.id, "the first admin account was created by the set-up link");
            Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, reader.keep("/?notice=ready"))).finish())
        }
        Err(FirstAdminError::LinkDead) => Ok(dead_link(&state, &reader)),
        Err(FirstAdminError::Refused(AccountsError::Failed(source))) => Err(ApiError(Error::from_host(source))),
        Err(FirstAdminError::Refused(refused)) => {
            let (error, faults) = blame(refused.to_string());
            Ok(page(&state, &reader, StatusCode::UNPROCESSABLE_ENTITY, &form, error, faults))
        }
    }
}

/// Finds the field that a refusal of the accounts is about; each of their sentences begins with its name.
fn blame(refusal: String) -> (Option<String>, Faults) {
    let mut faults = Faults::default();
    let field = match refusal.split([' ', '-']).next() {
        Some("Username") => &mut faults.username,
        Some("E") => &mut faults.email,
        Some("Password") => &mut faults.password,
        _ => return (Some(refusal), faults),
    };
    *field = Some(refusal);
    (None, faults)
}

fn page(
    state: &State,
    reader: &Reader,
    status: StatusCode,
    form: &Form,
    error: Option<String>,
    errors: Faults,
) -> HttpResponse {
    let page = SetupPage {
        action: &reader.keep(ACTION),
        token: form.token.expose(),
        username: &form.username,
        email: &form.email,
        host: about::domain(&state.settings.http.base_url),
        error,
        errors,
    };
    state.pages.reply(reader, status, "setup.html", &page)
}

/// One page for every link that opens nothing, so that it tells nothing about tokens.
fn dead_link(state: &State, reader: &Reader) -> HttpResponse {
    let [title, message] = DEAD_LINK;
    let page = ErrorPage {
        status: StatusCode::GONE.as_u16(),
        title,
        message,
        error: "",
        error_description: "",
        start_over: None,
    };
    state.pages.reply(reader, StatusCode::GONE, "trouble.html", &page)
}

/// The texts that these pages get translated beside those of their templates.
#[cfg(test)]
pub(crate) fn texts() -> Vec<String> {
    let taken = [Field::Username, Field::Email].map(|field| AccountsError::Taken(field).to_string());
    let own = DEAD_LINK.into_iter().chain([PASSWORDS_DIFFER]).chain(rules::TEXTS);
    own.map(str::to_owned).chain(taken).collect()
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
    let headers = Headers::new(Surface::Page, state.auth.config().base_url.is_secure());
    move |config| {
        for path in with_slash(ACTION) {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn all_faults_come_at_once() {
        let faults = form("a b", "x", "short", "other").faults("social.example");
        assert!(faults.username.is_some() && faults.email.is_some() && faults.password.is_some());
        assert!(faults.confirmation.is_some());
        let good = form("mira", "mira@post.example", "correct horse battery", "correct horse battery");
        assert!(good.faults("social.example").is_empty());
    }

    #[test]
    fn refusals_find_their_field() {
        let (error, faults) = blame(AccountsError::Taken(Field::Username).to_string());
        assert!(error.is_none() && faults.username.is_some());
        let (error, faults) = blame(AccountsError::Taken(Field::Email).to_string());
        assert!(error.is_none() && faults.email.is_some());
        let (error, faults) = blame("Something else".to_owned());
        assert!(error.is_some() && faults.is_empty());
    }
}
