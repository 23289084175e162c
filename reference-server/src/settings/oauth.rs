//! `[oauth]`: how strictly OAuth is spoken.

use lysand_auth::config::{AuthorizeErrors, OAuthRules};
use lysand_auth::model::redirect_uri::RedirectMatch;

use super::reader::Reader;

pub(super) fn rules(reader: &mut Reader) -> OAuthRules {
    let usual = OAuthRules::default();
    let told = one_of(reader, "oauth.authorize_errors", ["redirect", "page"]);
    let matching = one_of(reader, "oauth.redirect_match", ["exact", "mastodon"]);
    OAuthRules {
        authorize_errors: if told == "page" { AuthorizeErrors::Page } else { AuthorizeErrors::Redirect },
        redirect_match: if matching == "mastodon" { RedirectMatch::Mastodon } else { RedirectMatch::Exact },
        plain_http_redirects: reader.get("oauth.plain_http_redirects", usual.plain_http_redirects),
        secrets_in_query: reader.get("oauth.secrets_in_query", usual.secrets_in_query),
        require_pkce: reader.get("oauth.require_pkce", usual.require_pkce),
        revoke_by_possession: reader.get("oauth.revoke_by_possession", usual.revoke_by_possession),
    }
}

/// One of two words, the first unless told otherwise.
fn one_of(reader: &mut Reader, key: &str, words: [&'static str; 2]) -> String {
    let [usual, other] = words;
    reader.checked(key, usual.to_owned(), |word: String| match words.contains(&word.as_str()) {
        true => Ok(word),
        false => Err(format!("Give \"{usual}\" or \"{other}\".")),
    })
}
