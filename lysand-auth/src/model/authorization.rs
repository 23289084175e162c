//! An authorization: from the request of an app, through a person's consent, to the code's one redemption.

use crate::ambient::Timestamp;
use crate::config::{Lifetimes, OAuthRules};
use crate::model::account::AccountId;
use crate::model::app::{App, AppId};
use crate::model::host_scope::HostScope;
use crate::model::pkce::{Challenge, ChallengeProblem};
use crate::model::redirect_uri::RedirectUri;
use crate::model::scope::Scopes;
use crate::model::session::{Session, SessionId};
use crate::model::strength::ProvenBy;

/// What an app asked for, as it was sent. An empty value counts as absent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// `client_id`.
    pub client_id: Option<String>,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `response_type`.
    pub response_type: Option<String>,
    /// `response_mode`.
    pub response_mode: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `code_challenge` (RFC 7636).
    pub code_challenge: Option<String>,
    /// `code_challenge_method` (RFC 7636).
    pub code_challenge_method: Option<String>,
    /// `nonce` (OpenID Connect Core §3.1.2.1).
    pub nonce: Option<String>,
    /// `acr_values`: how well the person is to prove who they are (OpenID Connect Core §3.1.2.1, FAC-102).
    pub acr_values: Option<String>,
    /// `id_token_hint`: who is meant, by an id token of ours (OpenID Connect Core §3.1.2.1).
    pub id_token_hint: Option<String>,
    /// `account_hint`: the same as it goes on through pages, as a keyed digest (FAC-140).
    pub account_hint: Option<String>,
    /// `resource`: for which servers (RFC 8707 §2).
    pub resources: Vec<String>,
    /// What it asks for by further parameters that is not done here.
    pub unsupported: Option<RequestProblem>,
}

/// What a person is asked to consent to: checked, and bound to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedRequest {
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What is granted upon consent.
    pub scopes: Scopes,
    /// Returned unchanged.
    pub state: Option<String>,
    /// What the verifier must meet.
    pub challenge: Option<Challenge>,
    /// Bound to the code, and part of the id token.
    pub nonce: Option<String>,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// How well the person is to prove who they are: the app's words, the preferred one first (FAC-102).
    pub acr_values: Option<String>,
    /// Who alone may sign in for it, as a keyed digest (FAC-140).
    pub account_hint: Option<String>,
}

/// The parameters of a request that was checked, all but its scope.
pub(crate) fn request_pairs<'a>(app: &'a App, checked: &'a CheckedRequest) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", checked.redirect_uri.as_str()),
        ("response_type", "code"),
    ];
    pairs.extend(checked.state.as_deref().map(|state| ("state", state)));
    if let Some(challenge) = &checked.challenge {
        pairs.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    }
    pairs.extend(checked.nonce.as_deref().map(|nonce| ("nonce", nonce)));
    pairs.extend(
        (checked.response_mode != ResponseMode::Query).then(|| ("response_mode", checked.response_mode.name())),
    );
    pairs.extend(checked.acr_values.as_deref().map(|values| ("acr_values", values)));
    pairs.extend(checked.account_hint.as_deref().map(|hint| ("account_hint", hint)));
    pairs
}

/// The parameters of a request that was checked, all of them.
pub(crate) fn whole_request(app: &App, checked: &CheckedRequest) -> Vec<(String, String)> {
    let scopes = checked.scopes.to_string();
    let pairs = request_pairs(app, checked).into_iter().chain([("scope", scopes.as_str())]);
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// How an authorization response travels to the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In its fragment (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
    Fragment,
    /// As a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode, by its name on the wire.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Query, "query"), (Self::Fragment, "fragment"), (Self::FormPost, "form_post")];

    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(mode, _)| *mode)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// Where and how an app gets an answer to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReturnPath {
    /// Where to.
    pub redirect_uri: RedirectUri,
    /// How.
    pub mode: ResponseMode,
    /// What the app wants back unchanged.
    pub state: Option<String>,
    /// Whether the answer names who sends it (`iss`, RFC 9207). Libraries for Mastodon's API refuse a parameter that
    /// Mastodon does not send (faults A2).
    pub names_issuer: bool,
    /// Whether a person ever let the app in, or the operator registered it.
    pub is_approved: bool,
}

