//! A flood of wrong passwords is answered politely and in time, and leaves token checks alone (security LOAD-1 to LOAD-3).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{Person, ServerProcess};
use tokio::task::JoinSet;

use tests::client::access_token;
use tests::http::Response;
use tests::{App, TestClient};

const GUESSERS: usize = 90;
const GUESSES_EACH: usize = 2;
/// The longest that a guess may wait for its answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Guesses at many accounts, one of which exists, and gives every answer with the time that it took.
async fn guess(client: TestClient, app: App, number: usize) -> Vec<(Response, Duration)> {
    let mut answers = Vec::new();
    for guess in 0..GUESSES_EACH {
        let name = if number.is_multiple_of(3) { "ada".to_owned() } else { format!("nobody{number}") };
        let begun = Instant::now();
        let answer = client.log_in(&app.authorize_query(), &name, &format!("wrong {guess}")).await.expect("an answer");
        answers.push((answer, begun.elapsed()));
    }
    answers
}

/// Checks a token again and again until told to stop; the slowest answer.
async fn check(client: TestClient, token: String, over: std::sync::Arc<AtomicBool>) -> (usize, Duration) {
    let (mut checks, mut slowest) = (0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        assert_eq!(client.token_status(&token).await, Some(200));
        (checks, slowest) = (checks + 1, slowest.max(begun.elapsed()));
    }
    (checks, slowest)
}

async fn flood(limits: bool) -> Vec<u16> {
    // Half a second less in the queue than usual: it is left to a machine that runs other tests at the same time.
    let builder = ServerProcess::builder().set("password.max_wait", "1s");
    // The story is about guesses: the limits of the API itself leave both the guessers and the checker alone.
    let builder = builder.set("ratelimit.api_token.max", "1000000").set("ratelimit.api_address.max", "1000000");
    let server = builder.set("ratelimit.enabled", &limits.to_string()).start().await;
    server.create_account(&Person::named("ada"));
    let client = server.client();
    let app = client.register().await.expect("an app");
    let token = access_token(client.own_token(&app).await.expect("an answer")).expect("a token");

    let over = std::sync::Arc::new(AtomicBool::new(false));
    let checking = tokio::spawn(check(client.clone(), token, over.clone()));
    let mut guessing = JoinSet::new();
    for number in 0..GUESSERS {
        guessing.spawn(guess(client.clone(), app.clone(), number));
    }
    let answers: Vec<_> = guessing.join_all().await.into_iter().flatten().collect();
    over.store(true, Ordering::Relaxed);

    let mut statuses = Vec::new();
    for (answer, took) in &answers {
        let status = answer.status.as_u16();
        assert!(*took < TIMEOUT, "{status} after {took:?}");
        match status {
            302 => assert!(answer.header("location").contains("error=invalid_grant"), "{:?}", answer.headers),
            429 | 503 => assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers),
            _ => panic!("{status}: {}", answer.body),
        }
        statuses.push(status);
    }
    let (checks, slowest) = checking.await.expect("every check was answered");
    assert!(checks > 10 && slowest < Duration::from_secs(1), "{checks} checks, the slowest took {slowest:?}");
    assert_eq!(statuses.len(), GUESSERS * GUESSES_EACH);
    // The storm is over: the owner gets in, unless the limits ask for patience.
    let owner = client.log_in(&app.authorize_query(), "ada", "ada walks 7 dogs").await.expect("an answer");
    assert!(
        owner.status == 302 && owner.header("location").contains("/oauth/consent") || limits,
        "{:?}",
        owner.headers
    );
    statuses
}

#[tokio::test]
async fn login_flood_beyond_password_queue_is_answered_503_in_time() {
    let statuses = flood(false).await;
    assert!(statuses.contains(&302) && statuses.contains(&503), "{statuses:?}");
}

#[tokio::test]
async fn login_flood_beyond_rate_limit_is_answered_429_in_time() {
    let statuses = flood(true).await;
    assert!(statuses.iter().filter(|status| **status == 429).count() > GUESSERS, "{statuses:?}");
}
