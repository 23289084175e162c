//! The end of a server behind a proxy: nothing that is in flight is lost, and a second replica hides it (running §5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;
use tests::client::TestClient;
use tests::postgres::TestDatabase;
use tests::reverse_proxy::{Proxied, Proxy};
use tests::{App, Person, ServerProcess, wait};

use super::STRANGER;

/// A stop finishes what is in flight behind the proxy, and until the listener closes nobody is refused.
async fn stop_finishes_requests(proxy: Proxy) {
    const DELAY: Duration = Duration::from_secs(2);
    let mut proxied = Proxied::with(proxy, ServerProcess::builder().set("http.drain_delay", "2s"), &[]).await;
    let ada = Person::named("ada");
    proxied.server.create_account(&ada);
    let client = proxied.client_from(STRANGER);
    let app = client.register().await.expect("an app");
    let lanes = (0..6).map(|_| tokio::spawn(until_refused(proxied.client_from(STRANGER), app.clone())));
    let lanes: Vec<_> = lanes.collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let query = app.authorize_query();
    client.log_in(&query, &ada.username, &ada.password).await.expect("an answer").is(302);
    let begun = Instant::now();
    proxied.server.signal(Signal::TERM);
    // Passwords are checked few at a time, so the last of these are in flight when the listener closes.
    let people = (0..32).map(|_| async {
        while begun.elapsed() < DELAY - Duration::from_millis(250) {
            let answer = client.log_in(&query, &ada.username, &ada.password).await;
            assert_eq!(answer.map(|answer| answer.status.as_u16()), Some(302), "{}", proxied.log());
        }
    });
    join_all(people).await;
    assert!(begun.elapsed() > DELAY, "nothing was in flight at the end");
    for lane in lanes {
        let (refused, answered) = lane.await.expect("a lane");
        assert!(answered > 5 && refused - begun >= DELAY, "refused {:?} after the signal", refused - begun);
    }
    ends_well(&mut proxied.server).await;
    assert!(client.get("/health").try_send().await.is_none_or(|answer| answer.status.is_server_error()));
    proxied.server.start_again().await;
    let back = async || (client.token_status("none").await == Some(401)).then_some(());
    wait::until("the proxy to notice that the server is back", back).await;
}

/// Waits for the end without holding up what else is going on.
async fn ends_well(server: &mut ServerProcess) {
    let status = wait::until("the server to end", async || server.ended()).await;
    assert_eq!(status.code(), Some(0), "{}", server.log());
}

/// Asks for tokens until one is refused; when that was, and how many were answered before.
async fn until_refused(client: TestClient, app: App) -> (Instant, usize) {
    let mut answered = 0;
    while client.own_token(&app).await.is_some_and(|answer| answer.status == 200) {
        answered += 1;
    }
    (Instant::now(), answered)
}

#[tokio::test]
async fn nginx_before_a_server_that_stops_loses_no_request() {
    stop_finishes_requests(Proxy::Nginx).await;
}

#[tokio::test]
async fn haproxy_before_a_server_that_stops_loses_no_request() {
    stop_finishes_requests(Proxy::Haproxy).await;
}

#[tokio::test]
async fn haproxy_before_two_replicas_on_postgres_hides_the_restart_of_one() {
    let database = TestDatabase::create().await;
    let url = database.url().to_string();
    let replica = || ServerProcess::builder().set("database.url", &url).set("http.drain_delay", "8s");
    let mut proxied = Proxied::with(Proxy::Haproxy, replica(), &[]).await;
    let keys = |name: &str| proxied.server.folder().join("data").join(name).display().to_string();
    let other = replica()
        .set("http.base_url", proxied.base_url().as_str().trim_end_matches('/'))
        .set("keys.jwt", &keys("jwt-ed25519.pem"))
        .set("keys.secrets", &keys("secrets.key"));
    let other = other.start().await;
    let two = format!("server one 127.0.0.1:8080\n    server two 127.0.0.1:{}", other.port());
    proxied.configure(&[("server one 127.0.0.1:8080", &two)]).await;
    let ada = Person::named("ada");
    proxied.server.create_account(&ada);
    let ended = Arc::new(AtomicBool::new(false));
    let lanes = (0..4).map(|_| {
        let (client, ada, ended) = (proxied.client_from(STRANGER), ada.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            let (app, mut rounds) = (client.register().await.expect("an app"), 0);
            while !ended.load(Ordering::Relaxed) {
                let token = client.token(&ada, &app).await.expect("a token");
                assert_eq!(client.account_status(&token).await, Some(200));
                client.revoke(&app, &token).await.expect("an answer").is(200);
                rounds += 1;
            }
            rounds
        })
    });
    let lanes: Vec<_> = lanes.collect();
    proxied.server.signal(Signal::TERM);
    ends_well(&mut proxied.server).await;
    proxied.server.start_again().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    ended.store(true, Ordering::Relaxed);
    for rounds in join_all(lanes).await {
        assert!(rounds.expect("a lane in which nothing was refused") > 3);
    }
}
