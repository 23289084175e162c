//! The way from an app to the sign-in page, the consent page and back, through a proxy that the guide sets up (faults D13).

use tests::reverse_proxy::{Proxied, Proxy};
use tests::{Browser, Person, Redirects};

use tests::http::query_of;

async fn signs_in_through(proxy: Proxy) {
    let proxied = Proxied::start(proxy).await;
    let person = Person::named("alice");
    proxied.server.create_account(&person);
    let mut redirects = Redirects::listen().await;
    let client = proxied.client();
    let app = client.register_with("Pocket Reader", &redirects.uri(), "read", &[]).await.expect("an app");
    let request = app.authorization_request(&proxied.base_url());
    let browser = Browser::open().await;
    browser.goto(&request.url).await;
    let spoken = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
    assert_eq!(browser.evaluate(spoken).await, "h2");
    browser.sign_in(&person).await;
    browser.approve().await;
    let callback = redirects.next().await;
    assert_eq!(query_of(&callback, "state").as_deref(), Some(&*request.state));
    let code = query_of(&callback, "code").expect("a code");
    let token = client.redeem_proven(&app, &request, &code).await.expect("a token");
    assert_eq!(client.account_of(&token).await.expect("an account")["username"], "alice");

    // Signed in: the account's own pages, and the way out.
    browser.goto(&proxied.base_url().join("/account").expect("a path")).await;
    browser.reads("@alice").await;
    assert_eq!(browser.url().await.origin(), proxied.base_url().origin());
    assert_eq!(proxied.server.complaints(), [""; 0]);
}

#[tokio::test]
async fn sign_in_through_nginx_by_http2_leads_back_to_the_app() {
    signs_in_through(Proxy::Nginx).await;
}

#[tokio::test]
async fn sign_in_through_haproxy_by_http2_leads_back_to_the_app() {
    signs_in_through(Proxy::Haproxy).await;
}

#[tokio::test]
async fn sign_in_through_caddy_by_http2_leads_back_to_the_app() {
    signs_in_through(Proxy::Caddy).await;
}