/// The first check that an authorization request failed. The order of the checks is that of Mastodon §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestProblem {
    /// There is no `client_id`.
    MissingClient,
    /// No app has this `client_id`.
    UnknownClient,
    /// The redirect URI is absent, or not registered for the app.
    RedirectUri,
    /// The app did not register for codes (RFC 7591 §2, faults A19).
    GrantNotRegistered,
    /// `prompt=none` beside another word (FAC-135).
    PromptNone,
    /// `max_age` is no number of seconds.
    MaxAge,
    /// `request` (FAC-141).
    RequestObject,
    /// `request_uri` (FAC-141).
    RequestUri,
    /// `id_token_hint` is no id token of this server (FAC-140).
    IdTokenHint,
    /// `registration` (FAC-141).
    Registration,
    /// `resource` is another server (RFC 8707 §2, faults A19).
    ForeignResource,
    /// There is no `response_type`.
    MissingResponseType,
    /// Another response type than `code`.
    UnsupportedResponseType,
    /// A response mode that is not one of [`ResponseMode::NAMES`].
    UnsupportedResponseMode,
    /// The scope is unknown, or exceeds what the app registered.
    Scope,
    /// The PKCE parameters are wrong.
    Challenge(ChallengeProblem),
    /// PKCE is required of this app, and there is no `code_challenge`.
    MissingChallenge,
    /// A parameter, or the request as a whole, is larger than what is kept.
    TooLarge,
}

/// The largest `state`, in bytes; it is kept until the person decides (faults F3).
const LARGEST_STATE: usize = 4 * 1024;
/// The largest `nonce`, in bytes.
const LARGEST_NONCE: usize = 1024;
/// The largest request, in bytes of all its parameters.
const LARGEST_REQUEST: usize = 12 * 1024;

impl AuthorizationRequest {
    /// A request from names and values, as they were kept; of a name that comes twice the first counts.
    pub(crate) fn of_pairs(pairs: &[(String, String)]) -> Self {
        let named = |wanted: &str| {
            let found = pairs.iter().find(|(name, value)| name == wanted && !value.trim().is_empty());
            found.map(|(_, value)| value.clone())
        };
        Self {
            client_id: named("client_id"),
            redirect_uri: named("redirect_uri"),
            response_type: named("response_type"),
            response_mode: named("response_mode"),
            scope: named("scope"),
            state: named("state"),
            code_challenge: named("code_challenge"),
            code_challenge_method: named("code_challenge_method"),
            nonce: named("nonce"),
            acr_values: named("acr_values"),
            account_hint: named("account_hint"),
            ..Self::default()
        }
    }

    /// Refuses what would be kept in a size that nobody needs (faults F3). What is too large is sent back to nobody.
    ///
    /// # Errors
    /// [`RequestProblem::TooLarge`].
    pub(crate) fn check_size(&self) -> Result<(), RequestProblem> {
        let Self {
            client_id,
            redirect_uri,
            response_type,
            response_mode,
            scope,
            state,
            code_challenge,
            code_challenge_method,
            nonce,
            acr_values,
            id_token_hint,
            account_hint,
            resources,
            unsupported: _,
        } = self;
        let size = |part: &Option<String>| part.as_ref().map_or(0, String::len);
        let others =
            [client_id, redirect_uri, response_type, response_mode, scope, code_challenge, code_challenge_method];
        let all = others.into_iter().map(size).sum::<usize>() + size(state) + size(nonce);
        let all = all + size(acr_values) + size(id_token_hint) + size(account_hint);
        let all = all + resources.iter().map(String::len).sum::<usize>();
        match size(state) > LARGEST_STATE || size(nonce) > LARGEST_NONCE || all > LARGEST_REQUEST {
            true => Err(RequestProblem::TooLarge),
            false => Ok(()),
        }
    }

