//! "Try the sign-in": a built-in app that goes through the same sign-in as any other app, and tells each step.
//!
//! The browser really goes to `/oauth/authorize` and comes back with a code. What an app asks without the browser (steps
//! 1 and 5 to 7) the demo asks by calling the flows behind those routes, with the same parameters.

pub mod page;
mod pending;
pub mod story;

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::{Code, Error, Refusal};
use lysand_auth::flows::{bearer, revoke, token};
use lysand_auth::host::pages::{AccountOnPage, ErrorPage, Language, Reader};
use lysand_auth::model::account::Account;
use lysand_auth::model::client::ClientClaim;
use lysand_auth::secret::Secret;
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{ApiError, SignedIn, form_session, form_token, not_allowed, prove_form, reader, with_slash};
use serde::Deserialize;
use serde_json::{Value, json};

use self::page::{DemoPage, Step};
use self::pending::{DemoApp, Pending};
use self::story::{AuthorizeRequest, Callback, TokenRequest};
use crate::instance::account::credential_account;
use crate::server::State;

/// Where the form "try the sign-in" posts to.
pub const START: &str = "/demo/start";

/// A run that cannot go on: the title of that page, and why.
const OVER: &str = "This run of the demo is over";
const ONCE: &str = "Each run of the demo works once, in the browser in which it began.";
const ASTRAY: &str = "The answer that came back does not belong to the run that began in this browser.";

/// How a run ends: the heading, and what it comes to.
const WORKED: [&str; 2] = [
    "It worked",
    "The demo signed you in and could speak for this account. Below is every request on the way, as any app would send it, \
     with the answer that it gets.",
];
const DENIED: [&str; 2] = ["You said no", "The app got an answer, but no code: it may not speak for anybody."];
const FAILED: [&str; 2] = ["Something is wrong", "The demo came this far and no farther."];

/// The texts that these pages get translated beside those of their templates.
#[cfg(test)]
pub(crate) fn texts() -> Vec<String> {
    let ends = [WORKED, DENIED, FAILED].into_iter().flatten();
    ends.chain([OVER, ONCE, ASTRAY]).map(str::to_owned).chain(story::texts()).collect()
}

/// The form of the home page.
#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    form_token: String,
}

/// `POST /demo/start`: steps 1 and 2, and off goes the browser.
async fn start(
    state: Data<State>,
    app: Data<DemoApp>,
    request: HttpRequest,
    session: Session,
    browser: SignedIn,
    form: Option<web::Form<Start>>,
) -> Result<HttpResponse, ApiError> {
    let sent = form.map(|form| form.into_inner().form_token).unwrap_or_default();
    let reader = reader(&request);
    match prove_form(&state.auth, &request, &session, Some(&sent)) {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::StaleForm => {
            return Ok(over(&state, &reader.for_account(browser.account()), &refusal.why));
        }
        Err(error) => return Err(error.into()),
    }
    let pending = Pending::begin(&state.auth, &app, reader.asked).await?;
    pending.keep(&session)?;
    let place = pending.authorize_url(&state.settings.http.base_url);
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish())
}

/// The query of the callback; what is missing is told on the page.
#[derive(Default, Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `GET /demo/callback`: the browser is back, and the demo does the rest.
async fn callback(
    state: Data<State>,
    request: HttpRequest,
    session: Session,
    browser: SignedIn,
    answer: Option<web::Query<Answer>>,
) -> Result<HttpResponse, ApiError> {
    let answer = answer.map(web::Query::into_inner).unwrap_or_default();
    let reader = reader(&request).for_account(browser.account());
    let Some(pending) = Pending::take(&session) else {
        return Ok(over(&state, &reader, ONCE));
    };
    // No app is sent back with the language of its sign-in: it knows what it asked for.
    let reader = Reader { asked: reader.asked.or(pending.lang()), ..reader };
    let issuer = state.settings.http.base_url.issuer();
    // What an app must check before it believes the answer (RFC 6749 §10.12, RFC 9207).
    if answer.state.as_deref() != Some(pending.state()) || answer.iss.as_ref().is_some_and(|iss| *iss != issuer) {
        return Ok(over(&state, &reader, ASTRAY));
    }
    let run = Run { state: &state, pending: &pending, steps: Vec::new(), account: None };
    let told = run.tell(&answer).await?;
    let page = DemoPage {
        heading: told.heading,
        summary: told.summary,
        trouble: told.trouble,
        account: told
            .account
            .as_ref()
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        steps: told.steps,
        again: reader.keep(START),
        home: reader.keep("/"),
        form_token: form_token(&state.auth, &session)?,
    };
    Ok(state.pages.reply(&reader, StatusCode::OK, "demo.html", &page))
}

/// A run of the demo that cannot go on.
fn over(state: &State, reader: &Reader, why: &str) -> HttpResponse {
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST.as_u16(),
        title: OVER,
        message: why,
        error: "",
        error_description: "",
        start_over: Some(reader.keep("/")),
    };
    state.pages.reply(reader, StatusCode::BAD_REQUEST, "trouble.html", &page)
}

