//! The kit for a host's own tests: a database, a clock and a signed-in browser, without the reference server.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::get;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::testing::KnownAccount;
use lysand_auth::keys::Keys;
use lysand_auth::store::{MIGRATIONS, MigrationSet};
use lysand_auth::testing::{FrozenClock, ScratchStore, sign_in};
use lysand_auth::web::SignedIn;
use lysand_auth::{Auth, Config};
use tests::embedder::Embedder;
use tests::http::http_client;
use tests::memory_accounts::MemoryAccounts;

static SETS: [MigrationSet; 1] = [MIGRATIONS];

/// `GET /me`
async fn me(browser: SignedIn) -> String {
    browser.account().map_or_else(|| "nobody".to_owned(), |account| account.username.clone())
}

#[tokio::test]
async fn testing_kit_signs_a_browser_in_until_the_clock_ends_the_session() {
    let known = KnownAccount::new("1", "ada");
    let (scratch, clock) = (ScratchStore::open(&SETS).await.expect("a database"), Arc::new(FrozenClock::new()));
    let store = scratch.store().clone();
    let accounts = Arc::new(MemoryAccounts::new(std::slice::from_ref(&known), None, store));
    let keys = tempfile::tempdir().expect("a folder");
    let keys = Keys::load_or_create(keys.path()).expect("keys");
    for name in ["jwt", "sid"] {
        let config = Config::new(BaseUrl::parse("http://localhost:8080").expect("an origin"), keys.clone());
        let config = config.with_session_cookie(name);
        let lifetime = config.lifetimes.session;
        let auth = Auth::builder(config, scratch.store().clone())
            .accounts(accounts.clone())
            .ambient(clock.ambient())
            .build()
            .expect("a host");
        let host = Embedder::serve(&auth, |config| {
            config.route("/me", get().to(me));
        })
        .await;
        let ada = accounts.by_id(&known.id).await.expect("an answer").expect("ada");
        let browser = sign_in(&auth, &ada).await.expect("signed in");
        assert!(browser.cookie_header().starts_with(&format!("{name}=")), "the host names the cookie");
        let who = async || {
            let request = http_client(None).get(host.url("/me")).header("cookie", browser.cookie_header());
            request.send().await.expect("an answer").text().await.expect("text")
        };
        assert_eq!(who().await, "ada");
        clock.forward(lifetime + Duration::from_secs(1));
        assert_eq!(who().await, "nobody");
        host.end().await;
    }
}
