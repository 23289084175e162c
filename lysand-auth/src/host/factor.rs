//! A second factor of the host's own, such as codes by SMS (FAC-164).
//!
//! No journey of this version asks for a second factor, so the builder takes none yet: the shape is here so that a host can
//! be written for it. What a host demands now, it says by [`SignInRules`](super::sign_in_rules::SignInRules).

use async_trait::async_trait;

use crate::host::HostResult;
use crate::host::accounts::Account;
use crate::secret::Secret;

/// What a factor is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Strength {
    /// It can be passed on, like a code.
    Code,
    /// It works on this site alone, like a passkey.
    PhishingResistant,
}

/// What the person sees and does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prompt {
    /// The sentence above the field, such as "We sent a code to ••• 42".
    pub text: String,
    /// The label of the field; `None` when nothing is typed.
    pub field: Option<String>,
    /// What [`Factor::check`] gets back: the host's own note, sealed by the library meanwhile.
    pub state: Option<Secret>,
}

impl Prompt {
    /// A sentence, with a field to type a code into.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), field: Some("Code".to_owned()), state: None }
    }

    /// The label of the field; `None` when nothing is typed.
    #[must_use]
    pub fn with_field(self, field: Option<String>) -> Self {
        Self { field, ..self }
    }

    /// What [`Factor::check`] gets back.
    #[must_use]
    pub fn with_state(self, state: Secret) -> Self {
        Self { state: Some(state), ..self }
    }
}

/// What the person sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Input {
    /// What was typed, without the blanks around it.
    pub value: Secret,
    /// What [`Prompt::state`] was.
    pub state: Option<Secret>,
}

impl Input {
    /// What was typed.
    #[must_use]
    pub fn new(value: Secret) -> Self {
        Self { value, state: None }
    }

    /// What [`Prompt::state`] was.
    #[must_use]
    pub fn with_state(self, state: Secret) -> Self {
        Self { state: Some(state), ..self }
    }
}

/// How a page names a factor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactorLabel {
    /// Its name, such as "Text message".
    pub name: String,
    /// One sentence about it, for the page where factors are chosen.
    pub description: String,
}

impl FactorLabel {
    /// A name and a sentence.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into() }
    }
}

/// A kind of second factor. The library counts tries, binds them to the browser, and lets each answer count once.
#[async_trait]
pub trait Factor: Send + Sync {
    /// Its name in addresses and APIs: letters, digits and `-`, such as `sms`.
    fn kind(&self) -> &str;

    /// What it is worth.
    fn strength(&self) -> Strength;

    /// How a page names it.
    fn label(&self) -> FactorLabel;

    /// Whether this account can use it now.
    async fn usable(&self, account: &Account) -> HostResult<bool>;

    /// Begins: sends the code, for one.
    async fn begin(&self, account: &Account) -> HostResult<Prompt>;

    /// Whether what the person sent is right.
    async fn check(&self, account: &Account, input: &Input) -> HostResult<bool>;
}
