//! What the log knows: that things happened, never what they were done with (DEV-1, security OPS-4).

use tests::{Person, ServerProcess};

use tests::client::access_token;
use tests::http::form;

#[tokio::test]
async fn log_contains_no_secrets_passwords_or_query_strings() {
    let server = ServerProcess::start().await;
    let (client, ada) = (server.client(), Person::named("ada"));
    server.create_account(&ada);
    let app = client.register().await.expect("an app");
    let browser = client.sign_in(&ada, &app).await.expect("signed in");
    let code = client.consent(&browser, &app).await.expect("a code");
    let credentials = app.credentials();
    let grant =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://app.example/callback")];
    let redemption = form(&[&grant[..], &credentials, &[("noise", "in-the-query")]].concat());
    // Everything in the URL, as old clients send it: once with success, once refused, once more than the server takes.
    let redeem = async |more: &str| client.post(&format!("/oauth/token?{redemption}{more}")).try_send().await;
    let token = access_token(redeem("").await.expect("a response")).expect("a token");
    redeem("&client_secret=other-secret").await.expect("an answer").is(400);
    client.post(&format!("/oauth/token?{redemption}")).bare_body("x".repeat(70_000)).try_send().await;
    redeem("").await.expect("a response").is(400);
    client.get(&format!("/api/v1/preferences?access_token={token}")).send().await.is(401);
    let wrong = client.log_in(&app.authorize_query(), "ada", "a-wrong-password").await.expect("an answer");
    assert_eq!(wrong.status, 302);
    assert_eq!(client.account_status(&token).await, Some(401), "the code came back");
    let revocation = form(&[&credentials[..], &[("token", &token)]].concat());
    client.post(&format!("/oauth/revoke?{revocation}")).send().await.is(200);

    let log = server.log();
    assert!(log.contains("code redeemed"), "the log tells what happened:\n{log}");
    for (what, secret) in [
        ("a client's secret", app.client_secret.as_str()),
        ("a code", &code),
        ("a pending code", &browser.code),
        ("a token", &token),
        ("a cookie", &browser.cookie),
        ("a password", &ada.password),
        ("a guess", "a-wrong-password"),
        ("a refused secret", "other-secret"),
        ("a query", "in-the-query"),
    ] {
        assert!(!log.contains(secret), "{what} is in the log:\n{log}");
    }
}

/// What is in the query of the two routes that take a token there is in no line, whatever is logged (faults A6).
#[tokio::test]
async fn log_at_every_level_contains_no_token_of_a_query_and_no_hint() {
    let hint = "eyJhbGciOiJSUzI1NiJ9.aGludC1vZi1zb21lYm9keQ.c2lnbmF0dXJl";
    for level in ["error", "warn", "info", "debug", "trace", "trace,actix_http=trace,actix_server=trace"] {
        let server = ServerProcess::builder().environment("RUST_LOG", level).start().await;
        let (client, ada) = (server.client(), Person::named("ada"));
        server.create_account(&ada);
        let app = client.register().await.expect("an app");
        let browser = client.sign_in(&ada, &app).await.expect("signed in");
        let code = client.consent(&browser, &app).await.expect("a code");
        let credentials = app.credentials();
        let grant =
            [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://app.example/callback")];
        let redeemed = client.post("/oauth/token").form(&[&grant[..], &credentials].concat()).send().await;
        let token = access_token(redeemed).expect("a token");
        let wrong = token.chars().rev().collect::<String>();
        for (token, status) in [(&token, 200), (&wrong, 401)] {
            let path = format!("/api/v1/accounts/verify_credentials?access_token={token}");
            let answer = client.get(&path).send().await.is(status);
            assert!(answer.header("cache-control").contains("no-store"), "{level}: {:?}", answer.headers);
            for path in ["/oauth/userinfo", "/api/v1/preferences", "/nothing/here", "/oauth/authorize"] {
                client.get(&format!("{path}?access_token={token}&id_token_hint={hint}")).send().await;
            }
        }
        let hinted = app.authorize_query_with(&[("prompt", "none"), ("scope", "openid"), ("id_token_hint", hint)]);
        client.get(&format!("/oauth/authorize?{hinted}")).send().await;
        let log = server.log();
        for (what, secret) in [("a token", token.as_str()), ("a wrong token", &wrong), ("a hint", hint)] {
            assert!(!log.contains(secret), "{what} is in the log at {level}:\n{log}");
        }
        assert!(!log.contains("access_token=") && !log.contains("id_token_hint="), "{level}:\n{log}");
    }
}
