//! What OpenID Connect and OAuth 2 alone have in common: the browser is sent to the provider, and the code that it brings
//! back is redeemed (RFC 6749 §4.1, RFC 7636).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use oauth2::http::{Response, StatusCode};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::ProviderError;
use super::exchange::{AuthorizationParameters, AuthorizationResponse};
use super::http::{self, Http};
use super::json as strict;
use crate::config::{Provider, ProviderResponseMode};
use crate::secret::Secret;

/// What the token endpoint gives beside the access token.
#[derive(Debug, Deserialize, Serialize)]
struct More {
    id_token: Option<String>,
}

impl ExtraTokenFields for More {}

type OAuthClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<More, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Where a provider is asked, and how we prove there who we are.
pub(super) struct Places<'a> {
    pub(super) authorization: &'a str,
    pub(super) token: &'a str,
    pub(super) authentication: AuthType,
}

/// What a code bought.
pub(super) struct Tokens {
    /// None at a provider that gives an ID token alone.
    pub(super) access_token: Option<Secret>,
    pub(super) id_token: Option<String>,
}

fn client(provider: &Provider, places: &Places<'_>) -> Result<OAuthClient, ProviderError> {
    Ok(Client::new(ClientId::new(provider.client_id.clone()))
        .set_client_secret(ClientSecret::new(provider.client_secret.expose().to_owned()))
        .set_auth_type(places.authentication.clone())
        .set_auth_uri(AuthUrl::new(places.authorization.to_owned()).map_err(ProviderError::untrusted)?)
        .set_token_uri(TokenUrl::new(places.token.to_owned()).map_err(ProviderError::untrusted)?))
}

/// The address at the provider to which a browser is sent. A provider that speaks OAuth 2 alone gets no nonce.
pub(super) fn authorization_url(
    provider: &Provider,
    places: &Places<'_>,
    parameters: &AuthorizationParameters<'_>,
    nonce: Option<&Secret>,
) -> Result<String, ProviderError> {
    let client = client(provider, places)?;
    let verifier = PkceCodeVerifier::new(parameters.verifier.expose().to_owned());
    let state = parameters.state.expose().to_owned();
    let callback = RedirectUrl::new(parameters.callback.to_owned()).map_err(ProviderError::untrusted)?;
    let mut request = client
        .authorize_url(move || CsrfToken::new(state))
        .set_redirect_uri(Cow::Owned(callback))
        .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    if let Some(nonce) = nonce {
        request = request.add_extra_param("nonce", nonce.expose().to_owned());
    }
    if provider.response_mode == ProviderResponseMode::FormPost {
        request = request.add_extra_param("response_mode", "form_post");
    }
    Ok(request.url().0.into())
}

/// Redeems a code. Of the answer only what is needed is read (faults C2).
pub(super) async fn redeem(
    http: &Http,
    provider: &Provider,
    places: &Places<'_>,
    response: &AuthorizationResponse<'_>,
) -> Result<Tokens, ProviderError> {
    let client = client(provider, places)?;
    let callback = RedirectUrl::new(response.callback.to_owned()).map_err(ProviderError::untrusted)?;
    let may_be_private = provider.may_be_private();
    let send = async |request: HttpRequest| readable(&http.send(with_plain_spaces(request), may_be_private).await?);
    let tokens = client
        .exchange_code(AuthorizationCode::new(response.code.expose().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.expose().to_owned()))
        .set_redirect_uri(Cow::Owned(callback))
        .request_async(&send)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            _ => ProviderError::untrusted("the answer of its token endpoint cannot be read"),
        })?;
    let access_token = Some(tokens.access_token().secret()).filter(|token| !token.is_empty());
    Ok(Tokens {
        access_token: access_token.map(|token| Secret::new(token.as_str())),
        id_token: tokens.extra_fields().id_token.clone(),
    })
}

