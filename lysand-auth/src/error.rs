//! Errors: a [`Refusal`] is the caller's business, a [`Failure`] is ours.
//!
//! [`Code`] is a closed list with one table to OAuth's name and the HTTP status; the surface on which an error is
//! shown (OAuth JSON, API JSON, page, redirect) is chosen in `web::reply`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::password::Busy;
use crate::secret::Secret;
use crate::texts;

/// What a flow answers when it does not succeed.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "the business of the caller or ours: there is no third")]
pub enum Error {
    /// The request is refused, for a reason that the caller may know.
    Refused(Refusal),
    /// The server failed; the caller learns only that.
    Failed(Failure),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The kind of refusal.
    pub code: Code,
    /// A sentence for the person who can mend it.
    pub why: Cow<'static, str>,
    /// How long to wait before trying again, where waiting helps.
    pub retry_after: Option<Duration>,
    /// What would have been enough: the scopes for `insufficient_scope` (RFC 6750 §3.1), the parameters `acr_values` and
    /// `max_age` of the challenge for `insufficient_user_authentication` (RFC 9470 §3).
    pub needed: Option<Box<str>>,
    /// The limit that is used up, for `TooManyRequests` (Mastodon §18).
    pub allowance: Option<Box<Allowance>>,
    /// The realm that a challenge names, where it is known ([`Config::realm`](crate::Config::realm)).
    pub realm: Option<Box<str>>,
    /// What somebody waits with whose proof was right and whose account is not usable yet (people PPL-59).
    pub waiting_token: Option<Box<Secret>>,
    /// The sign-in that goes on with a second proof: one was right, and the account wants two (FAC-4).
    pub pending: Option<Box<PendingClaim>>,
}

/// What a browser shows for a sign-in that lacks something: its id, which stands in addresses, and the value of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingClaim {
    /// The id. Without the other it is worth nothing (FAC-13).
    pub id: String,
    /// What only the browser knows that began it.
    pub browser: Secret,
}

impl PendingClaim {
    /// An id, and the value of its cookie.
    #[must_use]
    pub fn new(id: impl Into<String>, browser: Secret) -> Self {
        Self { id: id.into(), browser }
    }
}

/// What is left of a limit; made by [`Limit::allowance`](crate::model::rate_limit::Limit::allowance) (Mastodon §18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowance {
    /// How often in a window.
    pub max: u32,
    /// How often still.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Timestamp,
}

impl Refusal {
    /// A refusal with nothing but a sentence.
    pub(crate) fn new(code: Code, why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            why: why.into(),
            retry_after: None,
            needed: None,
            allowance: None,
            realm: None,
            waiting_token: None,
            pending: None,
        }
    }
}

/// A fault of the server or its host. Its text goes to the log and nowhere else.
#[derive(Debug)]
pub struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl Failure {
    /// What failed, for a caller that knows what to do about it.
    pub(crate) fn into_source(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $oauth:literal, $status:literal;)+) => {
        /// Every kind of refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name of the error in OAuth's registry, or the nearest one.
            #[must_use]
            pub const fn oauth_name(self) -> &'static str {
                match self { $(Self::$name => $oauth,)+ }
            }

            /// The HTTP status on JSON surfaces.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

