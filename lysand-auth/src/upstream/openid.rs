//! OpenID Connect: discovery, keys, and the full check of an ID token even though it came over TLS (security RP-1 to RP-3).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm as Algorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    IssuerUrl, JsonWebKeySet, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _, UserInfoError,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::error::ProviderError;
use super::exchange::{AuthorizationParameters, AuthorizationResponse};
use super::http::{Http, HttpError, is_allowed};
use super::id_token::{CLOCK_SKEW, Expected};
use super::text::usable;
use crate::ambient::Timestamp;
use crate::config::Provider;
use crate::model::identity::{Identity, MAX_SUBJECT, ProviderProfile};

/// How long a provider's document and keys are believed without asking again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long nobody asks again after a provider gave no document.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// How often an unknown key makes us ask for the keys again at most (security RP-7).
const KEYS_AGAIN: Duration = Duration::from_secs(60);
/// The most keys that a provider may have.
const MAX_KEYS: usize = 64;

/// The asymmetric algorithms that are accepted, where the provider says that it uses them. No MAC: whoever knows our
/// secret could sign.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// What we want to know of a provider beyond OpenID Connect Discovery.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    /// RFC 9207 §3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// An OpenID provider and what is known of it.
pub(super) struct OpenId {
    issuer: String,
    /// Held while somebody asks, so that all who need the answer share it.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    document: Option<(Arc<Metadata>, Timestamp)>,
    keys_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

impl OpenId {
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), known: Mutex::default() }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether the provider says that it names itself in every callback.
    pub(super) async fn always_sends_iss(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<bool, ProviderError> {
        let metadata = self.metadata(http, provider, now).await?;
        Ok(metadata.additional_metadata().authorization_response_iss_parameter_supported)
    }

    pub(super) async fn authorization_url(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
        parameters: AuthorizationParameters<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata(http, provider, now).await?;
        let client = client(&metadata, provider, parameters.callback)?;
        let verifier = PkceCodeVerifier::new(parameters.verifier.expose().to_owned());
        let (state, nonce) = (parameters.state.expose().to_owned(), parameters.nonce.expose().to_owned());
        // The configured scopes have openid already.
        let (url, ..) = client
            .disable_openid_scope()
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    pub(super) async fn exchange(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
        response: AuthorizationResponse<'_>,
    ) -> Result<ProviderProfile, ProviderError> {
        let metadata = self.metadata(http, provider, now).await?;
        let may_be_private = provider.may_be_private();
        let send = async |request: HttpRequest| http.send(request, may_be_private).await;
        let client = client(&metadata, provider, response.callback)?.set_auth_type(authentication(&metadata)?);
        let tokens = client
            .exchange_code(AuthorizationCode::new(response.code.expose().to_owned()))
            .map_err(|_| ProviderError::untrusted("its document names no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.expose().to_owned()))
            .request_async(&send)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => error.into(),
                _ => ProviderError::untrusted("the token endpoint does not redeem the code"),
            })?;
        let expected =
            Expected { issuer: &self.issuer, client_id: &provider.client_id, nonce: response.nonce.expose(), now };
        let claims = match checked(&client, &metadata, &tokens, &expected) {
            Err(Unproven::Signature(why)) => {
                // The provider may have new keys since we asked.
                let metadata = self.new_keys(http, provider, now).await?.ok_or(ProviderError::Untrusted(why))?;
                let client = self::client(&metadata, provider, response.callback)?;
                checked(&client, &metadata, &tokens, &expected)
            }
            other => other,
        }
        .map_err(|(Unproven::Signature(why) | Unproven::Claims(why))| ProviderError::Untrusted(why))?;
        let access_token = tokens.access_token().clone();
        let info = user_info(&client, &metadata, access_token, &claims, &send).await?;
        profile(provider, &claims, info.as_ref())
    }

    /// The provider's document with its keys, asked for again when it is old.
    async fn metadata(&self, http: &Http, provider: &Provider, now: Timestamp) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.document
            && now.since(*at) < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        if known.failed_at.is_some_and(|at| now.since(at) < COOL_DOWN) {
            return Err(ProviderError::Unreachable("it gave no document a moment ago".to_owned()));
        }
        // If the caller stops waiting, that is a failure as well, and those behind need not wait as long.
        known.failed_at = Some(now);
        let found = discover(http, provider, &self.issuer).await?;
        *known = Known { document: Some((Arc::clone(&found), now)), keys_at: Some(now), failed_at: None };
        Ok(found)
    }

    /// The document with keys that are newer than those which did not fit; `None` when they were asked for a moment ago.
    async fn new_keys(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Option<Arc<Metadata>>, ProviderError> {
        let mut known = self.known.lock().await;
        let Some((metadata, at)) = known.document.clone() else { return Ok(None) };
        if known.keys_at.is_some_and(|at| now.since(at) < KEYS_AGAIN) {
            return Ok(None);
        }
        known.keys_at = Some(now);
        let may_be_private = provider.may_be_private();
        let send = async |request: HttpRequest| http.send(request, may_be_private).await;
        let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), &send).await.map_err(of_discovery)?;
        let found = Arc::new(Metadata::clone(&metadata).set_jwks(few(keys)?));
        known.document = Some((Arc::clone(&found), at));
        Ok(Some(found))
    }
}

