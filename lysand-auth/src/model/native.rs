//! Native clients: programs that send name and password themselves, each in a dialect (native NAT-20 to NAT-24).

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::model::app::AppId;
use crate::model::resonite::SessionTerms;
use crate::model::session::{Session, SessionId};
use crate::secret::Digest;

/// The longest name and id of a device, in characters.
pub(crate) const LONGEST_DEVICE: usize = 64;

/// By which form of a request a sign-in began whose answers spell their members in `camelCase`.
#[cfg(feature = "native")]
pub(crate) const CAMEL_CASE: &str = "camel";

/// What a native client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// That of SyncTV.
    Synctv,
    /// That of toki-sync.
    Toki,
    /// That of Resonite.
    Resonite,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Synctv, Self::Toki, Self::Resonite];

    /// Its name in lists, events and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synctv => "synctv",
            Self::Toki => "toki",
            Self::Resonite => "resonite",
        }
    }

    /// The id, and the client id, of the app that all its sign-ins hang on, and that no request can be.
    #[must_use]
    pub const fn app_id(self) -> &'static str {
        match self {
            Self::Synctv => "native-synctv",
            Self::Toki => "native-toki",
            Self::Resonite => "native-resonite",
        }
    }

    /// The dialect whose sign-ins hang on this app.
    pub(crate) fn of_app(app: &AppId) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.app_id() == app.as_str())
    }

    /// The dialect of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// The apps that the sign-ins of native clients hang on.
pub(crate) const APPS: [&str; 3] = [Dialect::Synctv.app_id(), Dialect::Toki.app_id(), Dialect::Resonite.app_id()];

/// Whether an app, by its id or its client id, is one that native sign-ins hang on.
pub(crate) fn is_built_in(id: &str) -> bool {
    APPS.contains(&id)
}

/// The program that somebody signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// What it speaks.
    pub dialect: Dialect,
    /// What its device is called; at most 64 characters.
    pub name: Option<String>,
    /// By what its device is known again; at most 64 characters.
    pub device: Option<String>,
    /// By which form of a request the sign-in began, where later answers depend on it.
    pub(crate) origin: Option<&'static str>,
    /// What a client of Resonite wants of its session.
    pub(crate) terms: Option<SessionTerms>,
}

impl Program {
    /// A program of which nothing more is known.
    #[must_use]
    pub const fn of(dialect: Dialect) -> Self {
        Self { dialect, name: None, device: None, origin: None, terms: None }
    }

    /// The same on a device that is known by this.
    #[must_use]
    pub fn on_device(self, device: Option<String>) -> Self {
        Self { device, ..self }
    }

    /// The same, begun by this form of a request.
    pub(crate) fn begun_by(self, origin: Option<&'static str>) -> Self {
        Self { origin, ..self }
    }

    /// The same with a session of these terms.
    #[cfg(feature = "native")]
    pub(crate) fn with_session(self, terms: SessionTerms) -> Self {
        Self { terms: Some(terms), ..self }
    }

    /// The same on a device of this name.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    /// By what an account knows the device and the program again (NAT-27). No cookie has a line break, so that no browser is
    /// taken for it.
    pub(crate) fn known_by(&self, agent: Option<&str>) -> Digest {
        let (device, agent) = (self.device.as_deref().unwrap_or_default(), agent.map(product).unwrap_or_default());
        Digest::of(format!("native\n{}\n{device}\n{agent}", self.dialect.name()).as_bytes())
    }
}

/// The first product of a `User-Agent`, without its version: `toki-cli`.
pub(crate) fn product(agent: &str) -> &str {
    let first = agent.split_ascii_whitespace().next().unwrap_or_default();
    first.split('/').next().unwrap_or_default()
}

/// A sign-in of a native client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NativeSignIn {
    /// Its family of refresh tokens.
    pub(crate) family: String,
    pub(crate) account: AccountId,
    pub(crate) dialect: Dialect,
    /// Its device record.
    pub(crate) device: String,
    /// What that is called.
    pub(crate) name: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) origin: Option<String>,
    pub(crate) created_at: Timestamp,
    /// When its owner gave the latest proof.
    pub(crate) proven_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) idle_at: Timestamp,
    /// When it ends at the latest.
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

impl NativeSignIn {
    /// The same in the form of a session: its owner sees and ends both in one list.
    pub(crate) fn as_session(&self) -> Session {
        Session {
            id: SessionId::new(&*self.family),
            account_id: self.account.clone(),
            authenticated_at: self.proven_at,
            first_proven_at: None,
            expires_at: self.expires_at,
            ended_at: self.ended_at,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            idle_at: Some(self.idle_at),
            agent: self.agent.clone(),
            network: self.network.clone(),
            methods: self.methods.clone(),
        }
    }
}

/// What a sign-in of a native client is, beside what it has in common with a browser's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NativeClient {
    /// What it speaks.
    pub dialect: Dialect,
    /// What its device is called.
    pub name: Option<String>,
    /// What its program calls itself.
    pub program: Option<String>,
}

impl From<&NativeSignIn> for NativeClient {
    fn from(sign_in: &NativeSignIn) -> Self {
        let program = sign_in.agent.as_deref().map(product).filter(|product| !product.is_empty());
        Self { dialect: sign_in.dialect, name: sign_in.name.clone(), program: program.map(str::to_owned) }
    }
}

/// A device that native clients signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceRecord {
    /// Its key.
    pub id: String,
    /// Whose it is.
    pub account_id: AccountId,
    /// What its client speaks.
    pub dialect: Dialect,
    /// The text by which its client names it, where that is shown again.
    pub client_id: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What its program calls itself.
    pub program: Option<String>,
    /// When somebody signed in from it first.
    pub created_at: Timestamp,
    /// When it was there last.
    pub last_seen_at: Timestamp,
}

impl DeviceRecord {
    /// What it is called: by its owner, else by its client, else after its program.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        let named = [&self.name, &self.client_id, &self.program].into_iter().flatten().map(String::as_str);
        named.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
    }
}

/// The dialect's own app.
pub(crate) fn app_of(dialect: Dialect) -> AppId {
    AppId::new(dialect.app_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_program_is_known_by_dialect_device_and_product() {
        let toki = |device: Option<&str>| Program::of(Dialect::Toki).on_device(device.map(str::to_owned));
        let known = toki(Some("a")).known_by(Some("toki-cli/2.0.1 (Linux)"));
        assert_eq!(known, toki(Some("a")).known_by(Some("toki-cli/2.0.2")));
        for other in [
            toki(Some("b")).known_by(Some("toki-cli/2.0.1")),
            toki(Some("a")).known_by(Some("curl/8")),
            toki(None).known_by(Some("toki-cli/2.0.1")),
            Program::of(Dialect::Synctv).on_device(Some("a".into())).known_by(Some("toki-cli/2.0.1")),
        ] {
            assert_ne!(known, other);
        }
        assert_eq!((product("toki-cli/2.0.1 x"), product(""), product(" /")), ("toki-cli", "", ""));
    }

    #[test]
    fn native_dialects_have_names_and_apps_of_their_own() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::named(dialect.name()), Some(dialect));
            assert!(is_built_in(dialect.app_id()));
        }
        assert!(!is_built_in("toki") && Dialect::named("native-toki").is_none());
    }
}
