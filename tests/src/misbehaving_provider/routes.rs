//! The provider's routes.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Form, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::defect::Defect;
use super::habit::Part;
use super::id_token::{id_token, signed_by};
use super::signer::as_jwk;
use super::state::{CLIENT_ID, CLIENT_SECRET, ProviderUser, State, random};

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(60);
/// More than anybody reads.
const FAR_TOO_MUCH: usize = 1024 * 1024;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(document))
        .route("/keys", web::get().to(keys))
        .route("/token", web::post().to(redeem))
        .route("/userinfo", web::get().to(user_info))
        .route("/user", web::get().to(plain_user))
        // Where redirects would lead: nobody may come.
        .route("/elsewhere", web::to(elsewhere));
}

async fn elsewhere(state: Data<State>) -> HttpResponse {
    state.inner().requests.push("elsewhere");
    HttpResponse::Ok().json(json!({}))
}

fn page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html").body("<script>alert(1)</script>")
}

fn redirect(state: &State) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{}/elsewhere", state.url))).finish()
}

fn huge(mut answer: Value) -> HttpResponse {
    answer["more"] = "x".repeat(FAR_TOO_MUCH).into();
    HttpResponse::Ok().json(answer)
}

fn endless() -> HttpResponse {
    let drops = futures_util::stream::repeat_with(|| Ok::<_, actix_web::Error>(Bytes::from_static(b"          ")));
    HttpResponse::Ok().content_type("application/json").streaming(drops)
}

/// The same object with one member twice.
fn twice(answer: &Value, name: &str) -> HttpResponse {
    let text = answer.to_string().replacen('{', &format!("{{{:?}:\"another\",", name), 1);
    HttpResponse::Ok().content_type("application/json").body(text)
}

async fn document(state: Data<State>) -> HttpResponse {
    state.inner().requests.push("document");
    let methods = state
        .inner()
        .authentication
        .map_or_else(|| json!(["client_secret_basic", "client_secret_post"]), |method| json!([method]));
    let url = &state.url;
    let mut document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize?tenant=a"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": true,
    });
    let defect = state.inner().defect;
    match defect {
        Some(Defect::DocumentOfAnother) => document["issuer"] = json!("https://another.example"),
        Some(Defect::DocumentFtp) => document["token_endpoint"] = json!("ftp://127.0.0.1/token"),
        Some(Defect::DocumentPage) => return page(),
        Some(Defect::DocumentRedirect) => return redirect(&state),
        Some(Defect::DocumentHuge) => return huge(document),
        Some(Defect::DocumentTwice) => return twice(&document, "token_endpoint"),
        Some(Defect::DocumentFails) => return HttpResponse::InternalServerError().body("<b>no</b>"),
        Some(Defect::DocumentSlow) => tokio::time::sleep(FOR_EVER).await,
        _ => {}
    }
    state.answer(Part::Document, document, "")
}

async fn keys(state: Data<State>) -> HttpResponse {
    state.inner().requests.push("keys");
    let key = state.key().0;
    let mut keys = vec![state.jwk()];
    if state.has(Defect::KeysMany) {
        keys = (0..100).map(|number| as_jwk(&key, &number.to_string())).collect();
    }
    if state.has(Defect::KeysFail) {
        return page();
    }
    state.answer(Part::Keys, json!({ "keys": keys }), "")
}

/// The token endpoint checks what a provider checks: who asks, the code, its address, its verifier.
async fn redeem(state: Data<State>, req: HttpRequest, form: Form<Vec<(String, String)>>) -> HttpResponse {
    state.inner().requests.push("token");
    let one = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let refused = |error: &str| HttpResponse::BadRequest().json(json!({ "error": error }));
    if !is_our_client(&state, &req, one("client_id"), one("client_secret")) {
        return refused("invalid_client");
    }
    let code = one("code").unwrap_or_default();
    let Some(authorization) = state.inner().codes.remove(&code) else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(one("code_verifier").unwrap_or_default()));
    if authorization.callback != one("redirect_uri").unwrap_or_default() || authorization.challenge != challenge {
        return refused("invalid_grant");
    }
    let mut access_token = format!("access-{}", URL_SAFE_NO_PAD.encode(random::<12>()));
    if state.has(Defect::TokenLineBreak) {
        access_token.push_str("\r\nx: y");
    }
    state.inner().tokens.insert(access_token.clone(), authorization.user.clone());
    let mut answer = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 300 });
    if let (Some(token), Some(_)) = (id_token(&state, &authorization, &access_token), &authorization.nonce) {
        answer["id_token"] = token.into();
    }
    let defect = state.inner().defect;
    match defect {
        Some(Defect::TokenRefused) => {
            return HttpResponse::BadRequest()
                .json(json!({ "error": "invalid_grant", "error_description": "<script>alert(1)</script>" }));
        }
        Some(Defect::TokenPage) => return page(),
        Some(Defect::TokenRedirect) => return redirect(&state),
        Some(Defect::TokenHuge) => return huge(answer),
        Some(Defect::TokenEndless) => return endless(),
        Some(Defect::TokenSlow) => tokio::time::sleep(FOR_EVER).await,
        Some(Defect::TokenTwice) => return twice(&answer, "access_token"),
        Some(Defect::TokenType) => answer["token_type"] = json!(["Bearer"]),
        _ => {}
    }
    state.answer(Part::Token, answer, &authorization.user.subject)
}

