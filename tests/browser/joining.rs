//! Signing up: from an app, with the mail opened in another browser, with an invitation, with the approval of staff (people
//! PPL-235).

use tests::app::AuthorizationRequest;
use tests::sign_in_pages::APPROVE;
use tests::{App, Appearance, Browser, Person, Redirects, ServerProcess};
use url::Url;

use crate::accessible::is_accessible;
use crate::fixture::APP_NAME;

const SIGN_UP: &str = "#sign-up button.primary";
const CONFIRM: &str = "button[name='do'][value='confirm']";
const GO_ON: &str = "#continue button";

/// An app, a server, and somebody without an account. The browser leaves before the server stops.
struct Joining {
    browser: Browser,
    redirects: Redirects,
    app: App,
    newcomer: Person,
    appearance: Appearance,
    lang: &'static str,
    server: ServerProcess,
}

impl Joining {
    async fn start(appearance: Appearance, lang: &'static str, settings: &[(&str, &str)]) -> Self {
        let server = settings.iter().fold(ServerProcess::builder(), |server, (key, value)| server.set(key, value));
        let server = server.start().await;
        let redirects = Redirects::listen().await;
        let app = server.client().register_with(APP_NAME, &redirects.uri(), "read profile", &[]).await.expect("an app");
        let browser = Browser::with_appearance(appearance).await;
        Self { browser, redirects, app, newcomer: Person::named("newcomer"), appearance, lang, server }
    }

    /// The app sends the person to the server, who finds the way to the sign-up page.
    async fn leave_for_sign_up(&self) -> AuthorizationRequest {
        let mut request = self.app.authorization_request(self.server.base_url());
        request.url.query_pairs_mut().append_pair("lang", self.lang);
        self.browser.goto(&request.url).await;
        self.browser.click("a[href*='/register']").await;
        self.browser.find(SIGN_UP).await;
        request
    }

    async fn fill(&self, email: &str) {
        self.browser.fill("username", &self.newcomer.username).await;
        self.browser.fill("email", email).await;
        self.browser.fill("password", &self.newcomer.password).await;
    }

    /// Opens the link of the mail in a browser that knows nothing of the sign-up.
    async fn confirm_elsewhere(&self, picture: &str) {
        let token = self.server.mailed_token("/register/confirm").await;
        let other = Browser::with_appearance(self.appearance).await;
        let link = self.server.url(&format!("/register/confirm?token={token}&lang={}", self.lang));
        other.goto(&link).await;
        other.find(CONFIRM).await;
        self.judge(&other, &format!("{picture}-confirm")).await;
        other.click(CONFIRM).await;
        other.find("a[href*='/account/sign-in']").await;
        self.judge(&other, &format!("{picture}-confirmed")).await;
    }

    async fn judge(&self, browser: &Browser, name: &str) {
        match self.appearance.scripts {
            true => is_accessible(browser, &format!("{name}-{}", self.lang)).await,
            false => drop(browser.screenshot(&format!("{name}-{}-without-scripts", self.lang)).await),
        }
    }

    /// The app is let in, redeems its code, and finds the new account.
    async fn welcome(&mut self, request: &AuthorizationRequest) {
        self.browser.find(APPROVE).await;
        self.browser.approve().await;
        let callback = self.redirects.next().await;
        let code = tests::http::query_of(&callback, "code").expect("the callback carries a code");
        let token = self.server.client().redeem_proven(&self.app, request, &code).await.expect("a token");
        let account = self.server.client().account_of(&token).await.expect("a response");
        assert_eq!(account["username"], self.newcomer.username.as_str());
    }

    /// Everything from the app and back to it.
    async fn whole_way(&mut self, picture: &str) {
        let request = self.leave_for_sign_up().await;
        self.judge(&self.browser, &format!("{picture}-form")).await;
        self.fill("no address").await;
        self.browser.click(SIGN_UP).await;
        self.browser.find("#email-error").await;
        self.judge(&self.browser, &format!("{picture}-mistake")).await;
        self.fill(&self.newcomer.email).await;
        self.browser.click(SIGN_UP).await;
        self.browser.find("#code").await;
        self.judge(&self.browser, &format!("{picture}-waiting")).await;
        self.confirm_elsewhere(picture).await;
        if !self.appearance.scripts {
            self.browser.click(GO_ON).await;
        }
        self.welcome(&request).await;
    }
}

#[tokio::test]
async fn sign_up_from_an_app_with_the_mail_in_another_browser_leads_back_to_the_app() {
    let mut joining = Joining::start(Appearance::default(), "en", &[]).await;
    joining.whole_way("sign-up").await;
}

#[tokio::test]
async fn sign_up_in_german_in_the_dark_on_a_narrow_screen_leads_back_to_the_app() {
    let appearance = Appearance { width: 320, dark: true, ..Appearance::default() };
    let mut joining = Joining::start(appearance, "de", &[]).await;
    joining.whole_way("sign-up-narrow-dark").await;
}

#[tokio::test]
async fn sign_up_without_scripts_leads_back_to_the_app() {
    let appearance = Appearance { scripts: false, ..Appearance::default() };
    let mut joining = Joining::start(appearance, "en", &[]).await;
    joining.whole_way("sign-up").await;
}

#[tokio::test]
async fn request_to_join_waits_for_approval_and_then_leads_back_to_the_app() {
    let settings = [("signups.approval", "true"), ("signups.reason_required", "true")];
    let mut joining = Joining::start(Appearance::default(), "en", &settings).await;
    let request = joining.leave_for_sign_up().await;
    joining.fill(&joining.newcomer.email.clone()).await;
    let reason = joining.browser.find("textarea[name='reason']").await;
    reason.send_keys("I would like to see birds.").await.expect("a text can be typed");
    joining.judge(&joining.browser, "request-to-join").await;
    joining.browser.click(SIGN_UP).await;
    joining.browser.find("#code").await;
    joining.confirm_elsewhere("request-to-join").await;
    joining.browser.reads("Your request is being looked at").await;
    joining.judge(&joining.browser, "request-to-join-pending").await;
    let approved = joining.server.run(&["review", "approve", &joining.newcomer.username], "");
    assert!(approved.status.success(), "{approved:?}");
    joining.welcome(&request).await;
}

#[tokio::test]
async fn invitation_opens_a_server_that_is_closed_to_others() {
    let joining = Joining::start(Appearance::default(), "en", &[("signups.registration", "false")]).await;
    joining.browser.goto(&joining.server.url("/register")).await;
    joining.browser.reads("You need an invitation to join this server.").await;
    joining.judge(&joining.browser, "sign-up-by-invitation-only").await;
    let made = joining.server.run(&["invite", "create"], "");
    let printed = String::from_utf8_lossy(&made.stdout).into_owned();
    let link = printed.split_whitespace().find(|word| word.starts_with("http")).expect("a link");
    joining.browser.goto(&Url::parse(link).expect("a link")).await;
    joining.fill(&joining.newcomer.email).await;
    joining.judge(&joining.browser, "sign-up-invited").await;
    joining.browser.click(SIGN_UP).await;
    joining.browser.find("#code").await;
    joining.confirm_elsewhere("sign-up-invited").await;
    joining.browser.reads("Your account").await;
    joining.judge(&joining.browser, "sign-up-invited-home").await;
}
