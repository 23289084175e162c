//! A second factor of the host's own, such as codes by SMS (FAC-164).
//!
//! Give it to [`AuthBuilder::factor`](crate::AuthBuilder::factor): a sign-in that wants a second proof offers it to every account
//! that can use it, on the page `/oauth/factor` and at `/api/auth/factor/KIND`. Two-step sign-in is turned on by its owner on
//! `/account/security`; what a host demands beyond that, it says by [`SignInRules`](super::sign_in_rules::SignInRules). The factor
//! itself, such as a number for messages, is the host's to keep and to set up.

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::ConfigProblem;
use crate::host::HostResult;
use crate::host::accounts::Account;
use crate::model::factors::FactorKind;
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
    /// What [`Factor::check`] gets back: the host's own note of 2 KiB at most, sealed by the library meanwhile. It may come back
    /// several times within one sign-in, so a code in it needs a time of its own, too.
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

/// A kind of second factor. The library counts tries, binds them to the browser, and lets each answer of an account count once in ten
/// minutes. An error, a panic, and no answer within five seconds are a factor that cannot be used now.
#[async_trait]
pub trait Factor: Send + Sync {
    /// Its name in addresses and APIs: 1 to 32 lower-case letters, digits and `-`, such as `sms`; none of the library's own kinds.
    fn kind(&self) -> &'static str;

    /// What it is worth.
    fn strength(&self) -> Strength;

    /// How a page names it.
    fn label(&self) -> FactorLabel;

    /// Whether this account can use it now.
    async fn usable(&self, account: &Account) -> HostResult<bool>;

    /// Whether [`begin`](Self::begin) sends something, or costs something: then it waits until the person asks for it.
    fn sends(&self) -> bool {
        true
    }

    /// Begins: sends the code, for one. Called once a minute at most for one sign-in, where it [`sends`](Self::sends).
    async fn begin(&self, account: &Account) -> HostResult<Prompt>;

    /// Whether what the person sent is right.
    async fn check(&self, account: &Account, input: &Input) -> HostResult<bool>;
}

/// Names of proofs that are no factor, and of the parts of the address that a kind stands in.
const RESERVED: [&str; 7] = ["password", "provider", "prompt", "api", "auth", "factor", "start"];

/// What is wrong with the kinds that a host gave.
pub(crate) fn problems(factors: &[Arc<dyn Factor>]) -> Vec<ConfigProblem> {
    let is_name = |kind: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=32).contains(&kind.len()) && kind.bytes().all(is_plain)
    };
    let mut problems = Vec::new();
    for (at, factor) in factors.iter().enumerate() {
        let kind = factor.kind();
        let is_known = FactorKind::named(kind).is_some() || RESERVED.contains(&kind);
        if !is_name(kind) {
            let why = format!("{kind:?} must be 1 to 32 lower-case letters, digits and hyphens");
            problems.push(ConfigProblem::new("factor", why));
        } else if is_known || factors.iter().take(at).any(|other| other.kind() == kind) {
            problems.push(ConfigProblem::new("factor", format!("{kind:?} is taken by another kind")));
        }
    }
    problems
}
