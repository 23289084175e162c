//! What the user endpoint says, as JSON or as a signed token. It tells names and addresses; who the person is, the ID token
//! has proven (security RP-2, faults C4).

use oauth2::HttpRequest;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use oauth2::http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::error::ProviderError;
use super::http::Http;
use super::json;
use super::jws::{Header, Jws};
use super::keys::Keys;
use crate::config::Provider;
use crate::secret::Secret;

/// What an answer must agree with.
pub(super) struct Person<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) keys: &'a Keys,
}

/// The claims of the user endpoint. What cannot be used is left out with a warning; only another person's ends the sign-in.
pub(super) async fn user_info(
    http: &Http,
    provider: &Provider,
    endpoint: &str,
    access_token: &Secret,
    person: &Person<'_>,
) -> Result<Option<Map<String, Value>>, ProviderError> {
    let answer = match http.send(request(endpoint, access_token)?, provider.may_be_private()).await {
        Ok(answer) if answer.status() == StatusCode::OK => claims(answer.body(), provider, person),
        Ok(answer) => Err(format!("it answers {}", answer.status().as_u16())),
        Err(error) => Err(error.to_string()),
    };
    let said = answer.and_then(|claims| match claims.get("sub") {
        Some(Value::String(subject)) => Ok((subject == person.subject, claims)),
        _ => Err("sub is missing, or no text".to_owned()),
    });
    match said {
        Ok((true, claims)) => Ok(Some(claims)),
        Ok((false, _)) => Err(ProviderError::untrusted("the user endpoint speaks of another person")),
        Err(why) => {
            tracing::warn!(provider = %provider.id, ?why, "user endpoint not used: the ID token's claims count");
            Ok(None)
        }
    }
}

pub(super) fn request(endpoint: &str, access_token: &Secret) -> Result<HttpRequest, ProviderError> {
    let bearer = HeaderValue::from_str(&format!("Bearer {}", access_token.expose()));
    let mut bearer = bearer.map_err(|_| ProviderError::untrusted("the access token fits no header"))?;
    bearer.set_sensitive(true);
    Request::get(endpoint)
        .header(ACCEPT, HeaderValue::from_static("application/json, application/jwt"))
        .header(AUTHORIZATION, bearer)
        .body(Vec::new())
        .map_err(ProviderError::untrusted)
}

fn claims(body: &[u8], provider: &Provider, person: &Person<'_>) -> Result<Map<String, Value>, String> {
    match str::from_utf8(body).map(str::trim) {
        Ok(compact) if compact.starts_with("ey") => signed_claims(compact, provider, person),
        _ => json::object(body).map_err(|why| format!("its answer {why}")),
    }
}

/// The claims of a signed answer; issuer and audience count when they are there (OpenID Connect Core §5.3.2).
fn signed_claims(compact: &str, provider: &Provider, person: &Person<'_>) -> Result<Map<String, Value>, String> {
    let told = |why: &str| format!("its signed answer: {why}");
    let header = Header::of(compact).map_err(told)?;
    let jws = Jws::read(compact, &header).map_err(told)?;
    person.keys.verify(&jws).map_err(|why| told(&why))?;
    let claims = jws.claims;
    if claims.get("iss").is_some_and(|issuer| issuer != person.issuer) {
        return Err(told("iss is another issuer's"));
    }
    let is_ours = |audience: &Value| match audience {
        Value::Array(all) => all.iter().any(|one| *one == provider.client_id),
        one => *one == provider.client_id,
    };
    if claims.get("aud").is_some_and(|audience| !is_ours(audience)) {
        return Err(told("aud is not ours"));
    }
    Ok(claims)
}
