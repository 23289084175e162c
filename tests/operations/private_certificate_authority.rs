//! Single sign-on over real TLS, with a provider for which a company's own authority vouches (security RP-8, WEB-2).

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use reqwest::header::SET_COOKIE;
use tempfile::TempDir;
use tests::folder::temporary;
use tests::misbehaving_provider::{CLIENT_SECRET, Provider, ProviderUser, entries};
use tests::server::{ServerBuilder, run_in, stderr};
use tests::tls::PrivateCa;
use tests::{Person, ServerProcess};
use url::Url;

use tests::client::access_token;
use tests::http::Response;
use tests::{App, TestClient};

/// A provider whose certificate is signed by an authority that no browser and no server knows.
async fn company() -> (Provider, PrivateCa, TempDir) {
    let folder = temporary("company");
    let ca = PrivateCa::in_folder(folder.path());
    (Provider::start_with_tls(&ca).await, ca, folder)
}

/// A server that knows the provider under the id `company`.
fn knowing(provider: &Provider, server: ServerBuilder) -> ServerBuilder {
    server.set("oidc.providers", &entries(&[provider.entry("company", "")]))
}

fn trusting(server: ServerBuilder, root: &Path) -> ServerBuilder {
    server.set("oidc.trusted_roots", &format!("[{:?}]", root.display().to_string()))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("not that late")
}

/// Follows the link "sign in with".
async fn redirect_to_provider(client: &TestClient, app: &App) -> Response {
    client.get(&format!("/oauth/sso?{}&issuer=company", app.authorize_query())).send().await
}

/// The line that sets the cookie of a flow, and the pair to send back.
fn flow_cookie(answer: &Response) -> (String, String) {
    let lines = answer.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let line = lines.into_iter().find(|line| line.contains("sso_")).expect("a cookie of the flow").to_owned();
    let pair = line.split(';').next().expect("a pair").to_owned();
    (line, pair)
}

/// Comes back from the provider with a cookie of the flow.
async fn follow_callback(client: &TestClient, back: &Url, pair: &str) -> Response {
    let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
    client.get(&path).header("cookie", pair).send().await
}

/// Somebody with an account that is linked to the provider: starts to link in a browser on this origin, and comes back.
async fn link(client: &TestClient, provider: &Provider, token: &str, guest: &ProviderUser) {
    let call = client.post("/api/v1/sso").bearer(token).header("sec-fetch-site", "same-origin");
    let answer = call.form(&[("issuer", "company")]).send().await.is(200);
    let location = Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL");
    let (_, pair) = flow_cookie(&answer);
    let answer = follow_callback(client, &provider.authorize(&location, guest, now()), &pair).await.is(302);
    assert!(answer.header("location").ends_with("/?oidc_account_linked=true"), "{answer:?}");
}

#[tokio::test]
async fn sso_sign_in_over_tls_with_trusted_private_ca_succeeds() {
    let (provider, ca, _folder) = company().await;
    let server = knowing(&provider, trusting(ServerProcess::builder().with_tls(), &ca.authority)).start().await;
    let (client, ada, guest) = (server.client(), Person::named("ada"), ProviderUser::named("ada"));
    server.create_account(&ada);
    let app = client.register().await.expect("an app");
    let token = client.token(&ada, &app).await.expect("a token");
    link(&client, &provider, &token, &guest).await;

    let answer = redirect_to_provider(&client, &app).await.is(302);
    let location = Url::parse(answer.header("location")).expect("a URL");
    assert!(location.as_str().starts_with(provider.url()) && location.scheme() == "https", "{location}");
    let (line, pair) = flow_cookie(&answer);
    let attributes: Vec<&str> = line.split("; ").skip(1).collect();
    assert!(line.starts_with("__Host-sso_"), "{line}");
    for wanted in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(attributes.contains(&wanted), "no {wanted} in {line}");
    }
    assert_eq!(attributes.len(), 5, "no Domain and nothing else: {line}");

    let back = provider.authorize(&location, &guest, now());
    // The same value under a name that another site of the same domain could have set proves nothing.
    let forged = pair.replacen("__Host-", "", 1);
    let refused = follow_callback(&client, &back, &forged).await.is(302);
    assert!(refused.header("location").contains("error_description=Invalid+flow"), "{refused:?}");
    let answer = follow_callback(&client, &back, &pair).await.is(302);
    assert!(answer.header("location").starts_with(server.url("/oauth/consent?").as_str()), "{answer:?}");
    let lines: Vec<_> = answer.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()).collect();
    let session = lines.iter().find(|line| line.starts_with("jwt=")).expect("a session");
    assert!(session.contains("; Secure") && session.contains("; HttpOnly"), "{session}");
    let cleared = lines.iter().find(|line| line.starts_with("__Host-sso_")).expect("the flow's cookie is taken away");
    assert!(cleared.contains("Max-Age=0") && cleared.contains("; Secure") && cleared.contains("; Path=/"), "{cleared}");

    let code = client.consent(&answer.signed_in(), &app).await.expect("a code");
    let token = access_token(client.redeem(&app, &code).await.expect("an answer")).expect("a token");
    assert_eq!(client.account_status(&token).await, Some(200));
    assert_eq!(server.complaints(), [""; 0]);
}