async fn discover(http: &Http, provider: &Provider, issuer: &str) -> Result<Arc<Metadata>, ProviderError> {
    let may_be_private = provider.may_be_private();
    let send = async |request: HttpRequest| http.send(request, may_be_private).await;
    let url = IssuerUrl::new(issuer.to_owned()).map_err(ProviderError::untrusted)?;
    let metadata = Metadata::discover_async(url, &send).await.map_err(of_discovery)?;
    // Exactly, as text (security RP-3).
    if metadata.issuer().as_str() != issuer {
        return Err(ProviderError::untrusted("its document is another issuer's"));
    }
    let endpoints = [
        Some(metadata.authorization_endpoint().url()),
        metadata.token_endpoint().map(|endpoint| endpoint.url()),
        metadata.userinfo_endpoint().map(|endpoint| endpoint.url()),
        Some(metadata.jwks_uri().url()),
    ];
    let is_odd = |url: &&Url| !is_allowed(url, may_be_private) || url.fragment().is_some();
    if endpoints.into_iter().flatten().any(|url| is_odd(&url)) {
        return Err(ProviderError::untrusted("its document names an address that is not https, or not public"));
    }
    let keys = few(metadata.jwks().clone())?;
    Ok(Arc::new(metadata.set_jwks(keys)))
}

fn few(keys: JsonWebKeySet<CoreJsonWebKey>) -> Result<JsonWebKeySet<CoreJsonWebKey>, ProviderError> {
    if keys.keys().len() > MAX_KEYS { Err(ProviderError::untrusted("it has too many keys")) } else { Ok(keys) }
}

fn of_discovery(error: DiscoveryError<HttpError>) -> ProviderError {
    match error {
        DiscoveryError::Request(error) => error.into(),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            ProviderError::Unreachable(format!("its document cannot be had: {status}"))
        }
        other => ProviderError::Untrusted(format!("its document or its keys cannot be used: {other}")),
    }
}

fn client(metadata: &Metadata, provider: &Provider, callback: &str) -> Result<Client, ProviderError> {
    let secret = ClientSecret::new(provider.client_secret.expose().to_owned());
    let callback = RedirectUrl::new(callback.to_owned()).map_err(ProviderError::untrusted)?;
    let client_id = ClientId::new(provider.client_id.clone());
    Ok(Client::from_provider_metadata(metadata.clone(), client_id, Some(secret)).set_redirect_uri(callback))
}

/// How we prove who we are: as the provider takes it, in a header if it may be (Lysand §9).
fn authentication(metadata: &Metadata) -> Result<AuthType, ProviderError> {
    let Some(methods) = metadata.token_endpoint_auth_methods_supported() else { return Ok(AuthType::BasicAuth) };
    if methods.contains(&CoreClientAuthMethod::ClientSecretBasic) {
        Ok(AuthType::BasicAuth)
    } else if methods.contains(&CoreClientAuthMethod::ClientSecretPost) {
        Ok(AuthType::RequestBody)
    } else {
        Err(ProviderError::untrusted("it takes neither client_secret_basic nor client_secret_post"))
    }
}