    /// Checks 4 to 8 of Mastodon §5.2, in their order; client and redirect URI were checked before.
    ///
    /// # Errors
    /// The first check that fails; the app may be told.
    pub(crate) fn check(
        &self,
        app: &App,
        redirect_uri: RedirectUri,
        rules: &OAuthRules,
        own: &[HostScope],
    ) -> Result<CheckedRequest, RequestProblem> {
        match self.response_type.as_deref() {
            None => return Err(RequestProblem::MissingResponseType),
            Some("code") => {}
            Some(_) => return Err(RequestProblem::UnsupportedResponseType),
        }
        if let Some(problem) = self.unsupported {
            return Err(problem);
        }
        if !app.may_use("authorization_code") {
            return Err(RequestProblem::GrantNotRegistered);
        }
        let response_mode = ResponseMode::named(self.response_mode.as_deref().unwrap_or("query"))
            .ok_or(RequestProblem::UnsupportedResponseMode)?;
        let scopes = app.scopes.grant(self.scope.as_deref(), own).map_err(|_| RequestProblem::Scope)?;
        let challenge = Challenge::requested(self.code_challenge.as_deref(), self.code_challenge_method.as_deref())
            .map_err(RequestProblem::Challenge)?;
        if challenge.is_none() && (app.is_public || rules.require_pkce) {
            return Err(RequestProblem::MissingChallenge);
        }
        Ok(CheckedRequest {
            redirect_uri,
            scopes,
            state: self.state.clone(),
            challenge,
            nonce: self.nonce.clone(),
            response_mode,
            acr_values: self.acr_values.clone(),
            account_hint: self.account_hint.clone().filter(|_| self.asks_openid()),
        })
    }

    /// Where an answer to this request goes, as far as the request can be understood.
    #[must_use]
    pub fn return_path(&self, app: &App, redirect_uri: RedirectUri) -> ReturnPath {
        let mode = self.response_mode.as_deref().and_then(ResponseMode::named).unwrap_or_default();
        ReturnPath {
            redirect_uri,
            mode,
            state: self.state.clone(),
            names_issuer: app.is_dynamic() || self.asks_openid(),
            is_approved: app.approved,
        }
    }

    /// Whether it is an OpenID request (OpenID Connect Core §3.1.2.1).
    #[must_use]
    pub fn asks_openid(&self) -> bool {
        self.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|word| word == "openid"))
    }
}

/// An authorization as the store keeps it: pending until consent, then approved, then used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    /// The app that asked.
    pub app_id: AppId,
    /// Who is asked.
    pub account_id: AccountId,
    /// In which session; no other may consent.
    pub session_id: SessionId,
    /// What the owner of that session proved; none when it is not kept any more, or not yet.
    pub proven: Option<ProvenBy>,
    /// What was asked.
    pub request: CheckedRequest,
    /// When the present stage ends.
    pub expires_at: Timestamp,
    /// When the person consented.
    pub approved_at: Option<Timestamp>,
    /// When the code was redeemed, denied or revoked.
    pub used_at: Option<Timestamp>,
    /// The access token that the code bought.
    pub token_id: Option<String>,
    /// The family of refresh tokens that the code bought.
    pub family_id: Option<String>,
}

impl Authorization {
    /// The same, approved: from now on its code can be redeemed, for a shorter time.
    #[must_use]
    pub(crate) fn approved(mut self, lifetimes: &Lifetimes, now: Timestamp) -> Self {
        self.expires_at = now.plus(self.request.code_lifetime(lifetimes));
        self.approved_at = Some(now);
        self
    }

    /// Whether a person may still decide about it.
    #[must_use]
    pub(crate) fn is_pending(&self, now: Timestamp) -> bool {
        self.approved_at.is_none() && self.used_at.is_none() && now < self.expires_at
    }

    /// Whether the code can be redeemed.
    #[must_use]
    pub(crate) fn is_redeemable(&self, now: Timestamp) -> bool {
        self.approved_at.is_some() && self.used_at.is_none() && now < self.expires_at
    }
}

impl CheckedRequest {
    /// A pending authorization for the person of this session.
    #[must_use]
    pub(crate) fn begin(self, app: &App, session: &Session, lifetimes: &Lifetimes, now: Timestamp) -> Authorization {
        Authorization {
            app_id: app.id.clone(),
            account_id: session.account_id.clone(),
            session_id: session.id.clone(),
            proven: None,
            request: self,
            expires_at: now.plus(lifetimes.pending_code),
            approved_at: None,
            used_at: None,
            token_id: None,
            family_id: None,
        }
    }

    /// Where the answer goes.
    #[must_use]
    pub fn return_path(&self, app: &App) -> ReturnPath {
        ReturnPath {
            redirect_uri: self.redirect_uri.clone(),
            mode: self.response_mode,
            state: self.state.clone(),
            names_issuer: app.is_dynamic() || self.scopes.has("openid"),
            is_approved: app.approved,
        }
    }

    /// How long the approved code lives: longer when a person copies it by hand (security AS-7).
    #[must_use]
    pub(crate) fn code_lifetime(&self, lifetimes: &Lifetimes) -> std::time::Duration {
        if self.redirect_uri.is_out_of_band() { lifetimes.out_of_band_code } else { lifetimes.authorization_code }
    }
}
