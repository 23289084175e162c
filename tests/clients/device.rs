//! Programs without a browser, with libraries that somebody else wrote: openid-client and the crate `oauth2` (RFC 8628).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    ClientId, ClientSecret, DeviceAuthorizationUrl, DeviceCodeErrorResponseType, HttpRequest, HttpResponse,
    RequestTokenError, Scope, StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl,
};
use serde_json::{Value, json};
use tests::app::CALLBACK;
use tests::story::CookieJar;
use tests::{Person, ServerProcess, TestClient};

use super::client_program::{ClientProgram, OPENID_CLIENT_DEVICE};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A server with the grant, and somebody who is signed in with a browser.
async fn server_with_person() -> (ServerProcess, CookieJar) {
    let server = ServerProcess::builder().set("oauth.device_grant", "true").start().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let client = server.client();
    let app = client.register().await.unwrap();
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &client.sign_in(&ada, &app).await.unwrap().cookie);
    (server, jar)
}

/// Types a code, and answers.
async fn answer(client: &TestClient, jar: &mut CookieJar, code: &str, answer: &str) {
    let page = client.get("/device").header("accept", "text/html").cookies(jar).send().await.is(200);
    jar.keep(&page);
    let form = [("form_token", &*page.hidden("form_token")), ("user_code", code)];
    let place = client.post("/device").cookies(jar).form(&form).send().await.is(303).location();
    let page = client.get(&format!("/device?{}", place.query().unwrap())).cookies(jar).send().await.is(200);
    let (token, code) = (page.hidden("form_token"), page.hidden("user_code"));
    let form = [("form_token", &*token), ("user_code", &*code), ("answer", answer)];
    client.post("/device/answer").cookies(jar).form(&form).send().await.is(200);
}

fn text(facts: &Value, name: &str) -> String {
    facts[name].as_str().unwrap_or_else(|| panic!("{name} in {facts}")).to_owned()
}

#[tokio::test]
async fn openid_client_signs_in_without_a_browser() {
    let (server, mut jar) = server_with_person().await;
    let client = server.client();
    let mut program = ClientProgram::start_in_plain(&OPENID_CLIENT_DEVICE, server.base_url(), CALLBACK);
    let code = text(&program.says().await, "allow");
    answer(&client, &mut jar, &code, "allow").await;
    let facts = program.says().await;
    assert_eq!((&facts["account"]["username"], &facts["scope"]), (&json!("ada"), &json!("read")), "{facts}");
    assert_eq!(facts["expired"], "expired_token");
    let code = text(&program.says().await, "allow_late");
    answer(&client, &mut jar, &code.to_lowercase(), "allow").await;
    let facts = program.says().await;
    assert_eq!((&facts["errors"][0], &facts["errors"][1]), (&json!("authorization_pending"), &json!("slow_down")));
    let code = text(&program.says().await, "deny");
    answer(&client, &mut jar, &code, "deny").await;
    assert_eq!(program.says().await["denied"], "access_denied");
    program.ends_well().await;
}

#[tokio::test]
async fn oauth2_crate_signs_in_without_a_browser() {
    let (server, mut jar) = server_with_person().await;
    let (client, base) = (server.client(), server.base_url());
    let body = json!({ "client_name": "TV", "redirect_uris": [CALLBACK], "scope": "read", "grant_types": [GRANT] });
    let app = client.post("/oauth/register").json(&body).send().await.is(201).json();
    let oauth = BasicClient::new(ClientId::new(text(&app, "client_id")))
        .set_client_secret(ClientSecret::new(text(&app, "client_secret")))
        .set_token_uri(TokenUrl::new(base.join("/oauth/token").unwrap().into()).unwrap())
        .set_device_authorization_url(
            DeviceAuthorizationUrl::new(base.join("/oauth/device_authorization").unwrap().into()).unwrap(),
        );
    let http = tests::http::http_client(None);
    let send = |request: HttpRequest| {
        let http = http.clone();
        async move { sent(&http, request).await }
    };
    let begin = async || -> StandardDeviceAuthorizationResponse {
        oauth.exchange_device_code().add_scope(Scope::new("read".into())).request_async(&send).await.unwrap()
    };

    // Whoever does not wait is slowed down, and the library waits longer, by five seconds each time.
    let details = begin().await;
    let waits = Arc::new(Mutex::new(Vec::new()));
    let impatient = {
        let waits = Arc::clone(&waits);
        move |wait: Duration| {
            waits.lock().unwrap().push(wait.as_secs());
            tokio::time::sleep(Duration::from_millis(100))
        }
    };
    let polling = oauth.exchange_device_access_token(&details).request_async(&send, impatient, None);
    let code = details.user_code().secret().clone();
    let allow = async {
        while waits.lock().unwrap().len() < 5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        answer(&client, &mut jar, &code, "allow").await;
    };
    let (token, ()) = tokio::join!(polling, allow);
    let token = token.unwrap();
    assert_eq!(waits.lock().unwrap()[..5], [5, 10, 15, 20, 25]);
    let account = client.account_of(token.access_token().secret()).await.unwrap();
    assert_eq!(account["username"], "ada");

    let patient = |_| tokio::time::sleep(Duration::from_millis(10));
    let again = oauth.exchange_device_access_token(&details).request_async(&send, patient, None).await;
    assert_eq!(refusal(again.unwrap_err()), DeviceCodeErrorResponseType::ExpiredToken);
    let details = begin().await;
    answer(&client, &mut jar, details.user_code().secret(), "deny").await;
    let denied = oauth.exchange_device_access_token(&details).request_async(&send, patient, None).await;
    assert_eq!(refusal(denied.unwrap_err()), DeviceCodeErrorResponseType::AccessDenied);
}

fn refusal<E: std::error::Error>(
    error: RequestTokenError<E, oauth2::DeviceCodeErrorResponse>,
) -> DeviceCodeErrorResponseType {
    match error {
        RequestTokenError::ServerResponse(refusal) => refusal.error().clone(),
        other => panic!("{other}"),
    }
}

async fn sent(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let request = http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
    let answer = request.send().await?;
    let mut reply = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        reply = reply.header(name, value);
    }
    Ok(reply.body(answer.bytes().await?.to_vec()).expect("a response"))
}
