//! OpenID Connect: discovery, keys, and the full check of an ID token even though it came over TLS (security RP-1 to RP-3).

use std::sync::Arc;
use std::time::Duration;

use oauth2::http::{Request, StatusCode};
use openidconnect::core::CoreJsonWebKey;
use openidconnect::{AccessToken, AccessTokenHash};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::document::Document;
use super::error::ProviderError;
use super::exchange::{AuthorizationParameters, AuthorizationResponse};
use super::http::{self, Http};
use super::id_token::Expected;
use super::json::text;
use super::jws::{Header, Jws};
use super::keys::Keys;
use super::oauth::{self, Places, Tokens};
use super::text::usable;
use super::user_info::{Person, user_info};
use crate::ambient::Timestamp;
use crate::config::Provider;
use crate::model::identity::{Identity, MAX_SUBJECT, ProviderProfile};

/// How long a provider's document and keys are believed without asking again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long nobody asks again after a provider gave no document.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// How often an unknown key makes us ask for the keys again at most (security RP-7).
const KEYS_AGAIN: Duration = Duration::from_secs(10);

/// An OpenID provider and what is known of it.
pub(super) struct OpenId {
    issuer: String,
    /// Held while somebody asks, so that all who need the answer share it.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Timestamp)>,
    /// When an unknown key made us ask.
    keys_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

/// A provider's document and its keys.
struct Metadata {
    document: Arc<Document>,
    keys: Keys,
}

impl Metadata {
    fn places(&self) -> Places<'_> {
        let document = &self.document;
        Places {
            authorization: &document.authorization_endpoint,
            token: &document.token_endpoint,
            authentication: document.authentication.clone(),
        }
    }
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
        Ok(self.metadata(http, provider, now).await?.document.always_sends_iss)
    }

    pub(super) async fn authorization_url(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
        parameters: AuthorizationParameters<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata(http, provider, now).await?;
        oauth::authorization_url(provider, &metadata.places(), &parameters, Some(parameters.nonce))
    }

    pub(super) async fn exchange(
        &self,
        http: &Http,
        provider: &Provider,
        now: Timestamp,
        response: AuthorizationResponse<'_>,
    ) -> Result<ProviderProfile, ProviderError> {
        let mut metadata = self.metadata(http, provider, now).await?;
        let tokens = oauth::redeem(http, provider, &metadata.places(), &response).await?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &provider.client_id,
            trusted_audiences: &provider.trusted_audiences,
            nonce: response.nonce.expose(),
            now,
        };
        let claims = match checked(&metadata, &tokens, &expected) {
            Err(Unproven::Signature(why)) => {
                // The provider may have new keys since we asked.
                let newer = self.newer_keys(http, provider, &metadata, now).await?;
                metadata = newer.ok_or(ProviderError::Untrusted(format!("the ID token: {why}")))?;
                checked(&metadata, &tokens, &expected)
            }
            other => other,
        }
        .map_err(|(Unproven::Signature(why) | Unproven::Claims(why))| {
            ProviderError::Untrusted(format!("the ID token: {why}"))
        })?;
        let subject = usable(text(&claims, "sub"), MAX_SUBJECT);
        let subject = subject.ok_or_else(|| ProviderError::untrusted("the subject is empty or too long"))?;
        let info = match (&metadata.document.userinfo_endpoint, &tokens.access_token) {
            (Some(endpoint), Some(access_token)) => {
                let person = Person { issuer: &self.issuer, subject: &subject, keys: &metadata.keys };
                user_info(http, provider, endpoint, access_token, &person).await?
            }
            _ => None,
        };
        Ok(profile(provider, subject, &claims, info.as_ref()))
    }

    /// The provider's document with its keys, asked for again when it is old.
    async fn metadata(&self, http: &Http, provider: &Provider, now: Timestamp) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
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
        *known = Known { metadata: Some((Arc::clone(&found), now)), keys_at: None, failed_at: None };
        Ok(found)
    }

    /// The document with keys that are newer than those which did not fit: asked for at once, or found by somebody else
    /// meanwhile; `None` when they were asked for a moment ago.
    async fn newer_keys(
        &self,
        http: &Http,
        provider: &Provider,
        unfit: &Arc<Metadata>,
        now: Timestamp,
    ) -> Result<Option<Arc<Metadata>>, ProviderError> {
        let mut known = self.known.lock().await;
        let Some((metadata, at)) = known.metadata.clone() else { return Ok(None) };
        if !Arc::ptr_eq(&metadata, unfit) {
            return Ok(Some(metadata));
        }
        if known.keys_at.is_some_and(|at| now.since(at) < KEYS_AGAIN) {
            return Ok(None);
        }
        known.keys_at = Some(now);
        let document = Arc::clone(&metadata.document);
        let keys = Keys::read(&get(http, provider, &document.keys, "its key set").await?)?;
        let found = Arc::new(Metadata { document, keys });
        known.metadata = Some((Arc::clone(&found), at));
        Ok(Some(found))
    }
}

