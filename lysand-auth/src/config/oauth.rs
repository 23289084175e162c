//! How strictly OAuth is spoken.

use crate::model::redirect_uri::RedirectMatch;

/// How strictly OAuth is spoken. The defaults are what today's Mastodon clients bear (security AS-18).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OAuthRules {
    /// Who is told of an app's mistake in an authorization request.
    pub authorize_errors: AuthorizeErrors,
    /// How redirect URIs are compared (DEV-11).
    pub redirect_match: RedirectMatch,
    /// Whether an app may register a redirect to a site over plain http (security AS-4).
    pub plain_http_redirects: bool,
    /// Whether secrets, codes and tokens are taken from a request's query as well (DEV-1).
    pub secrets_in_query: bool,
    /// Whether every app must use PKCE, not public ones alone (security AS-6).
    pub require_pkce: bool,
    /// Where a bearer token may stand in a request's query (faults A6).
    pub bearer_in_query: BearerInQuery,
    /// Whether a token can be revoked by whoever holds it, without proof of the client (Mastodon §7).
    pub revoke_by_possession: bool,
    /// Whether programs without a browser get tokens by a code that a person types elsewhere (RFC 8628).
    pub device_grant: bool,
}

impl Default for OAuthRules {
    fn default() -> Self {
        Self {
            authorize_errors: AuthorizeErrors::default(),
            redirect_match: RedirectMatch::default(),
            plain_http_redirects: true,
            secrets_in_query: true,
            require_pkce: false,
            bearer_in_query: BearerInQuery::default(),
            revoke_by_possession: false,
            device_grant: false,
        }
    }
}

/// Where a bearer token may stand in a request's query. Everywhere else it opens nothing there (Mastodon §11.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerInQuery {
    /// Where an app reads who signed in: sign-in libraries do it so.
    #[default]
    Profile,
    /// Nowhere.
    Off,
}

/// Who is told of an app's mistake, once client and redirect URI are known to be good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizeErrors {
    /// The app, by a redirect (RFC 6749 §4.1.2.1, DEV-15).
    #[default]
    Redirect,
    /// The person, on a page, as Mastodon does it.
    Page,
}
