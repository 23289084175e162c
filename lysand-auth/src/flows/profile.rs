//! How a person is shown, and the language in which they read (people PPL-126a).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::offers::Offered;
use crate::model::account::Account;
use crate::model::form_error::{FormError, FormErrors};
use crate::model::language::Language;
use crate::model::shown_name;

/// The longest name to show, in characters (Mastodon).
const LONGEST_NAME: usize = 30;

/// What a person wants changed; what is `None` stays.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewProfile {
    /// The name to show; empty for none.
    pub display_name: Option<String>,
    /// The tag of the language; empty to leave it to the browser.
    pub language: Option<String>,
}

impl NewProfile {
    /// Nothing is changed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// What of it the host can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileFields {
    /// The name to show.
    pub display_name: bool,
    /// The language.
    pub language: bool,
}

/// Why the profile stays as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfileError {
    /// What is wrong with the fields.
    Fields(FormErrors),
    /// Everything else.
    Refused(Error),
}

impl From<Error> for ProfileError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What of a profile the host can keep.
///
/// # Errors
/// 404 where it is nothing (people PPL-212).
pub async fn fields(auth: &Auth) -> Result<ProfileFields, Error> {
    let display_name = auth.offers(Offered::DisplayName).await;
    let language = auth.offers(Offered::Language).await;
    match display_name || language {
        true => Ok(ProfileFields { display_name, language }),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// Changes the profile, and answers with the account as it is then. What the host cannot keep has no effect.
///
/// # Errors
/// The fields that are wrong, all at once, and nothing is changed then; 404 where the host keeps nothing of it.
pub async fn change(auth: &Auth, account: &Account, new: &NewProfile) -> Result<Account, ProfileError> {
    let kept = fields(auth).await?;
    let name = new.display_name.as_deref().filter(|_| kept.display_name).map(display_name);
    let language = new.language.as_deref().filter(|_| kept.language).map(|tag| spoken(auth, tag));
    let problems: Vec<FormError> = [name.as_ref().and_then(|name| name.as_ref().err()).cloned()]
        .into_iter()
        .chain([language.as_ref().and_then(|language| language.as_ref().err()).cloned()])
        .flatten()
        .collect();
    if !problems.is_empty() {
        return Err(ProfileError::Fields(FormErrors(problems)));
    }
    let name = name.and_then(Result::ok).filter(|name| *name != account.display_name);
    let language = language.and_then(Result::ok).filter(|language| *language != account.language);
    let changes = name.map(Change::DisplayName).into_iter().chain(language.map(Change::Language));
    for change in changes {
        match auth.accounts().change_along(&account.id, change, nothing()).await {
            Ok(()) => {}
            Err(AccountsError::NotOffered) => return Err(Error::refused(Code::NotFound, "Record not found").into()),
            Err(error) => return Err(Error::from(error).into()),
        }
    }
    let changed = auth.account(&account.id).await?;
    Ok(changed.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?)
}

fn nothing() -> Along {
    Along::new(|_, _| Box::pin(async { Ok(()) }))
}

/// The name without what nobody sees.
fn display_name(typed: &str) -> Result<String, FormError> {
    if typed.chars().any(char::is_control) {
        return Err(FormError::invalid("display_name"));
    }
    let name = shown_name::without_format_characters(typed);
    match name.chars().count() > LONGEST_NAME {
        true => Err(FormError::too_long("display_name", LONGEST_NAME)),
        false => Ok(name),
    }
}

/// A language that the pages speak, in any of its regions.
fn spoken(auth: &Auth, tag: &str) -> Result<Option<Language>, FormError> {
    if tag.trim().is_empty() {
        return Ok(None);
    }
    let offered = auth.pages().languages();
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let is_spoken = |language: &Language| offered.iter().any(|one| primary(one) == primary(language.as_str()));
    match Language::parse(tag).filter(is_spoken) {
        Some(language) => Ok(Some(language)),
        None => {
            let description = format!("must be one of {}", offered.join(", "));
            Err(FormError::new("locale", "ERR_INCLUSION", description))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_name_loses_format_characters_and_has_30_others_at_most() {
        for (typed, kept) in [
            ("  Ada Lovelace ", "Ada Lovelace"),
            ("Ada\u{202E}\u{200B}\u{FEFF}\u{2066}", "Ada"),
            ("\u{200B}\u{200D}", ""),
            ("👩\u{200D}💻", "👩\u{200D}💻"),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("", ""),
        ] {
            assert_eq!(display_name(typed).as_deref(), Ok(kept), "{typed:?}");
        }
        assert!(display_name(&"ä".repeat(30)).is_ok() && display_name(&format!("{}\u{200B}", "x".repeat(30))).is_ok());
        assert_eq!(display_name(&"ä".repeat(31)).unwrap_err().code, "ERR_TOO_LONG");
        for typed in ["Ada\nLovelace", "Ada\0", "\u{1b}[31mAda"] {
            assert_eq!(display_name(typed).unwrap_err().code, "ERR_INVALID", "{typed:?}");
        }
    }
}
