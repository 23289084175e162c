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
