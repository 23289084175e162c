//! What the log says of a provider that does not do what it should: the cause, and the setting to change; no description,
//! no secret (faults C10).

use std::time::SystemTime;

use reqwest::header::SET_COOKIE;
use tests::ServerProcess;
use tests::misbehaving_provider::Part::{Claims, Document, Info, Key, Signer, Token};
use tests::misbehaving_provider::{CLIENT_SECRET, Difference, Provider, ProviderUser, entries};
use url::Url;

/// A habit, what the log says of it, and what it does not say.
type Row = (&'static [Difference], &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (&[(Token, r#"!401 ={"error":"invalid_client","error_description":"hush"}"#)], &["token endpoint answers 401", "invalid_client", "client_id and client_secret"], &["hush"]),
    (&[(Token, r#"!400 ={"error":"invalid_grant","error_description":"hush"}"#)], &["token endpoint answers 400", "invalid_grant", "redirect URI"], &["hush"]),
    (&[(Token, r#"={"error":"redirect_uri_mismatch","error_uri":"hush"}"#)], &["redirect_uri_mismatch", "register the redirect URI"], &["hush"]),
    (&[(Token, r#"!400 ={"error":"<script>hush</script>"}"#)], &["error unreadable"], &["hush"]),
    (&[(Token, "!503 @text/html =<html>hush")], &["provider unreachable", "token endpoint answers 503"], &["hush"]),
    (&[(Token, "=<html>hush")], &["token endpoint is not JSON"], &["hush"]),
    (&[(Token, r#"{"token_type":"hush"}"#)], &["token_type of its token endpoint"], &["hush"]),
    (&[(Token, r#"{"id_token":17}"#)], &["id_token of its token endpoint"], &[]),
    (&[(Claims, r#"{"exp":"4000000000"}"#)], &["the ID token: exp"], &["4000000000"]),
    (&[(Claims, r#"{"aud":["$CLIENT","hush"]}"#)], &["the ID token: aud", "trusted_audiences"], &["hush"]),
    (&[(Claims, r#"{"nonce":"(absent)"}"#)], &["the ID token: nonce"], &[]),
    (&[(Signer, "RSA1024")], &["RSA key of 1024 bits"], &[]),
    (&[(Key, r#"{"use":"enc"}"#)], &["not for signatures: use"], &[]),
    (&[(Info, "!403 =hush")], &["user endpoint not used", "403"], &["hush"]),
    (&[(Info, "=<html>hush")], &["user endpoint not used", "is not JSON"], &["hush"]),
    (&[(Document, r#"{"issuer":"https://id.example/{tenant}"}"#)], &["https://id.example/{tenant}", "not of url"], &[]),
    (&[(Document, r#"{"token_endpoint":["hush"]}"#)], &["its document lacks token_endpoint"], &["hush"]),
    (&[(Document, "!404 =hush")], &["its document cannot be had: 404"], &["hush"]),
    (&[(Key, r#"{"d":"hush"}"#)], &["published with its private part"], &["hush"]),
];

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("not that late")
}

#[tokio::test]
async fn provider_failures_are_logged_with_cause_and_remedy_and_without_secrets() {
    let mut providers = Vec::new();
    for (habit, ..) in ROWS {
        let provider = Provider::start().await;
        provider.behave_like(habit);
        providers.push(provider);
    }
    let mut all: Vec<String> =
        providers.iter().enumerate().map(|(number, provider)| provider.entry(&format!("p{number}"), "")).collect();
    all.push(providers[0].entry("private", "").replace(providers[0].url(), "https://10.0.0.1"));
    let server = ServerProcess::builder().set("oidc.providers", &entries(&all)).start().await;
    let client = server.client();
    let app = client.register().await.expect("an app");
    let mut codes = Vec::new();
    for (number, provider) in providers.iter().enumerate() {
        let path = format!("/oauth/sso?{}&issuer=p{number}", app.authorize_query());
        let answer = client.get(&path).send().await.is(302);
        let Some(cookie) = answer.headers.get(SET_COOKIE).and_then(|line| line.to_str().ok()) else { continue };
        let location = Url::parse(answer.header("location")).expect("a URL");
        let back = provider.authorize(&location, &ProviderUser::named("ada"), now());
        codes.extend(back.query_pairs().filter(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
        let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
        client.get(&path).header("cookie", cookie.split(';').next().expect("a pair")).send().await.is(302);
    }
    client.get(&format!("/oauth/sso?{}&issuer=private", app.authorize_query())).send().await.is(302);

    let log = server.log();
    for (number, (habit, words, hidden)) in ROWS.iter().enumerate() {
        let name = format!("provider=p{number}");
        let of_provider = |line: &&str| line.split_whitespace().any(|word| word == name);
        let lines: String = log.lines().filter(of_provider).collect();
        for word in *words {
            assert!(lines.contains(word), "no {word:?} for {habit:?} in {lines:?}\n{log}");
        }
        for word in *hidden {
            assert!(!lines.contains(word), "{word:?} for {habit:?} in {lines:?}");
        }
    }
    assert!(
        log.lines().any(|line| line.contains("provider=private") && line.contains("allow_private = true")),
        "{log}"
    );
    for secret in codes.iter().map(String::as_str).chain([CLIENT_SECRET, "access-", "code_challenge"]) {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