/// Exactly one way of authentication, as the document has it (RFC 6749 §2.3.1).
fn is_our_client(state: &State, req: &HttpRequest, id: Option<String>, secret: Option<String>) -> bool {
    // A space may be `+` or `%20`.
    let decode = |part: &str| form_urlencoded::parse(part.as_bytes()).next().map(|(text, _)| text.into_owned());
    let basic = req.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = basic.and_then(|value| STANDARD.decode(value.strip_prefix("Basic ")?).ok());
    let sent = sent.and_then(|bytes| String::from_utf8(bytes).ok());
    let sent = sent.as_deref().and_then(|sent| sent.split_once(':')).map(|(id, secret)| (decode(id), decode(secret)));
    let is_ours = sent == Some((Some(CLIENT_ID.to_owned()), Some(CLIENT_SECRET.to_owned())));
    let by_header = is_ours && secret.is_none();
    let by_body = basic.is_none() && id.as_deref() == Some(CLIENT_ID) && secret.as_deref() == Some(CLIENT_SECRET);
    match state.inner().authentication {
        Some("client_secret_basic") => by_header,
        Some("client_secret_post") => by_body,
        _ => by_header || by_body,
    }
}

fn user_of(state: &State, req: &HttpRequest) -> Option<ProviderUser> {
    let bearer = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    state.inner().tokens.get(bearer).cloned()
}

async fn user_info(state: Data<State>, req: HttpRequest) -> HttpResponse {
    state.inner().requests.push("userinfo");
    let Some(user) = user_of(&state, &req) else { return HttpResponse::Unauthorized().finish() };
    let mut info = json!({
        "sub": user.subject,
        "preferred_username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "picture": format!("{}/elsewhere", state.url),
    });
    let defect = state.inner().defect;
    match defect {
        Some(Defect::InfoOfAnother) => info["sub"] = json!("somebody else"),
        Some(Defect::InfoOfNobody) => drop(info.as_object_mut().and_then(|info| info.remove("sub"))),
        Some(Defect::InfoTwice) => return twice(&info, "sub"),
        Some(Defect::InfoPage) => return page(),
        Some(Defect::InfoRedirect) => return redirect(&state),
        Some(Defect::InfoHuge) => return huge(info),
        Some(Defect::InfoFails) => return HttpResponse::InternalServerError().finish(),
        _ => {}
    }
    if !state.differences(Part::SignedInfo).is_empty() {
        info["iss"] = json!(state.url);
        info["aud"] = json!(CLIENT_ID);
        state.merge(Part::SignedInfo, &mut info, &user.subject);
        let signer = state.signer();
        let token = signed_by(&signer, &json!({ "alg": signer.algorithm(), "kid": state.key().1 }), &info);
        return HttpResponse::Ok().content_type("application/jwt").body(token);
    }
    state.answer(Part::Info, info, &user.subject)
}

/// As GitHub tells it: the key is a number, the name is `login`.
async fn plain_user(state: Data<State>, req: HttpRequest) -> HttpResponse {
    state.inner().requests.push("user");
    let Some(user) = user_of(&state, &req) else { return HttpResponse::Unauthorized().finish() };
    let number: u64 = user.subject.bytes().fold(7, |number, byte| (number * 31 + u64::from(byte)) % 1_000_003);
    let mut user = json!({ "id": number, "login": user.username, "email": user.email });
    let defect = state.inner().defect;
    match defect {
        Some(Defect::SubjectEmpty) => user["id"] = json!(""),
        Some(Defect::SubjectNull) => user["id"] = Value::Null,
        Some(Defect::NoSubject) => drop(user.as_object_mut().and_then(|user| user.remove("id"))),
        Some(Defect::InfoTwice) => return twice(&user, "id"),
        Some(Defect::InfoPage) => return page(),
        Some(Defect::InfoRedirect) => return redirect(&state),
        Some(Defect::InfoHuge) => return huge(user),
        Some(Defect::InfoFails) => return HttpResponse::InternalServerError().finish(),
        _ => {}
    }
    HttpResponse::Ok().json(user)
}
