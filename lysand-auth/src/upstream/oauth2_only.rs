//! Providers that speak OAuth 2 alone, GitHub for one: who the person is stands in the answer of a user endpoint.

use std::borrow::Cow;

use oauth2::basic::BasicClient;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use oauth2::http::{Request, StatusCode};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use serde_json::Value;

use super::error::ProviderError;
use super::exchange::{AuthorizationParameters, AuthorizationResponse};
use super::http::Http;
use super::text::usable;
use crate::config::{Endpoints, Provider};
use crate::model::identity::{Identity, MAX_SUBJECT, ProviderProfile};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn client(provider: &Provider, endpoints: &Endpoints) -> Result<Client, ProviderError> {
    Ok(BasicClient::new(ClientId::new(provider.client_id.clone()))
        .set_client_secret(ClientSecret::new(provider.client_secret.expose().to_owned()))
        // What all of them take; not all take a header.
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(endpoints.authorization_url.clone()).map_err(ProviderError::untrusted)?)
        .set_token_uri(TokenUrl::new(endpoints.token_url.clone()).map_err(ProviderError::untrusted)?))
}

pub(super) fn authorization_url(
    provider: &Provider,
    endpoints: &Endpoints,
    parameters: &AuthorizationParameters<'_>,
) -> Result<String, ProviderError> {
    let client = client(provider, endpoints)?;
    let verifier = PkceCodeVerifier::new(parameters.verifier.expose().to_owned());
    let state = parameters.state.expose().to_owned();
    let callback = RedirectUrl::new(parameters.callback.to_owned()).map_err(ProviderError::untrusted)?;
    let (url, _) = client
        .authorize_url(move || CsrfToken::new(state))
        .set_redirect_uri(Cow::Owned(callback))
        .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .url();
    Ok(url.into())
}

pub(super) async fn exchange(
    http: &Http,
    provider: &Provider,
    endpoints: &Endpoints,
    response: AuthorizationResponse<'_>,
) -> Result<ProviderProfile, ProviderError> {
    let may_be_private = provider.may_be_private();
    let send = async |request: HttpRequest| http.send(request, may_be_private).await;
    let client = client(provider, endpoints)?;
    let callback = RedirectUrl::new(response.callback.to_owned()).map_err(ProviderError::untrusted)?;
    let tokens = client
        .exchange_code(AuthorizationCode::new(response.code.expose().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.expose().to_owned()))
        .set_redirect_uri(Cow::Owned(callback))
        .request_async(&send)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => error.into(),
            _ => ProviderError::untrusted("the token endpoint does not redeem the code"),
        })?;
    let bearer = format!("Bearer {}", tokens.access_token().secret());
    let bearer =
        HeaderValue::from_str(&bearer).map_err(|_| ProviderError::untrusted("the access token fits no header"))?;
    let request = Request::get(&endpoints.userinfo_url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(AUTHORIZATION, bearer)
        .body(Vec::new())
        .map_err(ProviderError::untrusted)?;
    let answer = http.send(request, may_be_private).await?;
    if answer.status() != StatusCode::OK {
        return Err(ProviderError::untrusted(format!("the user endpoint answers {}", answer.status())));
    }
    let user: Value = serde_json::from_slice(answer.body()).map_err(ProviderError::untrusted)?;
    profile(provider, endpoints, &user)
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
        email: text(&endpoints.email_field),
        email_verified: user.get("email_verified").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{CallbackStyle, Protocol};
    use crate::secret::Secret;

    #[test]
    fn oauth2_provider_subject_must_be_number_or_text() {
        let endpoints = Endpoints {
            authorization_url: "https://forge.example/authorize".into(),
            token_url: "https://forge.example/token".into(),
            userinfo_url: "https://forge.example/user".into(),
            subject_field: "id".into(),
            username_field: "login".into(),
            email_field: "email".into(),
        };
        let provider = Provider {
            id: "forge".into(),
            name: "Forge".into(),
            icon: None,
            client_id: "c".into(),
            client_secret: Secret::new("s"),
            scopes: vec![],
            callback: CallbackStyle::Exact,
            allow_private: false,
            protocol: Protocol::OAuth2(endpoints.clone()),
        };
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