#[tokio::test]
async fn sso_provider_with_untrusted_ca_is_unreachable_and_logged() {
    let (provider, _, _folder) = company().await;
    // An authority of somebody else helps as little as none.
    let elsewhere = temporary("company");
    let other_ca = PrivateCa::in_folder(elsewhere.path());
    let none = knowing(&provider, ServerProcess::builder().with_tls());
    let other = knowing(&provider, trusting(ServerProcess::builder().with_tls(), &other_ca.authority));
    for server in [none, other] {
        let server = server.start().await;
        let (client, ada) = (server.client(), Person::named("ada"));
        server.create_account(&ada);
        let app = client.register().await.expect("an app");
        let answer = redirect_to_provider(&client, &app).await.is(302);
        let location = answer.header("location");
        assert!(location.starts_with(server.url("/oauth/authorize?").as_str()), "{location}");
        assert!(location.contains("error=temporarily_unavailable"), "{location}");
        assert!(location.contains("The+identity+provider+cannot+be+reached"), "{location}");
        assert!(answer.headers.get(SET_COOKIE).is_none(), "no flow began");
        // Passwords go on working, and linking says the same.
        let token = client.token(&ada, &app).await.expect("a token");
        let call = client.post("/api/v1/sso").bearer(&token).form(&[("issuer", "company")]);
        call.send().await.is(502);
        assert_eq!(provider.requests(), [""; 0], "nobody who is not trusted gets a question");

        let log = server.log();
        let complaints = server.complaints();
        let line = complaints.first().expect("a warning");
        for word in ["company", "the certificate of https://localhost:", "not trusted", "oidc.trusted_roots"] {
            assert!(line.contains(word), "no {word:?} in {line}");
        }
        for secret in [CLIENT_SECRET, "code_challenge", &ada.password, &token] {
            assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        }
    }
}

#[tokio::test]
async fn sso_flow_cookie_on_loopback_http_has_no_host_prefix() {
    let provider = Provider::start().await;
    let server = knowing(&provider, ServerProcess::builder()).start().await;
    let client = server.client();
    let app = client.register().await.expect("an app");
    let (line, _) = flow_cookie(&redirect_to_provider(&client, &app).await.is(302));
    let attributes: Vec<&str> = line.split("; ").skip(1).collect();
    assert!(line.starts_with("sso_"), "{line}");
    for wanted in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(attributes.contains(&wanted), "no {wanted} in {line}");
    }
    assert_eq!(attributes.len(), 4, "neither Secure nor Domain: {line}");
}

#[test]
fn oidc_trusted_roots_file_without_certificate_is_refused_at_start() {
    let folder = temporary("company");
    let ca = PrivateCa::in_folder(folder.path());
    fs::write(folder.path().join("garbage.pem"), "garbage").expect("a file");
    fs::write(folder.path().join("empty.pem"), "").expect("a file");
    let setting = |name: &str| format!("[\"authority.pem\", {name:?}]");
    for name in ["garbage.pem", "empty.pem", "key.pem", "missing.pem"] {
        let setting = setting(name);
        for command in ["check-config", "serve"] {
            let output = run_in(folder.path(), &[("oidc.trusted_roots", &setting)], &[command], "");
            let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name}: {told}");
            assert!(told.to_lowercase().contains("trusted_roots") && told.contains("PEM"), "{name}: {told}");
            assert!(told.contains(name), "{name}: {told}");
        }
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
    let good = format!("[{:?}]", ca.authority.display().to_string());
    let output = run_in(folder.path(), &[("oidc.trusted_roots", &good)], &["check-config"], "");
    assert!(output.status.success(), "{}", stderr(&output));
}
