//! How mail is sent, and where the links in it lead.

use std::time::Duration;

use super::Config;
use super::problem::ConfigProblem;
use crate::model::mail_token::Purpose;

/// How mail is sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MailRules {
    /// How long a mail that cannot be sent is tried again.
    pub retry_for: Duration,
}

impl Default for MailRules {
    fn default() -> Self {
        Self { retry_for: Duration::from_secs(3 * 24 * 3600) }
    }
}

impl MailRules {
    pub(super) fn check(self) -> Option<ConfigProblem> {
        let too_short = self.retry_for < Duration::from_secs(60);
        too_short.then(|| ConfigProblem::new("smtp.retry_for", "must be one minute at least"))
    }
}

impl Config {
    /// The address in a mail that opens what its token is for.
    pub(crate) fn mailed_link(&self, purpose: Purpose, token: &str) -> String {
        match purpose {
            Purpose::Confirm => self.base_url.join(&format!("/register/confirm?token={token}")),
            Purpose::Reset => format!("{}?token={token}", self.password_reset_page()),
            Purpose::EmailConfirm => self.base_url.join(&format!("/account/email/confirm?token={token}")),
            Purpose::EmailStop => self.base_url.join(&format!("/account/email/stop?token={token}")),
            Purpose::EmailUndo => self.base_url.join(&format!("/account/email/undo?token={token}")),
            Purpose::Invited => format!("{}?invite={token}", self.register_page()),
        }
    }
}
