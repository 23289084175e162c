//! What the log knows: that things happened, never what they were done with (DEV-1, security OPS-4).

use tests::{Person, ServerProcess};

use crate::visitor::{Visitor, access_token, send};

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn queries_and_secrets_stay_out_of_the_log() {
    let server = ServerProcess::start().await;
    let (visitor, ada) = (Visitor::of(&server), Person::named("ada"));
    server.create_account(&ada);
    let app = visitor.register().await.expect("an app");
    let browser = visitor.sign_in(&app, &ada).await.expect("signed in");
    let code = visitor.consent(&app, &browser).await.expect("a code");
    let client = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret)];
    let grant =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://app.example/callback")];
    let redemption = encoded(&[&grant[..], &client, &[("noise", "in-the-query")]].concat());
    // Everything in the URL, as old clients send it: once with success, once refused, once more than the server takes.
    let redeem = async |more: &str| send(visitor.post(&format!("/oauth/token?{redemption}{more}"))).await;
    let token = access_token(redeem("").await.expect("an answer")).expect("a token");
    redeem("&client_secret=other-secret").await.expect("an answer").is(400);
    send(visitor.post(&format!("/oauth/token?{redemption}")).body("x".repeat(70_000))).await;
    redeem("").await.expect("an answer").is(400);
    send(visitor.get(&format!("/api/v1/preferences?access_token={token}"))).await.expect("an answer").is(401);
    let wrong = visitor.try_password(&app, "ada", "a-wrong-password").await.expect("an answer");
    assert_eq!(wrong.status, 302);
    assert_eq!(visitor.account_status(&token).await, Some(401), "the code came back");
    let revocation = encoded(&[&client[..], &[("token", &token)]].concat());
    send(visitor.post(&format!("/oauth/revoke?{revocation}"))).await.expect("an answer").is(200);

    let log = server.log();
    assert!(log.contains("code redeemed"), "the log tells what happened:\n{log}");
    for (what, secret) in [
        ("a client's secret", app.client_secret.as_str()),
        ("a code", &code),
        ("a pending code", &browser.pending),
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
