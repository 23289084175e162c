//! Personal tokens: what a program of a person's own uses, without an app (people PPL-117 to PPL-120).

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::ambient::Timestamp;
use crate::config::{HostScope, PersonalTokens};
use crate::model::account::Role;
use crate::model::form_error::FormError;
use crate::model::scope::{self, Scopes};

/// The key of the app that all personal tokens hang on, and its client id, which no request can name.
pub(crate) const APP: &str = "personal_tokens";

/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// From how many networks one can be used at most.
const MOST_NETWORKS: usize = 10;
/// How short it lives at least.
const SHORTEST: Duration = Duration::from_secs(60);
/// How an app is called that has no name of its own, because it is none.
const NAME: &str = "Personal token: ";

/// A personal token, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalToken {
    /// Its key; not the token.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made, or extended last.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within a day.
    pub last_used_at: Option<Timestamp>,
    /// From where it can be used.
    pub networks: Networks,
}

/// Networks from which a token can be used; none is from everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks, or single addresses, that are split by white space or commas; `None` when one is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words = text.split(|letter: char| letter.is_whitespace() || letter == ',').filter(|word| !word.is_empty());
        let mut networks = Vec::new();
        for word in words {
            let network = word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))?;
            let network: IpNet = network.trunc();
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Some(Self(networks))
    }

    /// Reads back what `to_string` wrote. What cannot be read admits nobody, rather than everybody.
    pub(crate) fn stored(text: &str) -> Self {
        let nobody = || Self(vec![IpNet::from(IpAddr::from([0_u16; 8]))]);
        Self::parse(text).filter(|read| !read.0.is_empty()).unwrap_or_else(nobody)
    }

    /// Whether somebody at this address may come. Where networks are given, nobody may whose address is not known.
    #[must_use]
    pub fn admit(&self, source: Option<IpAddr>) -> bool {
        let within = |source: IpAddr| self.0.iter().any(|network| network.contains(&source.to_canonical()));
        self.0.is_empty() || source.is_some_and(within)
    }

    /// Whether it is from everywhere.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, as text.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

/// How long a new token shall live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenLifetime {
    /// As long as tokens do when nobody says otherwise.
    #[default]
    Usual,
    /// So long.
    For(Duration),
    /// Until its owner ends it.
    Never,
    /// Something else was said, which is no time.
    Unreadable,
}

impl TokenLifetime {
    /// What a form or a JSON body says: whole seconds, or `never`.
    #[must_use]
    pub fn read(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None | Some("") => Self::Usual,
            Some("never") => Self::Never,
            Some(seconds) => {
                seconds.parse().map_or(Self::Unreadable, |seconds| Self::For(Duration::from_secs(seconds)))
            }
        }
    }

    /// How long that is under these rules; `None` inside is for ever.
    pub(crate) fn judged(self, rules: &PersonalTokens) -> Result<Option<Duration>, FormError> {
        match self {
            Self::Usual => Ok(Some(rules.default_ttl.min(rules.max_ttl))),
            Self::Never if rules.never => Ok(None),
            Self::For(lifetime) if (SHORTEST..=rules.max_ttl).contains(&lifetime) => Ok(Some(lifetime)),
            Self::Never | Self::For(_) | Self::Unreadable => Err(FormError::invalid("expires_in")),
        }
    }
}

/// A personal token that somebody wants.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewPersonalToken {
    /// What its owner calls it.
    pub name: String,
    /// What it shall be able to do: words, split by white space.
    pub scopes: String,
    /// How long it shall live.
    pub lifetime: TokenLifetime,
    /// From where it can be used: networks or addresses, split by white space or commas; empty for everywhere.
    pub networks: String,
}

/// The same after it was judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) networks: Networks,
}

impl NewPersonalToken {
    /// A token of this name that can do nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What it shall be, for a person of this role; or all that is wrong with it.
    pub(crate) fn judge(
        &self,
        role: Role,
        (rules, own): (&PersonalTokens, &[HostScope]),
    ) -> Result<Judged, Vec<FormError>> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.is_empty() {
            errors.push(FormError::blank("name"));
        } else if name.chars().count() > LONGEST_NAME {
            errors.push(FormError::too_long("name", LONGEST_NAME));
        } else if name.chars().any(char::is_control) {
            errors.push(FormError::invalid("name"));
        }
        let words: Vec<&str> = self.scopes.split_whitespace().collect();
        let possible = possible_scopes(role, own);
        if words.is_empty() {
            errors.push(FormError::blank("scopes"));
        } else if !words.iter().all(|word| possible.contains(word)) {
            let why = format!("must be one of {}", possible.join(", "));
            errors.push(FormError::new("scopes", "ERR_INCLUSION", why));
        }
        let lifetime = self.lifetime.judged(rules).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let networks = Networks::parse(&self.networks).unwrap_or_else(|| {
            errors.push(FormError::invalid("networks"));
            Networks::default()
        });
        if networks.0.len() > MOST_NETWORKS {
            let why = format!("has too many entries (maximum is {MOST_NETWORKS})");
            errors.push(FormError::new("networks", "ERR_TOO_LONG", why));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let scopes = words.iter().fold(Scopes::default(), |all, word| all.with(&Scopes::stored(word)));
        Ok(Judged { name: name.to_owned(), scopes, lifetime, networks })
    }
}

