//! Providers that speak OAuth 2 alone, GitHub for one: who the person is stands in the answer of a user endpoint.

use oauth2::AuthType;
use oauth2::http::StatusCode;
use serde_json::Value;

use super::error::ProviderError;
use super::exchange::{AuthorizationParameters, AuthorizationResponse};
use super::http::{self, Http};
use super::oauth::{self, Places};
use super::text::usable;
use super::user_info;
use crate::config::{Endpoints, Provider};
use crate::model::identity::{Identity, MAX_SUBJECT, ProviderProfile};

fn places(endpoints: &Endpoints) -> Places<'_> {
    Places {
        authorization: &endpoints.authorization_url,
        token: &endpoints.token_url,
        // What all of them take; not all take a header.
        authentication: AuthType::RequestBody,
    }
}

pub(super) fn authorization_url(
    provider: &Provider,
    endpoints: &Endpoints,
    parameters: &AuthorizationParameters<'_>,
) -> Result<String, ProviderError> {
    oauth::authorization_url(provider, &places(endpoints), parameters, None)
}

pub(super) async fn exchange(
    http: &Http,
    provider: &Provider,
    endpoints: &Endpoints,
    response: AuthorizationResponse<'_>,
) -> Result<ProviderProfile, ProviderError> {
    let tokens = oauth::redeem(http, provider, &places(endpoints), &response).await?;
    let access_token = tokens.access_token;
    let access_token =
        access_token.ok_or_else(|| ProviderError::untrusted("access_token of its token endpoint is missing"))?;
    let request = user_info::request(&endpoints.userinfo_url, &access_token)?;
    let answer = http.send(request, provider.may_be_private()).await?;
    if answer.status() != StatusCode::OK {
        return Err(ProviderError::untrusted(format!("the user endpoint answers {}", answer.status().as_u16())));
    }
    let user = http::object(&answer, "the user endpoint")?;
    profile(provider, endpoints, &Value::Object(user))
}

/// Reads the person out of the user endpoint's answer. The subject is a number or a text that is not empty, nothing else.
fn profile(provider: &Provider, endpoints: &Endpoints, user: &Value) -> Result<ProviderProfile, ProviderError> {
    let subject = match user.get(&endpoints.subject_field) {
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let subject = usable(subject.as_deref(), MAX_SUBJECT).ok_or_else(|| {
        ProviderError::untrusted(format!("the user endpoint gives no usable {:?}", endpoints.subject_field))
    })?;
    let text = |field: &str| usable(user.get(field).and_then(Value::as_str), 320);
    Ok(ProviderProfile {
        identity: Identity { issuer: provider.issuer(), subject },
        username: text(&endpoints.username_field),
        name: text("name"),
        email: text(&endpoints.email_field),
        email_verified: user.get("email_verified").is_some_and(|word| provider.vouches(word)),
        acr: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Protocol;

    #[test]
    fn oauth2_provider_subject_must_be_number_or_text() {
        let at = |path: &str| format!("https://forge.example/{path}");
        let endpoints = Endpoints::new(at("authorize"), at("token"), at("user"));
        let provider = Provider::new("forge", "Forge", Protocol::OAuth2(endpoints.clone()));
        let read = |user: Value| profile(&provider, &endpoints, &user);
        let ada = read(json!({ "id": 17, "login": "ada", "email": null })).unwrap();
        assert_eq!((ada.identity.subject.as_str(), ada.username.as_deref()), ("17", Some("ada")));
        assert_eq!(ada.identity.issuer, "https://forge.example/user#id");
        assert_eq!(read(json!({ "id": "u-17" })).unwrap().identity.subject, "u-17");
        for odd in [json!({}), json!(""), json!(" "), json!(null), json!(1.5), json!([1]), json!({"a": 1}), json!(true)]
        {
            assert!(read(json!({ "id": odd })).is_err(), "{odd}");
        }
        assert!(read(json!({ "id": "x".repeat(256) })).is_err() && read(json!([])).is_err());
    }
}