/// Spaces in the client's credentials as `%20`, which whoever decodes them at all understands; as `+`, how forms have them,
/// Canaille and others with Authlib leave them.
fn with_plain_spaces(mut request: HttpRequest) -> HttpRequest {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = header.and_then(|value| STANDARD.decode(value.strip_prefix("Basic ")?).ok());
    if let Some(credentials) = credentials.and_then(|bytes| String::from_utf8(bytes).ok()) {
        let spaced = format!("Basic {}", STANDARD.encode(credentials.replace('+', "%20")));
        if let Ok(value) = HeaderValue::try_from(spaced) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
    }
    request
}

/// The answer of a token endpoint as the standard has it, with nothing but what is needed.
fn readable(answer: &HttpResponse) -> Result<HttpResponse, ProviderError> {
    let status = answer.status();
    if !status.is_success() {
        // A page is no answer, but its status is one.
        let error = strict::object(answer.body()).ok().and_then(|members| error_name(&members));
        return Err(refused(status, error.as_deref()));
    }
    let members = http::object(answer, "its token endpoint")?;
    if !members.contains_key("access_token")
        && let Some(error) = error_name(&members)
    {
        // GitHub refuses with 200.
        return Err(refused(status, Some(&error)));
    }
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(text)),
        Some(_) => Err(ProviderError::untrusted(format!("{name} of its token endpoint is no text of a token"))),
    };
    match members.get("token_type") {
        None => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err(ProviderError::untrusted("token_type of its token endpoint is not bearer")),
    }
    let needed = json!({
        "access_token": text("access_token")?.map_or("", String::as_str),
        "token_type": "bearer",
        "id_token": text("id_token")?,
    });
    let mut readable = Response::new(needed.to_string().into_bytes());
    readable.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(readable)
}

/// The provider's word for what is wrong, when it is one; never its description, which may hold anything.
fn error_name(members: &Map<String, Value>) -> Option<String> {
    const LONGEST: usize = 64;
    let is_name = |name: &&str| {
        name.len() <= LONGEST && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    match members.get("error")? {
        Value::Null => None,
        Value::String(name) if name.is_empty() => None,
        Value::String(name) => Some(Some(name.as_str()).filter(is_name).unwrap_or("unreadable").to_owned()),
        _ => Some("unreadable".to_owned()),
    }
}

/// Why the token endpoint gives no token, and what to do about it (faults C10).
fn refused(status: StatusCode, error: Option<&str>) -> ProviderError {
    let name = error.map(|error| format!(" with the error {error}")).unwrap_or_default();
    let remedy = match error {
        Some("invalid_client" | "incorrect_client_credentials") => ": check client_id and client_secret",
        Some("redirect_uri_mismatch") => ": register the redirect URI there exactly",
        Some("invalid_grant" | "bad_verification_code") => {
            ": the code is over, or the redirect URI is not registered there exactly"
        }
        Some("unauthorized_client" | "unsupported_grant_type") => {
            ": allow the authorization code grant to our application there"
        }
        _ => "",
    };
    let why = format!("its token endpoint answers {}{name}{remedy}", status.as_u16());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        ProviderError::Unreachable(why)
    } else {
        ProviderError::Untrusted(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_request_has_spaces_of_the_secret_percent_encoded() {
        for (header, sent) in [
            (format!("Basic {}", STANDARD.encode("id:a+b%2Bc")), format!("Basic {}", STANDARD.encode("id:a%20b%2Bc"))),
            (format!("Basic {}", STANDARD.encode("id:abc")), format!("Basic {}", STANDARD.encode("id:abc"))),
            ("Bearer a+b".to_owned(), "Bearer a+b".to_owned()),
        ] {
            let request = oauth2::http::Request::post("https://id.example/token").header(AUTHORIZATION, header);
            let request = with_plain_spaces(request.body(Vec::new()).unwrap());
            assert_eq!(request.headers()[AUTHORIZATION], sent);
        }
    }
}
