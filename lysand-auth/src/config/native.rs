//! Native clients: programs that send name and password themselves (native section 0.1).

use std::time::Duration;

use super::frontend::Frontend;
use super::lockout::{Lockout, lifetime_problem, prefix_problem, scopes_problem};
use super::problem::ConfigProblem;
use super::resonite::Resonite;
use super::sso::Sso;
use crate::model::host_scope::HostScope;
use crate::model::native::Dialect;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// What is the same for all native clients, and what is decided for each dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Native {
    /// How many sign-ins of one dialect an account can have: one more ends the one that was unused longest.
    pub max_sign_ins: u32,
    /// Clients of toki-sync.
    pub toki: Toki,
    /// Clients of Resonite.
    pub resonite: Resonite,
}

impl Default for Native {
    fn default() -> Self {
        Self { max_sign_ins: 50, toki: Toki::default(), resonite: Resonite::default() }
    }
}

/// What becomes of a password that an admin sets over a dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminPasswords {
    /// Its owner is told, and must change it at the next sign-in.
    #[default]
    Temporary,
    /// It stands.
    Permanent,
    /// None can be set.
    Off,
}

/// Clients of toki-sync: whether there are any, and how they sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Toki {
    /// Whether the routes exist.
    pub enabled: bool,
    /// What stands before every route: nothing, or a path such as `/toki`.
    pub prefix: String,
    /// What their tokens may do on the social API; never what is for staff.
    pub scopes: Vec<String>,
    /// How long an access token lives.
    pub access_token_ttl: Duration,
    /// How long a refresh token lives that nobody uses.
    pub refresh_token_ttl: Duration,
    /// How long a sign-in lives, used or not.
    pub sign_in_ttl: Duration,
    /// When a name is closed for a network.
    pub lockout: Lockout,
    /// The id of the identity provider by which people sign in who have no password; empty for none.
    pub provider: String,
    /// Where a frontend shows the dashboard that programs lead to.
    pub dashboard: String,
    /// Whether somebody who has no password and is linked to [`provider`](Self::provider) is told so. It tells that the account
    /// exists.
    pub tell_oidc_accounts: bool,
    /// What becomes of a password that an admin sets.
    pub admin_passwords: AdminPasswords,
    /// How long ago an admin may have signed in for what changes accounts or settings.
    pub admin_fresh: Duration,
}

impl Default for Toki {
    fn default() -> Self {
        Self {
            enabled: false,
            prefix: String::new(),
            scopes: vec!["profile".to_owned()],
            access_token_ttl: Duration::from_secs(3600),
            refresh_token_ttl: DAY * 90,
            sign_in_ttl: DAY * 365,
            lockout: Lockout { steps: vec![(5, MINUTE * 15)], window: MINUTE * 5 },
            provider: String::new(),
            dashboard: "/dashboard".to_owned(),
            tell_oidc_accounts: true,
            admin_passwords: AdminPasswords::default(),
            admin_fresh: Duration::from_secs(3600),
        }
    }
}

/// How long what a dialect issues lives, and what it may do on the social API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NativeTokenRules<'a> {
    pub(crate) scopes: &'a [String],
    pub(crate) access: Duration,
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
}

impl Native {
    /// What holds for the tokens of a dialect.
    pub(crate) fn tokens(&self, dialect: Dialect) -> NativeTokenRules<'_> {
        let (toki, resonite) = (&self.toki, &self.resonite);
        match dialect {
            Dialect::Toki => NativeTokenRules {
                scopes: &toki.scopes,
                access: toki.access_token_ttl,
                idle: toki.refresh_token_ttl,
                absolute: toki.sign_in_ttl,
            },
            // Whoever wants to be remembered has other times.
            Dialect::Resonite => NativeTokenRules {
                scopes: &resonite.scopes,
                access: resonite.session_ttl,
                idle: resonite.session_ttl,
                absolute: resonite.session_max,
            },
            Dialect::Synctv => {
                NativeTokenRules { scopes: &toki.scopes, access: MINUTE * 60, idle: DAY * 30, absolute: DAY * 365 }
            }
        }
    }

    /// When a name is closed for a network by failures of a dialect.
    pub(crate) fn lockout(&self, dialect: Dialect) -> &Lockout {
        match dialect {
            Dialect::Resonite => &self.resonite.lockout,
            Dialect::Toki | Dialect::Synctv => &self.toki.lockout,
        }
    }

    /// The longest time that any sign-in can be unused.
    pub(crate) fn longest_idle(&self) -> Duration {
        let usual = Dialect::ALL.into_iter().map(|dialect| self.tokens(dialect).idle).max().unwrap_or_default();
        usual.max(self.resonite.remembered_ttl)
    }

    pub(super) fn check(&self, beside: (&[HostScope], &Sso, &Frontend)) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if !(1..=1_000).contains(&self.max_sign_ins) {
            problems.push(ConfigProblem::new("native.max_sign_ins", "must be a number from 1 to 1000"));
        }
        problems.extend(self.toki.check(beside));
        problems.extend(self.resonite.check(beside.0));
        problems
    }
}

impl Toki {
    fn check(&self, (scopes, sso, frontend): (&[HostScope], &Sso, &Frontend)) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut complain = |field, why: &str| problems.push(ConfigProblem::new(field, why));
        for (field, problem) in [
            ("native.toki.prefix", prefix_problem(&self.prefix)),
            ("native.toki.scopes", scopes_problem(&self.scopes, scopes)),
            ("native.toki.access_token_ttl", lifetime_problem(self.access_token_ttl)),
            ("native.toki.refresh_token_ttl", lifetime_problem(self.refresh_token_ttl)),
            ("native.toki.sign_in_ttl", lifetime_problem(self.sign_in_ttl)),
        ] {
            if let Some(why) = problem {
                complain(field, why);
            }
        }
        if let Some(why) = self.lockout.problem() {
            complain("native.toki.lockout", why);
        }
        if !(Duration::from_secs(1)..=DAY).contains(&self.lockout.window) {
            complain("native.toki.lockout_window", "must be one second at least and one day at most");
        }
        if !self.provider.is_empty() && !sso.providers.iter().any(|provider| provider.id == self.provider) {
            complain("native.toki.provider", "must be the id of an identity provider");
        }
        if !self.dashboard.starts_with('/') || self.dashboard.starts_with("//") {
            complain("native.toki.dashboard", "must be a path: /dashboard");
        }
        if !(MINUTE..=DAY * 365).contains(&self.admin_fresh) {
            complain("native.toki.admin_fresh", "must be one minute at least and 365 days at most");
        }
        if self.enabled && self.prefix.is_empty() && frontend.routes.login == "/login" {
            let why = "is a route of toki clients: give them a native.toki.prefix, or the page another path";
            complain("frontend.routes.login", why);
        }
        problems
    }
}