async fn discover(http: &Http, provider: &Provider, issuer: &str) -> Result<Arc<Metadata>, ProviderError> {
    let address = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
    let members = get(http, provider, &address, "its document").await?;
    let document = Document::read(&members, issuer, provider.may_be_private())?;
    let keys = Keys::read(&get(http, provider, &document.keys, "its key set").await?)?;
    Ok(Arc::new(Metadata { document: Arc::new(document), keys }))
}

async fn get(http: &Http, provider: &Provider, address: &str, what: &str) -> Result<Map<String, Value>, ProviderError> {
    let request = Request::get(address).body(Vec::new()).map_err(ProviderError::untrusted)?;
    let answer = http.send(request, provider.may_be_private()).await?;
    let status = answer.status();
    if status != StatusCode::OK {
        let why = format!("{what} cannot be had: {} from {address}", status.as_u16());
        let is_away = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        return Err(if is_away { ProviderError::Unreachable(why) } else { ProviderError::Untrusted(why) });
    }
    Ok(http::object(&answer, what)?)
}

/// Why an ID token proves nothing.
enum Unproven {
    /// Its signature fits no key; newer keys might help.
    Signature(String),
    /// What it says is wrong.
    Claims(String),
}

/// The claims of the ID token, once all of RP-1 holds.
fn checked(metadata: &Metadata, tokens: &Tokens, expected: &Expected<'_>) -> Result<Map<String, Value>, Unproven> {
    let unproven = |why: &str| Unproven::Claims(why.to_owned());
    let compact = tokens.id_token.as_deref().ok_or_else(|| unproven("there is none"))?;
    let header = Header::of(compact).map_err(unproven)?;
    let jws = Jws::read(compact, &header).map_err(unproven)?;
    if !metadata.document.algorithms.contains(&jws.algorithm) {
        return Err(unproven("its algorithm is not one that the provider says it uses: alg"));
    }
    let key = metadata.keys.verify(&jws).map_err(Unproven::Signature)?;
    expected.check(&jws.claims).map_err(unproven)?;
    if let Some(Value::String(hash)) = jws.claims.get("at_hash") {
        check_hash(hash, tokens, &jws, key).map_err(unproven)?;
    }
    Ok(jws.claims)
}

/// That the ID token was issued with this access token (OpenID Connect Core §3.1.3.6).
fn check_hash(hash: &str, tokens: &Tokens, jws: &Jws<'_>, key: &CoreJsonWebKey) -> Result<(), &'static str> {
    let access_token = tokens.access_token.as_ref().ok_or("it has an at_hash, and there is no access token")?;
    let access_token = AccessToken::new(access_token.expose().to_owned());
    let ours = AccessTokenHash::from_token(&access_token, &jws.algorithm, key);
    let ours = ours.map_err(|_| "the at_hash cannot be checked")?;
    if ours == AccessTokenHash::new(hash.to_owned()) { Ok(()) } else { Err("it was issued with another access token") }
}

/// The person, as the user endpoint describes it, or else the ID token. Names and addresses of another type than text are
/// absences (faults C1).
fn profile(
    provider: &Provider,
    subject: String,
    claims: &Map<String, Value>,
    info: Option<&Map<String, Value>>,
) -> ProviderProfile {
    let said = |name: &str| usable(info.and_then(|info| text(info, name)).or(text(claims, name)), 320);
    let email = said("email");
    // Who says that the address is the person's own must have said which address.
    let vouches = |claims: &&Map<String, Value>| text(claims, "email").is_some_and(|own| Some(own) == email.as_deref());
    let word =
        [info, Some(claims)].into_iter().flatten().filter(vouches).find_map(|claims| claims.get("email_verified"));
    ProviderProfile {
        identity: Identity { issuer: provider.issuer(), subject },
        username: said("preferred_username"),
        name: said("name"),
        email_verified: word.is_some_and(|word| provider.vouches(word)),
        email,
        acr: text(claims, "acr").filter(|_| !provider.trusted_acr.is_empty()).map(str::to_owned),
    }
}
