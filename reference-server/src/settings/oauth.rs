//! `[oauth]`: how strictly OAuth is spoken.

use lysand_auth::config::RedirectMatch;
use lysand_auth::config::{AuthorizeErrors, BearerInQuery, OAuthRules};

use super::reader::Reader;

pub(super) fn rules(reader: &mut Reader) -> OAuthRules {
    let usual = OAuthRules::default();
    let authorize_errors = [("redirect", AuthorizeErrors::Redirect), ("page", AuthorizeErrors::Page)];
    let redirect_match = [("exact", RedirectMatch::Exact), ("mastodon", RedirectMatch::Mastodon)];
    {
        let mut made = OAuthRules::default();
        made.authorize_errors = reader.choice("oauth.authorize_errors", authorize_errors);
        made.redirect_match = reader.choice("oauth.redirect_match", redirect_match);
        let bearer_in_query = [("profile", BearerInQuery::Profile), ("off", BearerInQuery::Off)];
        made.bearer_in_query = reader.choice("oauth.bearer_in_query", bearer_in_query);
        made.plain_http_redirects = reader.get("oauth.plain_http_redirects", usual.plain_http_redirects);
        made.secrets_in_query = reader.get("oauth.secrets_in_query", usual.secrets_in_query);
        made.require_pkce = reader.get("oauth.require_pkce", usual.require_pkce);
        made.revoke_by_possession = reader.get("oauth.revoke_by_possession", usual.revoke_by_possession);
        made.device_grant = reader.get("oauth.device_grant", usual.device_grant);
        made
    }
}