/// The scopes that a personal token of somebody of this role can have: none that gives the account away, and none of staff's
/// for others (people PPL-5, PPL-118).
pub(crate) fn possible_scopes(role: Role, own: &[HostScope]) -> Vec<&'static str> {
    let is_possible = |word: &&str| *word != "auth:write" && (role >= Role::Moderator || !is_of_staff(word));
    scope::ALL.iter().copied().chain(own.iter().map(|scope| scope.word)).filter(is_possible).collect()
}

/// Whether only staff can do something with it.
pub(crate) fn is_of_staff(word: &str) -> bool {
    word == "admin" || word.starts_with("admin:")
}

/// What is told in the place of an app's name.
pub(crate) fn shown_as_app(name: &str) -> String {
    format!("{NAME}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(new: &NewPersonalToken, role: Role) -> Result<Judged, Vec<(&'static str, &'static str)>> {
        let judged = new.judge(role, (&PersonalTokens::default(), &[]));
        judged.map_err(|errors| errors.iter().map(|error| (error.field, error.code)).collect())
    }

    fn wanted(scopes: &str) -> NewPersonalToken {
        NewPersonalToken { scopes: scopes.to_owned(), ..NewPersonalToken::new(" backup ") }
    }

    #[test]
    fn personal_token_networks_admit_what_they_name_and_no_unknown_address() {
        let networks = Networks::parse("192.0.2.0/24, 2001:db8::/32 198.51.100.7").unwrap();
        for (source, admitted) in [
            ("192.0.2.200", true),
            ("::ffff:192.0.2.1", true),
            ("2001:db8:1::1", true),
            ("198.51.100.7", true),
            ("198.51.100.8", false),
            ("::1", false),
        ] {
            assert_eq!(networks.admit(source.parse().ok()), admitted, "{source}");
        }
        assert!(!networks.admit(None));
        assert!(Networks::default().admit(None));
        assert_eq!(Networks::stored(&networks.to_string()), networks);
        for damaged in ["", "192.0.2.0/33", "x"] {
            assert!(!Networks::stored(damaged).admit("192.0.2.1".parse().ok()), "{damaged:?}");
        }
        assert_eq!(Networks::parse("192.0.2.9/24 192.0.2.0/24").unwrap().words(), ["192.0.2.0/24"]);
    }

    #[test]
    fn personal_token_scopes_are_those_that_the_person_can_use() {
        assert_eq!(
            judged(&wanted("read write:media read"), Role::Member).unwrap().scopes.to_string(),
            "read write:media"
        );
        assert_eq!(judged(&wanted("auth:read"), Role::Member).unwrap().name, "backup");
        for refused in ["auth:write", "admin:read", "admin", "read:me", "READ", "nonsense", "openid nonsense"] {
            let errors = judged(&wanted(refused), Role::Member).unwrap_err();
            assert_eq!(errors, [("scopes", "ERR_INCLUSION")], "{refused}");
        }
        assert!(judged(&wanted("admin:read:accounts"), Role::Moderator).is_ok());
        assert!(judged(&wanted("auth:write"), Role::Admin).is_err());
        assert_eq!(judged(&wanted(" "), Role::Admin).unwrap_err(), [("scopes", "ERR_BLANK")]);
    }

    #[test]
    fn personal_token_fields_out_of_bounds_are_all_told_at_once() {
        let long = "é".repeat(61);
        for (name, code) in [("", "ERR_BLANK"), (" \t", "ERR_BLANK"), (&*long, "ERR_TOO_LONG"), ("a\nb", "ERR_INVALID")]
        {
            let new = NewPersonalToken { name: name.to_owned(), ..wanted("read") };
            assert_eq!(judged(&new, Role::Member).unwrap_err(), [("name", code)], "{name:?}");
        }
        for text in ["0", "59", "31536001", "-1", "1.5", "soon", "never", "99999999999999999999"] {
            let new = NewPersonalToken { lifetime: TokenLifetime::read(Some(text)), ..wanted("read") };
            assert_eq!(judged(&new, Role::Member).unwrap_err(), [("expires_in", "ERR_INVALID")], "{text}");
        }
        let many = (0..11).map(|n| format!("192.0.2.{n}")).collect::<Vec<_>>().join(" ");
        for (text, code) in [("192.0.2.0/33", "ERR_INVALID"), ("home", "ERR_INVALID"), (&*many, "ERR_TOO_LONG")] {
            let new = NewPersonalToken { networks: text.to_owned(), ..wanted("read") };
            assert_eq!(judged(&new, Role::Member).unwrap_err(), [("networks", code)], "{text}");
        }
        let nothing = NewPersonalToken { lifetime: TokenLifetime::Unreadable, ..NewPersonalToken::default() };
        assert_eq!(judged(&nothing, Role::Member).unwrap_err().len(), 3);
    }

    #[test]
    fn personal_token_lifetime_is_ninety_days_unless_said_and_never_where_allowed() {
        let rules = PersonalTokens { never: true, ..PersonalTokens::default() };
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(TokenLifetime::read(None).judged(&rules), Ok(Some(day * 90)));
        assert_eq!(TokenLifetime::read(Some("3600")).judged(&rules), Ok(Some(Duration::from_secs(3600))));
        assert_eq!(TokenLifetime::read(Some("never")).judged(&rules), Ok(None));
    }
}