codes! {
    /// A parameter is missing, malformed or repeated with another value.
    InvalidRequest = "invalid_request", 400;
    /// An authorization request names no app (Mastodon §5.2, check 1).
    ClientIdMissing = "invalid_request", 400;
    /// A parameter of a Lysand route is missing or of the wrong shape (Lysand §1).
    Validation = "invalid_request", 422;
    /// Client authentication failed (RFC 6749 §5.2).
    InvalidClient = "invalid_client", 401;
    /// A sign-in form has no name or no password, or one that is too long (Lysand §5).
    Credentials = "invalid_request", 422;
    /// The login route does not know the client (Lysand §5).
    UnknownApplication = "invalid_client", 400;
    /// The redirect URI is missing or not registered for the client.
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// A dynamic registration asks for what is not offered (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata", 400;
    /// The app may not use this grant type (RFC 6749 §5.2).
    GrantNotAllowed = "unauthorized_client", 400;
    /// Another response type than `code` was asked for.
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// Another response mode than the offered ones was asked for.
    UnsupportedResponseMode = "unsupported_response_mode", 400;
    /// The scope is unknown, malformed or exceeds what was registered.
    InvalidScope = "invalid_scope", 400;
    /// The PKCE method is not `S256` (RFC 7636 §4.4.1).
    InvalidCodeChallengeMethod = "invalid_code_challenge_method", 400;
    /// The PKCE challenge is not 43 characters of base64url.
    InvalidCodeChallenge = "invalid_request", 400;
    /// The first proof of a sign-in was right, and the account wants a second one (FAC-4).
    FactorRequired = "interaction_required", 403;
    /// The code of a second factor is wrong, used or too old (FAC-171).
    WrongFactor = "invalid_grant", 400;
    /// A passkey was not accepted (FAC-175).
    WrongPasskey = "invalid_grant", 400;
    /// A passkey that nobody has here any more (FAC-55).
    UnknownPasskey = "invalid_grant", 400;
    /// A sign-in that lacked something is over, or began in another browser (FAC-173).
    SignInOver = "invalid_grant", 410;
    /// A sign-in does not take this kind of proof (FAC-174).
    NotOffered = "invalid_request", 409;
    /// A code was mailed a moment ago.
    TooSoon = "temporarily_unavailable", 429;
    /// There are as many as there can be (FAC-178).
    Full = "invalid_request", 409;
    /// The code is unknown, spent, expired or somebody else's; or the password is wrong.
    InvalidGrant = "invalid_grant", 400;
    /// Nobody has answered a device's code yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending", 400;
    /// The program polls too often: it waits five seconds longer from now on (RFC 8628 §3.5).
    SlowDown = "slow_down", 400;
    /// The time of a device's code is over, or it was used (RFC 8628 §3.5).
    ExpiredToken = "expired_token", 400;
    /// The person refused a device's code (RFC 8628 §3.5).
    DeviceDenied = "access_denied", 400;
    /// The grant type is not offered.
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// The client may not revoke this token (Mastodon §7).
    UnauthorizedClient = "unauthorized_client", 403;
    /// The person said no (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied", 403;
    /// The person would have to consent, and no page may be shown (OpenID Connect Core §3.1.2.6).
    ConsentRequired = "consent_required", 400;
    /// A page would be needed for more than consent: a proof, or a factor that has to be set up (OpenID Connect Core §3.1.2.6).
    InteractionRequired = "interaction_required", 400;
    /// The account cannot be proven as well as the app wants (OpenID Connect Core Error Code
    /// `unmet_authentication_requirements` 1.0).
    UnmetAuthentication = "unmet_authentication_requirements", 400;
    /// The token came from a sign-in that is weaker or older than what is asked for takes (RFC 9470).
    WeakAuthentication = "insufficient_user_authentication", 401;
    /// Request objects are not offered (OpenID Connect Core §3.1.2.6).
    RequestNotSupported = "request_not_supported", 400;
    /// Nor are they fetched.
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// An app cannot register within a request (OpenID Connect Core §3.1.2.6).
    RegistrationNotSupported = "registration_not_supported", 400;
    /// A token is wanted for another server (RFC 8707 §2).
    InvalidTarget = "invalid_target", 400;
    /// Nobody is signed in with this browser, and the route is about somebody (Mastodon §16).
    SignInRequired = "login_required", 401;
    /// The bearer token is missing, unknown, revoked or expired (RFC 6750 §3.1).
    InvalidToken = "invalid_token", 401;
    /// The bearer token does not carry the scope (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope", 403;
    /// The token speaks for no person, and the route needs one (Mastodon §11.2).
    UserRequired = "invalid_request", 422;
    /// The account may not act at present (Mastodon §11.2).
    AccountInactive = "access_denied", 403;
    /// The host's rules refuse a sign-in whose proof was right (FAC-163).
    SignInRefused = "access_denied", 403;
    /// This server takes no new account, or not this one (people PPL-32).
    SignUpRefused = "access_denied", 403;
    /// The owner of the account must prove to be there (people PPL-24, RFC 9470).
    ProofRequired = "insufficient_user_authentication", 403;
    /// The password that proves who is there is not the account's (people PPL-25).
    WrongPassword = "access_denied", 403;
    /// A link of a mail is over (people PPL-68).
    DeadLink = "invalid_request", 410;
    /// The request comes from another site, or its form token is not ours.
    Forbidden = "access_denied", 403;
    /// The form token is missing its session: the page is too old (Mastodon §5.5).
    StaleForm = "invalid_request", 422;
    /// There is no such thing.
    NotFound = "not_found", 404;
    /// The route has no such method.
    MethodNotAllowed = "invalid_request", 405;
    /// The body is larger than the route takes (security LOAD-7).
    PayloadTooLarge = "invalid_request", 413;
    /// The body's type is not one that the route takes.
    UnsupportedMediaType = "invalid_request", 415;
    /// The identity belongs to an account already (Lysand §9.2).
    AlreadyLinked = "invalid_request", 409;
    /// Nothing else would let the owner of the account in (security RP-10).
    LastWayIn = "invalid_request", 409;
    /// The account must have a second factor by now, and has none (FAC-93).
    FactorDemanded = "access_denied", 403;
    /// The account must keep the second factor that it has (FAC-92).
    Demanded = "invalid_request", 409;
    /// What is asked for does not fit the state of the thing (PPL-2).
    Conflict = "invalid_request", 409;
    /// The identity provider cannot be reached (security LOAD-5).
    ProviderUnreachable = "temporarily_unavailable", 502;
    /// The identity provider refused, or its word cannot be trusted (security RP-9).
    ProviderFailed = "server_error", 502;
    /// The caller is too fast (security LOAD-2).
    TooManyRequests = "temporarily_unavailable", 429;
    /// The server is too busy, or its database is away (security LOAD-2, LOAD-4).
    Unavailable = "temporarily_unavailable", 503;
}

