//! The page of the own personal tokens.

use serde::Serialize;

use super::parts::MomentOnPage;
use super::people::FieldOnPage;
use crate::model::permission::Permission;

/// `GET /account/tokens`: the own personal tokens.
#[derive(Debug, Serialize)]
pub struct TokensPage<'a> {
    /// Where the forms post to, with the field `do`: `make` (`name`, `scopes[]`, `expires_in`, `networks`,
    /// `current_password`), `extend` (`id`) or `end` (`id`).
    pub action: &'a str,
    /// Hidden field `form_token` of all forms.
    pub form_token: String,
    /// The account's name.
    pub username: &'a str,
    /// The live tokens, the newest first.
    pub tokens: Vec<TokenOnPage<'a>>,
    /// The one that was just made, with its value, which is shown this once.
    pub made: Option<MadeTokenOnPage<'a>>,
    /// Whether one more can be made.
    pub may_make: bool,
    /// Whether somebody was proven to be there so lately that tokens can be extended.
    pub fresh: bool,
    /// What can be chosen for a new one, in the order of the list of scopes.
    pub scopes: Vec<ScopeOnPage>,
    /// What is wrong with the choice.
    pub scopes_error: Option<String>,
    /// What its owner calls it.
    pub name: FieldOnPage,
    /// For how many seconds it lives, or `never`.
    pub expires_in: FieldOnPage,
    /// The lifetimes to choose from, the shortest first.
    pub lifetimes: Vec<LifetimeOnPage>,
    /// Whether it can live until it is ended.
    pub may_never_end: bool,
    /// From where it can be used.
    pub networks: FieldOnPage,
    /// The password, where nobody was proven lately.
    pub current_password: FieldOnPage,
    /// Where somebody confirms that it is them.
    pub confirm: String,
    /// What just happened.
    pub notice: Option<&'a str>,
    /// What went wrong at the last try, where it is no problem of a field.
    pub error: Option<String>,
    /// The own account.
    pub account: String,
}

/// A scope that a new token can have.
#[derive(Clone, Debug, Serialize)]
pub struct ScopeOnPage {
    /// The word, for the field `scopes[]`.
    pub word: &'static str,
    /// What somebody can do with it.
    pub permission: Permission,
    /// Whether it is one of the few that most tokens need.
    pub is_common: bool,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// How long a token can live.
#[derive(Clone, Debug, Serialize)]
pub struct LifetimeOnPage {
    /// In days.
    pub days: u64,
    /// In seconds, for the field `expires_in`.
    pub seconds: u64,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A personal token as its owner sees it.
#[derive(Debug, Serialize)]
pub struct TokenOnPage<'a> {
    /// Its key, for the forms that end and extend it.
    pub id: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// What it can do: words.
    pub scopes: &'a [String],
    /// When it was made, or extended last.
    pub made: MomentOnPage,
    /// Until when it counts; `None` until it is ended.
    pub expires: Option<MomentOnPage>,
    /// When it was last used.
    pub last_used: Option<MomentOnPage>,
    /// From where it can be used; none is from everywhere.
    pub networks: Vec<String>,
}

/// A token that was just made.
#[derive(Debug, Serialize)]
pub struct MadeTokenOnPage<'a> {
    /// What its owner calls it.
    pub name: &'a str,
    /// The token itself. It is never shown again.
    pub value: &'a str,
}
