//! What of the configuration can change while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use super::mail::MailRules;
use super::problem::ConfigProblems;
use super::signups::Signups;

/// What of the configuration can change while the server runs (people PPL-154).
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a host makes them, and has to know of every part")]
pub struct LiveConfig {
    /// Who may sign up, and what is asked of them.
    pub signups: Arc<Signups>,
    /// How mail is sent.
    pub mail: MailRules,
    /// The name by which people know the server.
    pub title: Option<String>,
}

impl LiveConfig {
    pub(crate) fn of(signups: &Signups, mail: &MailRules, title: &Option<String>) -> Self {
        Self { signups: Arc::new(signups.clone()), mail: *mail, title: title.clone() }
    }

    /// Everything that is wrong with it, at once.
    fn check(&self) -> Result<(), ConfigProblems> {
        let problems: Vec<_> = self.signups.check().into_iter().chain(self.mail.check()).collect();
        if problems.is_empty() { Ok(()) } else { Err(ConfigProblems(problems)) }
    }
}

/// What is in force now.
#[derive(Debug, Default)]
pub(crate) struct InForce(RwLock<LiveConfig>);

impl InForce {
    pub(crate) fn new(config: LiveConfig) -> Self {
        Self(RwLock::new(config))
    }

    pub(crate) fn signups(&self) -> Arc<Signups> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).signups)
    }

    pub(crate) fn get(&self) -> LiveConfig {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, config: LiveConfig) -> Result<(), ConfigProblems> {
        config.check()?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }
}
