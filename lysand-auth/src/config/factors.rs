//! Second factors.

use std::time::Duration;

use super::problem::ConfigProblem;
use super::way_back::WayBack;
use crate::model::account::Role;
pub use crate::model::factors::FactorKind;

/// Which second factors there are, and how a sign-in with one goes (FAC-91).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factors {
    /// The kinds that may be used. What is left out stays stored, and is neither offered nor accepted.
    pub methods: Vec<FactorKind>,
    /// Whose accounts must have a second factor (FAC-92).
    pub required: Required,
    /// What satisfies that: passkeys, authenticator apps, or both.
    pub required_methods: Vec<FactorKind>,
    /// How long somebody may put it off, from the first sign-in under that rule on; zero is not at all.
    pub grace: Duration,
    /// Whether a provider's sign-in is asked for a second factor of ours as well (FAC-95).
    pub after_sso: AfterSso,
    /// How long a sign-in waits for what it lacks, from the first proof on: ten minutes at most (FAC-11).
    pub pending_ttl: Duration,
    /// How many wrong answers end a sign-in that waits.
    pub tries: u32,
    /// How many authenticator apps one account can have.
    pub max_totp: u32,
    /// How many passkeys one account can have.
    pub max_passkeys: u32,
    /// Whether a code by mail can take the place of name and password (FAC-86).
    pub email_sign_in: bool,
    /// Whether a passkey can take the place of name and password.
    pub passkey_sign_in: bool,
    /// Whether somebody can sign up with a passkey in place of a password (FAC-81).
    pub passkey_sign_up: bool,
    /// Whether a passkey that verified its owner is two proofs at once (FAC-83).
    pub passkey_alone: bool,
    /// How many recovery codes a set has.
    pub recovery_codes: u32,
    /// How long a browser is trusted in which a person said so: after the password no second factor is asked for there. Zero:
    /// nobody can say so (FAC-97).
    pub remember_for: Duration,
    /// Whether moderators and admins can say so, too.
    pub remember_staff: bool,
    /// The way back of people who lost their second factors.
    pub way_back: WayBack,
}

/// Whose accounts must have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Required {
    /// Nobody's.
    None,
    /// Those of admins.
    Admins,
    /// Those of admins and moderators.
    Staff,
    /// All.
    Everyone,
}

impl Required {
    /// Whether it is asked of an account with this role.
    #[must_use]
    pub fn concerns(self, role: Role) -> bool {
        match self {
            Self::None => false,
            Self::Admins => role == Role::Admin,
            Self::Staff => role != Role::Member,
            Self::Everyone => true,
        }
    }
}

/// The longest that a browser is trusted: browsers keep no cookie for longer.
pub(crate) const LONGEST_TRUST: Duration = Duration::from_secs(400 * 24 * 3600);

/// What follows a provider's sign-in to an account with two-step sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterSso {
    /// Nothing: the provider's word is enough.
    Skip,
    /// A second factor of ours is asked for.
    Ask,
}

impl Default for Factors {
    fn default() -> Self {
        Self {
            methods: FactorKind::ALL.to_vec(),
            required: Required::None,
            required_methods: vec![FactorKind::Passkey, FactorKind::Totp],
            grace: Duration::from_secs(14 * 24 * 3600),
            after_sso: AfterSso::Skip,
            pending_ttl: Duration::from_secs(600),
            tries: 5,
            max_totp: 3,
            max_passkeys: 25,
            email_sign_in: false,
            passkey_sign_in: true,
            passkey_sign_up: true,
            passkey_alone: true,
            recovery_codes: 10,
            remember_for: Duration::ZERO,
            remember_staff: false,
            way_back: WayBack::default(),
        }
    }
}

impl Factors {
    /// Whether a kind may be used.
    #[must_use]
    pub fn allow(&self, kind: FactorKind) -> bool {
        self.methods.contains(&kind)
    }

    /// Whether a factor of this kind is what [`required`](Self::required) asks for.
    #[must_use]
    pub fn satisfy(&self, kind: FactorKind) -> bool {
        self.required_methods.contains(&kind) && self.allow(kind)
    }

    pub(super) fn check(&self, has_passkeys: bool) -> Vec<ConfigProblem> {
        let mut problems = self.way_back.check();
        if self.required_methods.iter().any(|kind| !matches!(kind, FactorKind::Passkey | FactorKind::Totp)) {
            problems.push(ConfigProblem::new("factors.required_methods", "must be a list of passkey and totp"));
        }
        let can = |kind: &FactorKind| self.satisfy(*kind) && (*kind != FactorKind::Passkey || has_passkeys);
        if self.required != Required::None && !FactorKind::ALL.iter().any(can) {
            let why = "asks for a second factor that nobody can have: factors.required_methods names none that \
                       factors.methods allows and that works with this base URL";
            problems.push(ConfigProblem::new("factors.required", why));
        }
        if !(Duration::from_secs(60)..=Duration::from_secs(600)).contains(&self.pending_ttl) {
            problems.push(ConfigProblem::new("factors.pending_ttl", "must be one minute at least and ten at most"));
        }
        if !self.remember_for.is_zero() && !(Duration::from_secs(60)..=LONGEST_TRUST).contains(&self.remember_for) {
            problems.push(ConfigProblem::new(
                "factors.remember_for",
                "must be 0, or one minute at least and 400 days at most",
            ));
        }
        for (name, number, most) in [
            ("factors.tries", self.tries, 20),
            ("factors.max_totp", self.max_totp, 20),
            ("factors.max_passkeys", self.max_passkeys, 100),
            ("factors.recovery_codes", self.recovery_codes, 50),
        ] {
            if !(1..=most).contains(&number) {
                problems.push(ConfigProblem::new(name, format!("must be a number from 1 to {most}")));
            }
        }
        problems
    }
}