impl Error {
    /// A refusal with a sentence for the person who can mend it.
    #[must_use]
    pub fn refused(code: Code, why: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::new(code, why))
    }

    /// A refusal that says when to come again.
    #[must_use]
    pub fn later(code: Code, why: &'static str, retry_after: Duration) -> Self {
        Self::Refused(Refusal { retry_after: Some(retry_after), ..Refusal::new(code, why) })
    }

    /// The same with the realm that a challenge names.
    #[must_use]
    pub(crate) fn in_realm(mut self, realm: &str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.realm = Some(realm.to_owned().into());
        }
        self
    }

    /// A required parameter is absent (Mastodon §5.2, §6.3).
    #[must_use]
    pub fn missing(parameter: &str) -> Self {
        Self::refused(Code::InvalidRequest, format!("Missing required parameter: {parameter}."))
    }

    /// An authorization request names no app: nobody can be told but the person (Mastodon §5.2).
    #[must_use]
    pub fn missing_client_id() -> Self {
        Self::refused(Code::ClientIdMissing, "Missing required parameter: client_id.")
    }

    /// A required parameter of a Lysand route is absent (Lysand §1).
    #[must_use]
    pub fn required(parameter: &str) -> Self {
        Self::refused(Code::Validation, format!("Validation error: Required at \"{parameter}\""))
    }

    /// The sign-in form lacks something that only the person can give (Lysand §1).
    #[must_use]
    pub(crate) fn credentials(problem: &str, field: &str) -> Self {
        Self::refused(Code::Credentials, format!("Validation error: {problem} at \"{field}\""))
    }

    /// Client authentication failed; one text for every cause (Mastodon §6.3).
    #[must_use]
    pub fn invalid_client() -> Self {
        Self::refused(
            Code::InvalidClient,
            "Client authentication failed due to unknown client, no client authentication included, or unsupported \
             authentication method.",
        )
    }

    /// The code cannot be redeemed; one text for every cause (Mastodon §6.3).
    #[must_use]
    pub fn invalid_grant() -> Self {
        Self::refused(
            Code::InvalidGrant,
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used \
             in the authorization request, or was issued to another client.",
        )
    }

    /// The token endpoint does not offer this grant type (Mastodon §6.3, §6.5).
    #[must_use]
    pub fn unsupported_grant_type() -> Self {
        Self::refused(
            Code::UnsupportedGrantType,
            "The authorization grant type is not supported by the authorization server.",
        )
    }

    /// The app may not use this grant type (RFC 6749 §5.2).
    #[must_use]
    pub fn grant_not_registered() -> Self {
        Self::refused(Code::GrantNotAllowed, "The client is not authorized to perform this request using this method.")
    }

    /// The token is wanted for a server that is not this one (RFC 8707 §2).
    #[must_use]
    pub fn invalid_target() -> Self {
        Self::refused(Code::InvalidTarget, "The requested resource is not one of this server.")
    }

    /// The scope cannot be granted (Mastodon §5.2).
    #[must_use]
    pub fn invalid_scope() -> Self {
        Self::refused(Code::InvalidScope, "The requested scope is invalid, unknown, or malformed.")
    }

    /// The bearer token opens nothing (Mastodon §11.2).
    #[must_use]
    pub fn invalid_token(why: &'static str) -> Self {
        Self::refused(Code::InvalidToken, why)
    }

    /// The server failed, for this reason.
    #[must_use]
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(Failure(source.into()))
    }

    /// What a host's error means: an [`Error`] is passed on, a full password queue is a polite refusal, all else is a
    /// failure.
    #[must_use]
    pub fn from_host(source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        match source.downcast::<Self>() {
            Ok(error) => *error,
            Err(source) => match source.downcast::<Busy>() {
                Ok(busy) => (*busy).into(),
                Err(source) => Self::Failed(Failure(source)),
            },
        }
    }

    /// The database does not answer (security LOAD-4).
    #[must_use]
    pub fn unavailable() -> Self {
        Self::later(Code::Unavailable, texts::UNAVAILABLE, Duration::from_secs(5))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(&refusal.why),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<Busy> for Error {
    fn from(Busy: Busy) -> Self {
        Self::later(Code::Unavailable, texts::HASHING_BUSY, Duration::from_secs(2))
    }
}
