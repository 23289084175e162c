//! Second factors: the step of a sign-in that asks for one, and what people do about their own.

mod attacks;
mod branches;
mod email_sign_in;
mod enrolment;
mod events;
mod fresh_proof;
mod frontend_origin;
mod mail_codes;
mod new_password;
mod only_passkeys;
mod passkey_attacks;
pub(crate) mod passkey_sign_in;
mod passkey_sign_up;
mod passkey_signals;
pub(crate) mod passkeys;
mod programs;
mod recovery;
mod required;
mod review;
mod second_step;
mod strength;
pub(crate) mod trusted_browsers;
mod void_recovery;
mod way_back;
mod way_back_stops;

use std::time::Duration;

use tests::authenticator::Authenticator;
use tests::story::{App, CookieJar, Response, Story, query_of};
use tests::{Person, TestClient};

pub(crate) const SECURITY: &str = "/account/security";

/// Somebody with an authenticator app.
pub(crate) struct Enrolled {
    /// The browser in which it was set up.
    pub(crate) jar: CookieJar,
    pub(crate) app: Authenticator,
    /// The recovery codes.
    pub(crate) codes: Vec<String>,
}

impl Enrolled {
    /// A code that was not used yet: it belongs to a later step than all before.
    pub(crate) fn fresh_code(&self, story: &Story) -> String {
        story.advance_clock(Duration::from_secs(30));
        self.app.code(story.now())
    }
}

/// A browser in which somebody is signed in.
pub(crate) async fn browser_of(story: &Story, person: &Person) -> CookieJar {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(person, &app).await.cookie);
    jar
}

/// The form token of the page of the own factors.
pub(crate) async fn token(story: &Story, jar: &mut CookieJar) -> String {
    super::people::form_token(story, jar, SECURITY).await
}

/// Posts a form of the page of the own factors.
pub(crate) async fn act(story: &Story, jar: &mut CookieJar, what: &str, fields: &[(&str, &str)]) -> Response {
    let token = token(story, jar).await;
    let fields = [fields, &[("form_token", &*token)]].concat();
    let answer = story.post(&format!("{SECURITY}/{what}")).cookies(jar).form(&fields).send().await;
    jar.keep(&answer);
    answer
}

/// Begins to set an app up: the id, and the app that was given the secret.
pub(crate) async fn set_up(story: &Story, jar: &mut CookieJar) -> (String, Authenticator) {
    let page = act(story, jar, "totp", &[]).await.is(200);
    (page.hidden("setup_id"), Authenticator::new(&between(&page.body, "<code>", "</code>")))
}

/// Adds an authenticator app in a new browser.
pub(crate) async fn enrol(story: &Story, person: &Person) -> Enrolled {
    let mut jar = browser_of(story, person).await;
    let (id, app) = set_up(story, &mut jar).await;
    let code = app.code(story.now());
    let page = act(story, &mut jar, "totp/confirm", &[("setup_id", &id), ("code", &code)]).await.is(200);
    let codes = page.body.split("<li><code>").skip(1);
    let codes = codes.map(|rest| rest.split('<').next().expect("a code").to_owned()).collect();
    Enrolled { jar, app, codes }
}

/// The id of the first app on the page of the own factors.
pub(crate) async fn own_id(story: &Story, jar: &CookieJar) -> String {
    let page = story.get(SECURITY).cookies(jar).send().await.is(200).markup();
    let before = page.split_once("/rename").expect("an app").0;
    before.rsplit('/').next().expect("an id").to_owned()
}

/// What stands between two texts, the first time.
pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("{after} in {rest}")).0.to_owned()
}

/// A sign-in that waits for a second proof, in a browser of its own.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) jar: CookieJar,
    pub(crate) id: String,
}

/// Gives name and password for the request in `query`, which leads to the page that asks for more.
pub(crate) async fn begin(story: &Story, person: &Person, query: &str) -> Waiting {
    begin_in(story, person, query, CookieJar::default()).await
}

/// The same in a browser that there is.
pub(crate) async fn begin_in(story: &Story, person: &Person, query: &str, mut jar: CookieJar) -> Waiting {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let answer = story.post(&format!("/api/auth/login?{query}")).cookies(&jar).form(&form).send().await.is(302);
    assert_eq!(answer.location().path(), "/oauth/factor", "{}", answer.location());
    assert_eq!(answer.cookie("jwt"), None, "no session before the second proof");
    let id = query_of(&answer.location(), "pending").expect("an id");
    let cookie = answer.set_cookie(&format!("signin_{id}")).expect("a cookie of its own");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/; Max-Age=4200"), "{cookie}");
    jar.keep(&answer);
    Waiting { jar, id }
}

impl Waiting {
    /// Posts a code from the form of the page.
    pub(crate) async fn answer(&mut self, story: &Story, method: &str, code: &str) -> Response {
        let page = format!("/oauth/factor?pending={}&method={method}", self.id);
        let page = story.get(&page).header("accept", "text/html").cookies(&self.jar).send().await.is(200);
        self.jar.keep(&page);
        let token = page.hidden("form_token");
        let form = [("form_token", &*token), ("pending", &*self.id), ("code", code)];
        let answer = story.post(&format!("/api/auth/factor/{method}")).cookies(&self.jar).form(&form).send().await;
        self.jar.keep(&answer);
        answer
    }

    /// The same, as a frontend's page posts it.
    pub(crate) async fn post(&self, story: &Story, method: &str, code: &str) -> Response {
        self.post_by(story.client(), method, code).await
    }

    pub(crate) async fn post_by(&self, client: &TestClient, method: &str, code: &str) -> Response {
        let form = [("pending", &*self.id), ("code", code)];
        client.post(&format!("/api/auth/factor/{method}")).cookies(&self.jar).form(&form).send().await
    }
}

/// Whether an answer leads back to the page with this error.
#[track_caller]
pub(crate) fn is_step_error(answer: Response, error: &str, description: &str) -> Response {
    let answer = answer.is(302);
    let location = answer.location();
    assert_eq!(location.path(), "/oauth/factor", "{location}");
    let found = (query_of(&location, "error"), query_of(&location, "error_description"));
    assert_eq!(found, (Some(error.into()), Some(description.into())), "{location}");
    assert_eq!(answer.cookie("jwt"), None);
    answer
}

pub(crate) const WRONG: &str = "The code is wrong, used or too old.";

/// Whether an answer is the page of a sign-in that is over.
#[track_caller]
pub(crate) fn is_over(answer: Response) -> Response {
    let answer = answer.is(410);
    assert!(answer.body.contains("This sign-in is over"), "{}", answer.body);
    assert_eq!(answer.cookie("jwt"), None);
    answer
}

/// A request with `state` and PKCE: its query, and what proves it.
pub(crate) fn proven_query(story: &Story, app: &App) -> (String, tests::app::AuthorizationRequest) {
    let request = app.authorization_request(&story.base().parse().expect("a URL"));
    (request.url.query().expect("a query").to_owned(), request)
}
