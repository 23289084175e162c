//! What an account is made from, and how the world sees it.

use crate::config::BaseUrl;
use crate::model::account::{Email, Role, Standing};
use crate::model::language::Language;
use crate::secret::Secret;

/// An account to be created.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewAccount {
    /// The local name.
    pub username: String,
    /// The e-mail address, if there is one.
    pub email: Option<Email>,
    /// The password; `None` for an account that signs in by other means.
    pub password: Option<Secret>,
    /// What the account may do beyond its own affairs.
    pub role: Role,
    /// Whether it may act at once.
    pub standing: Standing,
    /// The language in which its owner reads pages, if one was chosen.
    pub language: Option<Language>,
}

impl NewAccount {
    /// An ordinary member's, active, without address and password.
    #[must_use]
    pub fn new(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            email: None,
            password: None,
            role: Role::Member,
            standing: Standing::Active,
            language: None,
        }
    }

    /// The e-mail address.
    #[must_use]
    pub fn with_email(self, email: impl Into<Option<Email>>) -> Self {
        Self { email: email.into(), ..self }
    }

    /// The password.
    #[must_use]
    pub fn with_password(self, password: impl Into<Option<Secret>>) -> Self {
        Self { password: password.into(), ..self }
    }

    /// What the account may do beyond its own affairs.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Whether it may act at once.
    #[must_use]
    pub fn with_standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// The language in which its owner reads pages.
    #[must_use]
    pub fn with_language(self, language: impl Into<Option<Language>>) -> Self {
        Self { language: language.into(), ..self }
    }
}

/// Where an account's public face is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The URI of the actor document: unique across servers.
    pub uri: String,
    /// The page for people.
    pub url: String,
    /// The avatar, also the default one.
    pub picture: String,
}

impl Profile {
    /// A profile at Mastodon's paths, with Mastodon's default picture.
    #[must_use]
    pub fn new(username: &str, base_url: &BaseUrl) -> Self {
        Self {
            uri: base_url.join(&format!("/users/{username}")),
            url: base_url.join(&format!("/@{username}")),
            picture: base_url.join("/avatars/original/missing.png"),
        }
    }

    /// The URI of the actor document.
    #[must_use]
    pub fn with_uri(self, uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), ..self }
    }

    /// The page for people.
    #[must_use]
    pub fn with_url(self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self }
    }

    /// The avatar.
    #[must_use]
    pub fn with_picture(self, picture: impl Into<String>) -> Self {
        Self { picture: picture.into(), ..self }
    }
}
