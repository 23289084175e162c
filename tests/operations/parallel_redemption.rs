//! Sixty at once, on two servers over one PostgreSQL: a code and a refresh token each work for one (security ONE-1, ONE-4,
//! Mastodon §20). All sixty have every proof, so each but one is a replay, and ends what the one had bought.

use futures_util::future::join_all;
use tests::postgres::TestDatabase;
use tests::{Person, ServerProcess};

use tests::http::Response;
use tests::{App, TestClient};

const TRIES: usize = 60;

/// Two servers with one public address, as replicas behind a proxy are.
struct Replicas {
    clients: [TestClient; 2],
    person: Person,
    // The servers end before their database does: fields drop in this order.
    _servers: [ServerProcess; 2],
    _database: TestDatabase,
}

impl Replicas {
    /// Two servers that answer a refresh once more for so long, when its answer may have been lost (faults A9).
    async fn start(refresh_retry: &str) -> Self {
        let database = TestDatabase::create().await;
        let settings =
            [("database.url", database.url().as_str().to_owned()), ("tokens.refresh_retry", refresh_retry.to_owned())];
        let builder =
            || settings.iter().fold(ServerProcess::builder(), |builder, (key, value)| builder.set(key, value));
        let first = builder().start().await;
        let address = first.base_url().origin().ascii_serialization();
        let second = builder().set("http.base_url", &address).start().await;
        let person = Person::named("ada");
        first.create_account(&person);
        let clients = [first.client(), second.client()];
        Self { clients, person, _servers: [first, second], _database: database }
    }

    /// An app whose tokens expire, and a code for it.
    async fn app_with_code(&self) -> (App, String) {
        let [first, _] = &self.clients;
        let app = first.register_expiring().await.expect("an app");
        let browser = first.sign_in(&self.person, &app).await.expect("signed in");
        let code = first.consent(&browser, &app).await.expect("a code");
        (app, code)
    }

    /// Makes a call sixty times at once, half of them on each server, and returns the one good answer.
    async fn of_sixty(&self, call: impl AsyncFn(&TestClient) -> Option<Response>) -> Response {
        let mut good = self.good_of_sixty(call).await;
        assert_eq!(good.len(), 1, "of {TRIES} exactly one succeeds");
        good.remove(0)
    }

    /// The good answers among sixty.
    async fn good_of_sixty(&self, call: impl AsyncFn(&TestClient) -> Option<Response>) -> Vec<Response> {
        let calls = self.clients.iter().cycle().take(TRIES).map(async |client| call(client).await);
        let answers = join_all(calls).await.into_iter().map(|answer| answer.expect("everybody is answered"));
        let (good, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status == 200);
        for answer in refused {
            assert_eq!(answer.is(400).json()["error"], "invalid_grant");
        }
        good
    }

    /// Demands that neither server takes a token any more.
    async fn is_dead(&self, token: &str) {
        for client in &self.clients {
            assert_eq!(client.account_status(token).await, Some(401));
        }
    }
}

/// An access token and the refresh token that came with it.
fn pair(answer: &Response) -> [String; 2] {
    let body = answer.json();
    ["access_token", "refresh_token"].map(|name| body[name].as_str().expect("text").to_owned())
}

#[tokio::test]
async fn authorization_code_parallel_use_succeeds_once_and_revokes_token_on_postgres() {
    let replicas = Replicas::start("0s").await;
    let (app, code) = replicas.app_with_code().await;
    let bought = replicas.of_sixty(async |client| client.redeem(&app, &code).await).await;
    let [access, refresh] = pair(&bought);
    replicas.is_dead(&access).await;
    let answer = replicas.clients[1].refresh(&app, &refresh).await.expect("an answer").is(400);
    assert_eq!(answer.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn refresh_token_parallel_use_succeeds_once_and_ends_family_on_postgres() {
    let replicas = Replicas::start("0s").await;
    let (app, code) = replicas.app_with_code().await;
    let [first_access, first_refresh] =
        pair(&replicas.clients[0].redeem(&app, &code).await.expect("an answer").is(200));
    assert_eq!(replicas.clients[1].account_status(&first_access).await, Some(200));
    let renewed = replicas.of_sixty(async |client| client.refresh(&app, &first_refresh).await).await;
    let [access, refresh] = pair(&renewed);
    for token in [&first_access, &access] {
        replicas.is_dead(token).await;
    }
    for client in &replicas.clients {
        let answer = client.refresh(&app, &refresh).await.expect("an answer").is(400);
        assert_eq!(answer.json()["error"], "invalid_grant", "the family has ended");
    }
}

#[tokio::test]
async fn refresh_token_parallel_use_is_answered_once_more_and_one_pair_lives_on_postgres() {
    let replicas = Replicas::start("10m").await;
    let (app, code) = replicas.app_with_code().await;
    let [_, first_refresh] = pair(&replicas.clients[0].redeem(&app, &code).await.expect("an answer").is(200));
    let good = replicas.good_of_sixty(async |client| client.refresh(&app, &first_refresh).await).await;
    assert_eq!(good.len(), 2, "the first answer, and one in case that it was lost");
    let mut live = 0;
    for answer in &good {
        live += usize::from(replicas.clients[1].account_status(&pair(answer)[0]).await == Some(200));
    }
    assert_eq!(live, 1);
}