/// Why an ID token proves nothing.
enum Unproven {
    /// Its signature fits no key; newer keys might help.
    Signature(String),
    /// What it says is wrong.
    Claims(String),
}

/// The claims of the ID token, once all of RP-1 holds.
fn checked(
    client: &Client,
    metadata: &Metadata,
    tokens: &CoreTokenResponse,
    expected: &Expected<'_>,
) -> Result<CoreIdTokenClaims, Unproven> {
    let claims_error = |why: &str| Unproven::Claims(why.to_owned());
    let id_token = tokens.id_token().ok_or_else(|| claims_error("there is no ID token"))?;
    expected.check(&id_token.to_string()).map_err(claims_error)?;

    let offered = metadata.id_token_signing_alg_values_supported();
    let algorithms = ALGORITHMS.into_iter().filter(|algorithm| offered.contains(algorithm));
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(expected.now.minus(CLOCK_SKEW).seconds().unsigned_abs());
    let verifier = client.id_token_verifier().set_allowed_algs(algorithms).set_time_fn(move || moment.into());
    let claims = id_token.claims(&verifier, &Nonce::new(expected.nonce.to_owned())).map_err(|error| {
        use SignatureVerificationError::{CryptoError, InvalidKey, NoMatchingKey};
        let why = format!("the ID token: {error}");
        match error {
            ClaimsVerificationError::SignatureVerification(cause) => match cause {
                NoMatchingKey | CryptoError(_) | InvalidKey(_) => Unproven::Signature(format!("{why}: {cause}")),
                other => Unproven::Claims(format!("{why}: {other}")),
            },
            _ => Unproven::Claims(why),
        }
    })?;
    if let Some(hash) = claims.access_token_hash() {
        let unfit = || claims_error("the at_hash cannot be checked");
        let algorithm = id_token.signing_alg().map_err(|_| unfit())?;
        let key = id_token.signing_key(&verifier).map_err(|_| unfit())?;
        let ours = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|_| unfit())?;
        if ours != *hash {
            return Err(claims_error("the ID token was issued with another access token"));
        }
    }
    Ok(claims.clone())
}

/// What the user endpoint says, when there is one and it speaks of the same person (security RP-2).
async fn user_info<S>(
    client: &Client,
    metadata: &Metadata,
    access_token: AccessToken,
    claims: &CoreIdTokenClaims,
    send: &S,
) -> Result<Option<CoreUserInfoClaims>, ProviderError>
where
    S: AsyncFn(HttpRequest) -> Result<openidconnect::HttpResponse, HttpError>,
{
    if metadata.userinfo_endpoint().is_none() {
        return Ok(None);
    }
    if !access_token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ProviderError::untrusted("the access token fits no header"));
    }
    let asked = client
        .user_info(access_token, Some(claims.subject().clone()))
        .map_err(|_| ProviderError::untrusted("its document names no user endpoint"))?;
    let info: CoreUserInfoClaims =
        asked.request_async(&|request| send(request)).await.map_err(|error| match error {
            UserInfoError::Request(error) => error.into(),
            other => ProviderError::Untrusted(format!("the user endpoint: {other}")),
        })?;
    if info.subject() != claims.subject() {
        return Err(ProviderError::untrusted("the user endpoint speaks of another person"));
    }
    Ok(Some(info))
}

/// The person, as the user endpoint describes it, or else the ID token.
fn profile(
    provider: &Provider,
    claims: &CoreIdTokenClaims,
    info: Option<&CoreUserInfoClaims>,
) -> Result<ProviderProfile, ProviderError> {
    let subject = usable(Some(claims.subject().as_str()), MAX_SUBJECT);
    let subject = subject.ok_or_else(|| ProviderError::untrusted("the subject is empty or too long"))?;
    let username = info.and_then(|info| info.preferred_username()).or(claims.preferred_username());
    let (email, email_verified) = match info.filter(|info| info.email().is_some()) {
        Some(info) => (info.email(), info.email_verified()),
        None => (claims.email(), claims.email_verified()),
    };
    Ok(ProviderProfile {
        identity: Identity { issuer: provider.issuer(), subject },
        username: usable(username.map(|name| name.as_str()), 320),
        email: usable(email.map(|email| email.as_str()), 320),
        email_verified: email_verified.unwrap_or(false),
    })
}