/// One run, from its first step to as far as it comes.
struct Run<'a> {
    state: &'a State,
    pending: &'a Pending,
    steps: Vec<Step>,
    account: Option<Account>,
}

/// How a run went.
struct Told {
    heading: &'static str,
    summary: &'static str,
    trouble: Option<String>,
    account: Option<Account>,
    steps: Vec<Step>,
}

impl Run<'_> {
    async fn tell(mut self, answer: &Answer) -> Result<Told, Error> {
        let base_url = &self.state.settings.http.base_url;
        let challenge = self.pending.challenge();
        self.steps.push(story::registration(base_url, self.pending.registered(base_url)));
        self.steps.push(story::authorize(
            base_url,
            &AuthorizeRequest {
                client_id: self.pending.client_id(),
                state: self.pending.state(),
                code_challenge: &challenge,
                lang: self.pending.lang().as_ref().map(Language::as_str),
            },
        ));
        self.steps.push(story::sign_in(base_url));
        self.steps.push(story::decision(
            base_url,
            &Callback {
                code: answer.code.as_deref(),
                state: self.pending.state(),
                iss: answer.iss.as_deref(),
                error: answer.error.as_deref(),
                error_description: answer.error_description.as_deref(),
            },
        ));
        let Some(code) = &answer.code else {
            return Ok(self.told(DENIED, None));
        };
        match self.redeem(&Secret::new(code.as_str())).await {
            Ok(()) => Ok(self.told(WORKED, None)),
            Err(Error::Refused(refusal)) => Ok(self.told(FAILED, Some(refusal.why.into_owned()))),
            Err(failed) => Err(failed),
        }
    }

    /// Steps 5 to 7: redeem the code, ask whom the token speaks for, give it back.
    async fn redeem(&mut self, code: &Secret) -> Result<(), Error> {
        let (auth, base_url) = (&self.state.auth, &self.state.settings.http.base_url);
        let sent = TokenRequest {
            client_id: self.pending.client_id(),
            client_secret: self.pending.client_secret().expose(),
            code: code.expose(),
            code_verifier: self.pending.verifier().expose(),
        };
        let issued = match token::exchange(auth, self.token_request(code)).await {
            Ok(issued) => issued,
            Err(Error::Refused(refusal)) => {
                self.steps.push(story::token(base_url, &sent, refusal.code.status(), in_json(&refusal)));
                return Err(Error::Refused(refusal));
            }
            Err(failed) => return Err(failed),
        };
        let answer = json!({
            "access_token": issued.access_token.expose(),
            "token_type": "Bearer",
            "scope": issued.scopes.to_string(),
            "created_at": issued.created_at.seconds(),
        });
        self.steps.push(story::token(base_url, &sent, 200, answer));
        let account = bearer::speaks_for(auth, &issued.access_token).await?.account(auth).await?;
        let entity = credential_account(&account, base_url);
        self.steps.push(story::verify(base_url, issued.access_token.expose(), &entity));
        self.account = Some(account);
        let step = story::revocation(
            base_url,
            self.pending.client_id(),
            self.pending.client_secret().expose(),
            issued.access_token.expose(),
        );
        revoke::revoke(auth, self.claim(), Some(issued.access_token)).await?;
        self.steps.push(step);
        Ok(())
    }

    fn token_request(&self, code: &Secret) -> token::TokenRequest {
        token::TokenRequest {
            grant_type: Some("authorization_code".to_owned()),
            client: self.claim(),
            code: Some(code.clone()),
            redirect_uri: Some(story::redirect_uri(&self.state.settings.http.base_url)),
            code_verifier: Some(self.pending.verifier().clone()),
            refresh_token: None,
            scope: None,
            // The request comes from this server itself.
            source: None,
        }
    }

    fn claim(&self) -> ClientClaim {
        ClientClaim {
            id: Some(self.pending.client_id().to_owned()),
            secrets: vec![self.pending.client_secret().clone()],
        }
    }

    fn told(self, [heading, summary]: [&'static str; 2], trouble: Option<String>) -> Told {
        Told { heading, summary, trouble, account: self.account, steps: self.steps }
    }
}

/// A refusal as `/oauth/token` answers it (RFC 6749 §5.2).
fn in_json(refusal: &Refusal) -> Value {
    json!({ "error": refusal.code.oauth_name(), "error_description": refusal.why })
}

/// The routes of the demo; none when it is switched off.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let headers = Headers::new(Surface::Page, state.auth.config().base_url.is_secure());
    let (auth, enabled) = (state.auth.clone(), state.settings.demo);
    move |config| {
        if !enabled {
            return;
        }
        config.app_data(Data::new(DemoApp::default()));
        for path in with_slash(START) {
            config.service(
                web::resource(path)
                    .route(web::post().to(start))
                    .default_service(not_allowed("POST"))
                    .wrap(form_session(&auth))
                    .wrap(headers),
            );
        }
        for path in with_slash("/demo/callback") {
            config.service(
                web::resource(path)
                    .route(web::get().to(callback))
                    .default_service(not_allowed("GET"))
                    .wrap(form_session(&auth))
                    .wrap(headers),
            );
        }
    }
}
