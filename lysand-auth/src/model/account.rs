//! Who a person is to the library: what the host tells about one account.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ambient::Timestamp;
use crate::model::language::Language;

/// The host's key for an account: opaque text, so any host's key fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Wraps the host's key.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An e-mail address and whether its owner has proven to receive mail there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an address and whether it is confirmed: there is no more to it")]
pub struct Email {
    /// The address as the person wrote it.
    pub address: String,
    /// Whether the address is confirmed.
    pub confirmed: bool,
}

/// Whether an account may act. Everything but [`Active`](Self::Active) gets nowhere by any road (security REV-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// May sign in and act.
    Active,
    /// Registered, and waits for an admin's review.
    Pending,
    /// Switched off by an admin; tokens stay and answer 403 until it is lifted.
    Disabled,
    /// Switched off like a disabled one, and marked for removal.
    Suspended,
}

/// What an account may do beyond its own affairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// An ordinary person.
    Member,
    /// May look after people, and not after the instance.
    Moderator,
    /// May administer the instance.
    Admin,
}

impl Role {
    /// The word for it, as people and apps read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Moderator => "moderator",
            Self::Member => "user",
        }
    }
}

/// One account as the host knows it: made by [`new`](Self::new) and the `with_…` methods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The host's key.
    pub id: AccountId,
    /// The local name, without a domain.
    pub username: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The address for mail, if there is one.
    pub email: Option<Email>,
    /// Whether the account may act.
    pub standing: Standing,
    /// What it may do.
    pub role: Role,
    /// The language in which its owner reads pages; `None` when none is chosen, and the browser decides (Mastodon §5.1).
    pub language: Option<Language>,
    /// When it was made, if the host knows.
    pub created_at: Option<Timestamp>,
}

impl Account {
    /// An account that is active, an ordinary member's, and has nothing else yet.
    ///
    /// ```
    /// use lysand_auth::host::accounts::{Account, AccountId, Email, Role};
    ///
    /// let email = Email { address: "ada@example.com".into(), confirmed: true };
    /// let ada = Account::new(AccountId::new("7"), "ada").with_email(email).with_role(Role::Admin);
    /// assert!(ada.inactive_reason().is_none());
    /// ```
    #[must_use]
    pub fn new(id: AccountId, username: impl Into<String>) -> Self {
        Self {
            id,
            username: username.into(),
            display_name: String::new(),
            email: None,
            standing: Standing::Active,
            role: Role::Member,
            language: None,
            created_at: None,
        }
    }

    /// The name to show.
    #[must_use]
    pub fn with_display_name(self, display_name: impl Into<String>) -> Self {
        Self { display_name: display_name.into(), ..self }
    }

    /// The address for mail.
    #[must_use]
    pub fn with_email(self, email: impl Into<Option<Email>>) -> Self {
        Self { email: email.into(), ..self }
    }

    /// Whether the account may act.
    #[must_use]
    pub fn with_standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// What it may do.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The language in which its owner reads pages.
    #[must_use]
    pub fn with_language(self, language: impl Into<Option<Language>>) -> Self {
        Self { language: language.into(), ..self }
    }

    /// When it was made.
    #[must_use]
    pub fn with_created_at(self, created_at: Timestamp) -> Self {
        Self { created_at: Some(created_at), ..self }
    }

    /// The first reason why this account may not act, in the order of Mastodon §11.2; `None` when it may.
    #[must_use]
    pub fn inactive_reason(&self) -> Option<InactiveReason> {
        match self.standing {
            Standing::Disabled | Standing::Suspended => Some(InactiveReason::Disabled),
            _ if self.email.as_ref().is_some_and(|email| !email.confirmed) => Some(InactiveReason::Unconfirmed),
            Standing::Pending => Some(InactiveReason::Pending),
            Standing::Active => None,
        }
    }
}

/// Why an account may not act at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InactiveReason {
    /// Its e-mail address is not confirmed.
    Unconfirmed,
    /// An admin has not reviewed it yet.
    Pending,
    /// An admin switched it off, or suspended it.
    Disabled,
}
