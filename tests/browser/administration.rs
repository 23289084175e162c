//! The people who run the server look after it, and people after their own sign-ins, tokens and data (people PPL-235).

use serde_json::json;
use tests::{Appearance, Browser, Person, ServerProcess};

use crate::accessible::is_accessible;

/// A server with two requests to join, and its admin in a browser. The browser leaves before the server stops.
struct Administration {
    browser: Browser,
    appearance: Appearance,
    lang: &'static str,
    server: ServerProcess,
}

impl Administration {
    async fn start(appearance: Appearance, lang: &'static str) -> Self {
        let settings =
            [("signups.approval", "true"), ("signups.registration", "true"), ("signups.proof_of_work", "false")];
        let server = settings.iter().fold(ServerProcess::builder(), |server, (key, value)| server.set(key, value));
        let server = server.start().await;
        let (ada, bob) = (Person::named("ada"), Person::named("bob"));
        server.create_account(&ada);
        server.create_account(&bob);
        assert!(server.run(&["account", "role", "ada", "admin"], "").status.success());
        for name in ["grace", "eve"] {
            let form = json!({
                "username": name,
                "email": format!("{name}@example.com"),
                "password": "a calm evening",
                "reason": "I have read about this server and would like to write here about gardens.",
            });
            server.client().post("/api/v1/auth/signup").json(&form).send().await.is(201);
        }
        let browser = Browser::with_appearance(appearance).await;
        let administration = Self { browser, appearance, lang, server };
        administration.goto("/admin").await;
        administration.browser.sign_in(&ada).await;
        administration.browser.find("nav .places").await;
        administration
    }

    async fn goto(&self, path: &str) {
        self.browser.goto(&self.server.url(&format!("{path}?lang={}", self.lang))).await;
    }

    async fn judge(&self, name: &str) {
        match self.appearance.scripts {
            true => is_accessible(&self.browser, &format!("{name}-{}-{}", self.lang, self.appearance.width)).await,
            false => drop(self.browser.screenshot(&format!("{name}-{}-without-scripts", self.lang)).await),
        }
    }

    /// Decides a request, and stops somebody.
    async fn whole_way(&self) {
        let browser = &self.browser;
        self.judge("admin-home").await;
        self.goto("/admin/requests").await;
        self.judge("admin-requests").await;
        browser.click("input[name='id']").await;
        browser.click("button[value='approve']").await;
        browser.find(".notice.good").await;
        self.judge("admin-requests-approved").await;
        self.goto("/admin/accounts").await;
        self.judge("admin-accounts").await;
        browser.fill("q", "bob").await;
        browser.click("form[role='search'] button").await;
        browser.find("ul.activity a").await;
        browser.click("ul.activity a").await;
        browser.find("#acts").await;
        self.judge("admin-account").await;
        browser.click("a[href*='/disable']").await;
        browser.find("#message").await;
        self.judge("admin-disable").await;
        browser.find("#message").await.send_keys("Please look into your mail.").await.expect("typed");
        browser.click("form button.primary").await;
        browser.find("button[type='submit'], input[value='enable'], .notice.good").await;
        assert!(browser.has("input[value='enable']").await, "it can be let act again");
        self.judge("admin-account-disabled").await;
        browser.click("a[href*='/role']").await;
        browser.find("input[name='role']").await;
        self.judge("admin-role").await;
    }

    /// Invitations, apps, mail and events.
    async fn lists(&self) {
        let browser = &self.browser;
        self.goto("/admin/invitations").await;
        browser.fill("comment", "For somebody with a garden").await;
        browser.click("section form button.primary").await;
        browser.find(".notice.good").await;
        browser.find("ul.activity form button").await;
        self.judge("admin-invitations").await;
        browser.click("a[href*='by=']").await;
        browser.find("a[href*='/invitations/end']").await;
        browser.click("a[href*='/invitations/end']").await;
        browser.find("main form button.primary").await;
        self.judge("admin-invitations-end").await;
        self.goto("/admin/apps").await;
        self.judge("admin-apps").await;
        browser.click("ul.activity a").await;
        browser.find("dl.facts").await;
        self.judge("admin-app").await;
        self.goto("/admin/mail").await;
        self.judge("admin-mail").await;
        browser.click("section form[method='post'] button").await;
        browser.find("dl.facts").await;
        self.judge("admin-mail-one").await;
        self.goto("/admin/events").await;
        browser.find("ol.activity").await;
        self.judge("admin-events").await;
        browser.click("details.filter summary").await;
        browser.fill("actor", "ada").await;
        browser.click("form[role='search'] button").await;
        browser.find("details.filter[open]").await;
        self.judge("admin-events-of-one").await;
        browser.click("a[href*='/events/export']").await;
        browser.find("input[name='format']").await;
        self.judge("admin-events-export").await;
    }

    /// An account for somebody else, and what is kept out.
    async fn makes_and_blocks(&self) {
        let browser = &self.browser;
        self.goto("/admin/accounts").await;
        browser.click("a[href*='/admin/new_account']").await;
        browser.find("#username").await;
        self.judge("admin-new-account").await;
        browser.fill("username", "bob").await;
        browser.fill("email", "hedy@example.com").await;
        browser.click("main form button.primary").await;
        browser.find("#username-error").await;
        self.judge("admin-new-account-taken").await;
        browser.fill("username", "hedy").await;
        browser.click("main form button.primary").await;
        browser.find(".notice.good").await;
        self.judge("admin-new-account-made").await;
        self.goto("/admin/blocks").await;
        browser.fill("ip", "203.0.113.0/24").await;
        browser.fill("comment", "Many forms filled in by programs").await;
        browser.click("section form button.primary").await;
        browser.find("ul.activity form button").await;
        self.judge("admin-blocks").await;
        browser.fill("ip", "127.0.0.1").await;
        browser.click("input[value='no_access']").await;
        browser.click("section form button.primary").await;
        browser.find("#ip-error").await;
        self.judge("admin-blocks-own-network").await;
        self.goto("/admin/blocks/domains").await;
        browser.fill("domain", "spam.example").await;
        browser.click("section form button.primary").await;
        browser.find("ul.activity form button").await;
        self.judge("admin-blocks-domains").await;
    }

    /// The pages about one's own sign-ins, tokens and data.
    async fn own_pages(&self) {
        for (path, sign, name) in [
            ("/account", "ul.links", "account"),
            ("/account/sessions", "main h2", "sessions"),
            ("/account/sessions/end", "main form", "sessions-end"),
            ("/account/tokens", "#name", "tokens"),
            ("/account/close", "main form", "close"),
            ("/account/export", "main form", "export"),
        ] {
            self.goto(path).await;
            self.browser.find(sign).await;
            self.judge(name).await;
        }
    }
}

#[tokio::test]
async fn staff_decides_a_request_and_stops_somebody() {
    let administration = Administration::start(Appearance::default(), "en").await;
    administration.whole_way().await;
    administration.lists().await;
    administration.makes_and_blocks().await;
    administration.own_pages().await;
}

#[tokio::test]
async fn staff_decides_in_german_in_the_dark_on_a_narrow_screen() {
    let appearance = Appearance { width: 320, dark: true, ..Appearance::default() };
    let administration = Administration::start(appearance, "de").await;
    administration.whole_way().await;
    administration.lists().await;
    administration.makes_and_blocks().await;
    administration.own_pages().await;
}

#[tokio::test]
async fn staff_decides_without_scripts() {
    let appearance = Appearance { scripts: false, ..Appearance::default() };
    let administration = Administration::start(appearance, "en").await;
    administration.whole_way().await;
    administration.lists().await;
    administration.makes_and_blocks().await;
}
