//! The host's mail (PPL-217).

use async_trait::async_trait;

use crate::host::HostResult;
use crate::model::account::Account;
use crate::model::language::Language;
use crate::secret::Secret;

pub use crate::model::mail::{CodeUse, KINDS_OF_MAIL, Mail, MailRecord, MailState};

/// A mail to one address, ready to be put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Letter {
    /// To whom it goes.
    pub address: String,
    /// The account that it is about, by its user name; `None` for an address that has no account here.
    pub username: Option<String>,
    /// The language of its reader, if one was chosen.
    pub language: Option<Language>,
    /// What it is about.
    pub mail: Mail,
    /// The address to open, for mails that have one. It opens something for whoever has it: never log it.
    pub link: Option<Secret>,
    /// What of the link an app takes by itself, for mails that were asked for with one. As secret as the link.
    pub token: Option<Secret>,
    /// The code to type, for mails that have one. It is shown in the mail and nowhere else.
    pub code: Option<Secret>,
    /// The key of the mail in the outbox: the same when it is sent again.
    pub id: Option<String>,
}

impl Letter {
    /// A mail to an address.
    #[must_use]
    pub fn new(address: impl Into<String>, mail: Mail) -> Self {
        Self {
            address: address.into(),
            username: None,
            language: None,
            mail,
            link: None,
            token: None,
            code: None,
            id: None,
        }
    }

    /// A mail to the owner of an account, in the account's language; `None` when it has no address.
    #[must_use]
    pub fn to(account: &Account, mail: Mail) -> Option<Self> {
        let address = account.email.as_ref()?.address.clone();
        let (username, language) = (Some(account.username.clone()), account.language.clone());
        Some(Self { username, language, ..Self::new(address, mail) })
    }

    /// The key of the mail in the outbox.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The user name of the account that it is about.
    #[must_use]
    pub fn with_username(self, username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..self }
    }

    /// The language of its reader.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language: Some(language), ..self }
    }

    /// The address to open.
    #[must_use]
    pub fn with_link(self, link: Secret) -> Self {
        Self { link: Some(link), ..self }
    }

    /// The code to type.
    #[must_use]
    pub fn with_code(self, code: Secret) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// The receiving server will never take this mail: there is no such address, or it wants none of ours. Return it from
/// [`Mailer::send`], so that the mail is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail is refused for good: {0}")]
#[non_exhaustive]
pub struct MailRefused(pub String);

impl MailRefused {
    /// With what the receiving server says.
    #[must_use]
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail. The outbox calls this, and nobody who waits for an answer; several at the same moment.
    ///
    /// What the mail is about has happened already: a mail that cannot be sent changes nothing. An error means that it may be
    /// sent again later, [`MailRefused`] that it never will be. After 100 seconds it counts as one that could not be sent.
    async fn send(&self, letter: &Letter) -> HostResult<()>;

    /// The same, and what the receiving server said when it took the mail, for whoever administers the server. A host that
    /// knows what it said offers this; it is what the outbox calls.
    async fn deliver(&self, letter: &Letter) -> HostResult<Option<String>> {
        self.send(letter).await.map(|()| None)
    }

    /// Whether what is sent reaches people. Where it does not, the library asks nobody to open a link in a mail.
    fn reaches_people(&self) -> bool {
        true
    }

    /// Whether what is sent can be read somewhere at all, be it in a file. While a server is at home on loopback that is enough.
    fn keeps_mails(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::{AccountId, Email};

    #[test]
    fn letter_to_account_without_email_is_none() {
        let ada = Account::new(AccountId::new("1"), "ada").with_language(Language::parse("de"));
        assert_eq!(Letter::to(&ada, Mail::SignedOutEverywhere), None);
        let ada = ada.with_email(Email { address: "ada@example.com".into(), confirmed: false });
        let letter = Letter::to(&ada, Mail::SignedOutEverywhere).unwrap();
        assert_eq!((&*letter.address, letter.username.as_deref()), ("ada@example.com", Some("ada")));
        assert_eq!(letter.language, Language::parse("de"));
    }
}
