//! A provider's own document (OpenID Connect Discovery): only what is needed is read, leniently in its shape and strictly
//! in its meaning (faults C5).

use oauth2::AuthType;
use openidconnect::core::CoreJwsSigningAlgorithm as Algorithm;
use serde_json::{Map, Value};
use url::Url;

use super::algorithm::algorithm;
use super::error::ProviderError;
use super::http::is_allowed;
use super::json;

/// What we need to know of a provider.
pub(super) struct Document {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    pub(super) keys: String,
    /// How its ID tokens are signed.
    pub(super) algorithms: Vec<Algorithm>,
    /// How we prove who we are.
    pub(super) authentication: AuthType,
    /// Whether it names itself in every callback (RFC 9207 §3).
    pub(super) always_sends_iss: bool,
}

impl Document {
    pub(super) fn read(
        members: &Map<String, Value>,
        issuer: &str,
        may_be_private: bool,
    ) -> Result<Self, ProviderError> {
        // Exactly, as text (security RP-3).
        match members.get("issuer").and_then(Value::as_str) {
            Some(named) if named == issuer => {}
            Some(named) => {
                let named: String = named.chars().take(200).collect();
                return Err(ProviderError::untrusted(format!("its document is of the issuer {named:?}, not of url")));
            }
            None => return Err(unreadable("issuer")),
        }
        let optional = |name: &'static str| endpoint(members, name, may_be_private);
        let required = |name: &'static str| optional(name)?.ok_or_else(|| unreadable(name));
        Ok(Self {
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            userinfo_endpoint: optional("userinfo_endpoint")?,
            keys: required("jwks_uri")?,
            algorithms: algorithms(members),
            authentication: authentication(members)?,
            always_sends_iss: is_true(members.get("authorization_response_iss_parameter_supported")),
        })
    }
}

fn unreadable(member: &str) -> ProviderError {
    ProviderError::untrusted(format!("its document lacks {member}, or it is no text"))
}

/// The address in a member; nothing where the provider names none.
fn endpoint(members: &Map<String, Value>, name: &str, may_be_private: bool) -> Result<Option<String>, ProviderError> {
    let text = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(unreadable(name)),
    };
    let is_usable = |url: &Url| is_allowed(url, may_be_private) && url.fragment().is_none();
    if Url::parse(text).is_ok_and(|url| is_usable(&url)) {
        return Ok(Some(text.clone()));
    }
    Err(ProviderError::untrusted(format!(
        "{name} of its document is not https, or not public (allow_private = true lets it be in your own network)"
    )))
}

/// The algorithms of its ID tokens; RS256 when it names none (OpenID Connect Core §15.1).
fn algorithms(members: &Map<String, Value>) -> Vec<Algorithm> {
    match json::texts(members, "id_token_signing_alg_values_supported") {
        Some(names) => names.into_iter().filter_map(algorithm).collect(),
        None => vec![Algorithm::RsaSsaPkcs1V15Sha256],
    }
}

/// How we prove who we are: as the provider takes it, in a header if it may be (Lysand §9).
fn authentication(members: &Map<String, Value>) -> Result<AuthType, ProviderError> {
    let methods = json::texts(members, "token_endpoint_auth_methods_supported").unwrap_or_default();
    if methods.is_empty() || methods.contains(&"client_secret_basic") {
        Ok(AuthType::BasicAuth)
    } else if methods.contains(&"client_secret_post") {
        Ok(AuthType::RequestBody)
    } else {
        Err(ProviderError::untrusted("it takes neither client_secret_basic nor client_secret_post"))
    }
}

/// A boolean, or the word for it.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
