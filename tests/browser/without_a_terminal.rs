//! From the link that the first start prints to a server with mail, an invited and an approved person: with a browser alone, and with
//! few clicks (people PPL-154).

use std::cell::Cell;

use tests::mail_server::MailServer;
use tests::{Appearance, Browser, Person, ServerProcess, wait};
use url::Url;

use crate::accessible::is_accessible;

/// The most clicks and keys for all of it, beside what is typed.
const MOST: usize = 60;

/// Somebody with a browser: no address is typed, and each press of a button, a link or a field counts.
struct Hands<'a> {
    browser: Browser,
    presses: &'a Cell<usize>,
}

impl<'a> Hands<'a> {
    /// Opens a browser with a link that was printed or mailed.
    async fn open(link: &str, presses: &'a Cell<usize>) -> Self {
        let browser = Browser::with_appearance(Appearance::default()).await;
        browser.goto(&Url::parse(link).expect("a link")).await;
        presses.set(presses.get() + 1);
        Self { browser, presses }
    }

    async fn click(&self, css: &str) {
        self.browser.click(css).await;
        self.presses.set(self.presses.get() + 1);
    }

    /// Goes into a field and types; where the page put the cursor there already, that costs nothing.
    async fn fill(&self, name: &str, value: &str) {
        self.browser.find(&format!("input[name='{name}']")).await;
        let is_there = self.browser.evaluate(&format!("return document.activeElement.name === '{name}'")).await;
        if is_there != serde_json::json!(true) {
            self.presses.set(self.presses.get() + 1);
        }
        self.browser.fill(name, value).await;
    }

    /// Opens a list and chooses from it.
    async fn choose(&self, name: &str, value: &str) {
        self.click(&format!("select[name='{name}']")).await;
        self.click(&format!("select[name='{name}'] option[value='{value}']")).await;
    }

    async fn judge(&self, name: &str) {
        is_accessible(&self.browser, &format!("without-a-terminal-{name}")).await;
    }

    /// Goes to another page for staff.
    async fn go(&self, path: &str) {
        self.click(&format!("nav .places a[href$='{path}']")).await;
        self.browser.find(&format!("nav .places a[href$='{path}'][aria-current='page']")).await;
    }

    /// Saves the part of the settings that this field is in.
    async fn save(&self, field: &str) {
        self.click(&format!("form:has([name='{field}']) button.primary")).await;
        self.browser.find(".notice.good").await;
    }
}

/// The first account is made, signs in and reaches the pages for staff.
async fn begin<'a>(server: &ServerProcess, presses: &'a Cell<usize>) -> Hands<'a> {
    let link = wait::until("the set-up link in the banner", async || {
        let log = server.log();
        log.split_whitespace().find(|word| word.contains("/setup?token=")).map(str::to_owned)
    });
    let admin = Hands::open(&link.await, presses).await;
    let person = Person::named("ada");
    admin.judge("setup").await;
    admin.fill("username", &person.username).await;
    admin.fill("email", &person.email).await;
    admin.fill("password", &person.password).await;
    admin.fill("confirmation", &person.password).await;
    admin.click("form:has(input[name='confirmation']) button").await;
    admin.browser.find("a[href*='/account/sign-in']").await;
    admin.judge("home").await;
    admin.click("a[href*='/account/sign-in']").await;
    admin.fill("identifier", &person.username).await;
    admin.fill("password", &person.password).await;
    admin.click("form:has(input[name='password']) button.primary").await;
    admin.browser.find("a[href$='/account']").await;
    admin.click("a[href$='/account']").await;
    admin.browser.find("ul.links a[href$='/admin']").await;
    admin.judge("account").await;
    admin.click("ul.links a[href$='/admin']").await;
    admin.browser.find("nav .places").await;
    admin.judge("administration").await;
    admin
}

/// Mail goes out by a mail server, which the page for mail tries.
async fn configure_mail(admin: &Hands<'_>, mails: &MailServer) {
    admin.go("/admin/settings").await;
    admin.judge("settings").await;
    admin.click("input[name='smtp.enabled']").await;
    admin.fill("smtp.server", "127.0.0.1").await;
    admin.fill("smtp.port", &mails.port().to_string()).await;
    admin.choose("smtp.tls", "false").await;
    admin.save("smtp.server").await;
    admin.judge("settings-saved").await;
    admin.go("/admin/mail").await;
    admin.judge("mail").await;
    admin.click("section[aria-labelledby='try'] button").await;
    admin.browser.find("dl.facts").await;
    admin.judge("mail-tried").await;
    mails.mail_to(&Person::named("ada").email, "Subject:").await;
}

/// An invitation goes to somebody by mail.
async fn invite(admin: &Hands<'_>, person: &Person) {
    admin.fill("email", &person.email).await;
    admin.click("section[aria-labelledby='new'] button.primary").await;
    admin.browser.find(".notice.good").await;
}

/// Somebody opens the link of the invitation and signs up.
async fn join<'a>(mails: &MailServer, person: &Person, presses: &'a Cell<usize>) -> Hands<'a> {
    let link = mails.link_to(&person.email, "/register?invite=").await;
    let hands = Hands::open(&link, presses).await;
    hands.browser.find("#sign-up").await;
    hands.judge(&format!("join-{}", person.username)).await;
    hands.fill("username", &person.username).await;
    hands.fill("email", &person.email).await;
    hands.fill("password", &person.password).await;
    hands.click("#sign-up button.primary").await;
    hands
}

#[tokio::test]
async fn server_is_set_up_without_a_terminal_and_with_few_clicks() {
    let server = ServerProcess::start().await;
    let (mails, presses) = (MailServer::start(), Cell::new(0));
    let (grace, bob) = (Person::named("grace"), Person::named("bob"));
    let admin = begin(&server, &presses).await;
    configure_mail(&admin, &mails).await;

    // By invitation alone.
    admin.go("/admin/settings").await;
    admin.click("input[name='signups.registration']").await;
    admin.save("signups.registration").await;
    admin.go("/admin/invitations").await;
    admin.judge("invitations").await;
    invite(&admin, &grace).await;
    admin.judge("invitations-made").await;
    admin.click("input[name='skips_review']").await;
    invite(&admin, &bob).await;

    // The first one is in at once.
    let second = join(&mails, &grace, &presses).await;
    second.browser.find("#continue button").await;
    second.judge("second-ready").await;
    second.click("#continue button").await;
    second.browser.find("ul.links").await;
    second.browser.reads("@grace").await;
    second.judge("second").await;

    // The other one waits.
    let third = join(&mails, &bob, &presses).await;
    third.browser.reads("Your request is being looked at").await;
    third.judge("third-waits").await;
    admin.go("/admin/requests").await;
    admin.judge("requests").await;
    admin.click("input[name='id']").await;
    admin.click("button[value='approve']").await;
    admin.browser.find(".notice.good").await;
    third.browser.find("ul.links").await;
    third.browser.reads("@bob").await;
    third.judge("third").await;

    assert!(presses.get() <= MOST, "{} clicks and keys", presses.get());
}
