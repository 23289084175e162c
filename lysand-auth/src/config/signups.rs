//! Who may sign up, and what is asked of them.

use std::time::Duration;

use super::legal::LegalText;
use super::problem::ConfigProblem;

/// Who may sign up, and what is asked of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signups {
    /// Whether anybody may sign up. If not, an invitation is needed.
    pub registration: bool,
    /// Whether staff reviews those who sign up without an invitation.
    pub approval: bool,
    /// Who may invite others.
    pub invitations: Invitations,
    /// How many usable invitations somebody who is not staff has at most.
    pub max_open_invitations: u32,
    /// How old the account of somebody who is not staff must be to invite others.
    pub inviter_age: Duration,
    /// Whether a person must say why they want to join, where that is asked.
    pub reason_required: bool,
    /// How old a person must be; 0 asks nobody.
    pub minimum_age: u8,
    /// What is said while sign-up is closed.
    pub message: String,
    /// The address of the terms of service; empty when there are none.
    pub tos_url: String,
    /// The address of the privacy policy; empty when there is none.
    pub privacy_url: String,
    /// The terms of service, for apps to show; a host shows them on a page of its own, at `tos_url`.
    pub terms: Option<LegalText>,
    /// The privacy policy, for apps to show; a host shows it on a page of its own, at `privacy_url`.
    pub privacy: Option<LegalText>,
    /// The rules of the server, one sentence each.
    pub rules: Vec<String>,
    /// Mail domains that nobody may sign up with; their sub-domains too.
    pub email_domains_blocked: Vec<String>,
    /// Where any are given: the mail domains that people must sign up with; their sub-domains too.
    pub email_domains_allowed: Vec<String>,
    /// Whether apps that sign somebody up learn nothing about addresses either.
    pub hide_taken_addresses: bool,
    /// Whether browsers that sign somebody up show a proof of work (people PPL-51).
    pub proof_of_work: bool,
    /// How much work one of its attempts is: rounds of PBKDF2.
    pub proof_of_work_cost: u32,
}

/// Who may invite others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invitations {
    /// Nobody.
    #[default]
    Off,
    /// Staff.
    Staff,
    /// Staff, and everybody within limits.
    People,
}

/// Who may sign up at present (people PPL-27 to PPL-30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Everybody.
    Open,
    /// Everybody, and staff reviews them.
    Approval,
    /// Who has an invitation.
    Invitation,
    /// Nobody.
    Closed,
}

impl Mode {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Invitation => "invitation",
            Self::Closed => "closed",
        }
    }

    /// Whether somebody without an invitation may sign up.
    #[must_use]
    pub const fn takes_everybody(self) -> bool {
        matches!(self, Self::Open | Self::Approval)
    }
}

impl Default for Signups {
    /// Nobody may sign up.
    fn default() -> Self {
        Self {
            registration: false,
            approval: false,
            invitations: Invitations::Off,
            max_open_invitations: 5,
            inviter_age: Duration::from_secs(7 * 24 * 3600),
            reason_required: false,
            minimum_age: 0,
            message: String::new(),
            tos_url: String::new(),
            privacy_url: String::new(),
            terms: None,
            privacy: None,
            rules: Vec::new(),
            email_domains_blocked: Vec::new(),
            email_domains_allowed: Vec::new(),
            hide_taken_addresses: false,
            proof_of_work: true,
            proof_of_work_cost: 5_000,
        }
    }
}

impl Signups {
    /// Whether staff alone decide, as far as these settings go.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (self.registration, self.approval, self.invitations) {
            (true, false, _) => Mode::Open,
            (true, true, _) => Mode::Approval,
            (false, _, Invitations::Off) => Mode::Closed,
            (false, _, _) => Mode::Invitation,
        }
    }

    /// Whether people must agree to something.
    #[must_use]
    pub fn asks_agreement(&self) -> bool {
        !self.tos_url.is_empty() || self.terms.is_some() || !self.rules.is_empty()
    }

    /// Whether mail to this domain is taken: it, or a domain above it, is not blocked, and allowed where only some are.
    #[must_use]
    pub fn takes_domain(&self, domain: &str) -> bool {
        let is_allowed = self.email_domains_allowed.is_empty() || is_in(&self.email_domains_allowed, domain);
        is_allowed && !self.blocks_domain(domain)
    }

    /// Whether a domain, or one above it, is blocked.
    #[must_use]
    pub fn blocks_domain(&self, domain: &str) -> bool {
        is_in(&self.email_domains_blocked, domain)
    }

    pub(super) fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let is_blocked =
            |name: &&String| self.email_domains_blocked.iter().any(|other| other.eq_ignore_ascii_case(name));
        if let Some(name) = self.email_domains_allowed.iter().find(is_blocked) {
            let why = format!("{name:?} is in signups.email_domains_blocked as well: take it out of one of them");
            problems.push(ConfigProblem::new("signups.email_domains_allowed", why));
        }
        if !(1_000..=1_000_000).contains(&self.proof_of_work_cost) {
            problems.push(ConfigProblem::new("signups.proof_of_work_cost", "must be from 1000 to 1000000"));
        }
        if self.minimum_age > 120 {
            problems.push(ConfigProblem::new("signups.minimum_age", "must be at most 120"));
        }
        problems
    }
}

/// Whether a domain, or one above it, is in a list.
fn is_in(list: &[String], domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    list.iter()
        .map(|listed| listed.to_ascii_lowercase())
        .any(|listed| domain == listed || domain.strip_suffix(&listed).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signup_mode_follows_the_three_settings() {
        use Invitations::{Off, People, Staff};
        for (registration, approval, invitations, mode) in [
            (true, false, Off, Mode::Open),
            (true, false, People, Mode::Open),
            (true, true, Off, Mode::Approval),
            (false, false, Staff, Mode::Invitation),
            (false, true, People, Mode::Invitation),
            (false, true, Off, Mode::Closed),
        ] {
            let signups = Signups { registration, approval, invitations, ..Signups::default() };
            assert_eq!(signups.mode(), mode);
        }
    }

    #[test]
    fn signup_mail_domains_are_blocked_and_allowed_with_their_sub_domains() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let blocked = Signups { email_domains_blocked: list(&["Spam.example"]), ..Signups::default() };
        for (domain, is_taken) in [
            ("spam.example", false),
            ("mail.SPAM.example", false),
            ("notspam.example", true),
            ("spam.example.org", true),
        ] {
            assert_eq!(blocked.takes_domain(domain), is_taken, "{domain}");
        }
        let allowed = Signups { email_domains_allowed: list(&["school.example"]), ..Signups::default() };
        assert!(allowed.takes_domain("a.school.example") && !allowed.takes_domain("example.com"));
    }
}
