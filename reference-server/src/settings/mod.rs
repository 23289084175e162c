//! The configuration: a TOML file and environment variables over the defaults, checked as a whole before anything
//! starts (running contract §3, security OPS-5).
//!
//! This module does not read the process's environment; the caller passes it, so that tests need not touch it.

mod branding;
mod check;
mod colour;
mod effective;
mod factors;
mod legal;
mod live;
mod lockout;
mod log;
mod native;
mod oauth;
mod openid;
mod people;
mod problem;
mod reader;
mod resonite;
mod secret_file;
mod sections;
mod sessions;
mod signups;
mod smtp;
mod source;
mod sso;
mod synctv;
mod unknown;
mod value;
mod variable;

use std::path::{Path, PathBuf};

use lysand_auth::config::{
    AdminRules, BaseUrl, Closing, Config, Factors, Frontend, Lifetimes, Native, OAuthRules, OpenIdRules, Passkeys,
    PasswordRules, PersonalTokens, RateLimits, SessionRules, Signups, Sso,
};
use lysand_auth::flows::settings::Setting;
use lysand_auth::keys::Keys;
use lysand_auth::password::PasswordConfig;
use lysand_auth::secret::Secret;

pub use branding::{Branding, FooterLink, LEGAL_NAMES};
pub use problem::{Problem, Problems};
pub use sections::{Database, Http, Instance, KeyFiles, Tls};
pub use signups::NameServer;
pub use smtp::{Encryption, Smtp, SmtpServer};
pub use variable::FILE_VARIABLE;

pub(crate) use live::known as known_live;
#[cfg(test)]
pub(crate) use live::texts as live_texts;

use reader::{Entry, Reader};
use source::Source;

use crate::logging::LogFormat;

/// A duration as it is written in the configuration: `7d`.
#[must_use]
pub fn duration(text: &str) -> Option<std::time::Duration> {
    value::Value::read(&toml::Value::String(text.to_owned()))
}

/// All settings of the reference server, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[http]`
    pub http: Http,
    /// `[database]`
    pub database: Database,
    /// `[keys]`
    pub keys: KeyFiles,
    /// `[instance]`
    pub instance: Instance,
    /// `[frontend]`, as the library takes it.
    pub frontend: Frontend,
    /// `frontend.templates_dir`: templates that replace built-in ones.
    pub templates_dir: Option<PathBuf>,
    /// `[password]`, as the library takes it.
    pub password: PasswordConfig,
    /// `[tokens]`, as the library takes it.
    pub lifetimes: Lifetimes,
    /// `[ratelimit]`, as the library takes it.
    pub rate_limits: RateLimits,
    /// `[oidc]` and the providers, as the library takes them.
    pub sso: Sso,
    /// `[branding]`
    pub branding: Branding,
    /// `[oauth]`, as the library takes it.
    pub oauth: OAuthRules,
    /// `[openid]`, as the library takes it.
    pub openid: OpenIdRules,
    /// `[signups]`, as the library takes it.
    pub signups: Signups,
    /// Whom to ask where the mail of new addresses goes (`signups.check_mail_domain`, `signups.dns`); nobody, where none is
    /// checked.
    pub name_server: Option<NameServer>,
    /// How people recover and change passwords and addresses, as the library takes it.
    pub password_rules: PasswordRules,
    /// `[sessions]`, as the library takes it.
    pub sessions: SessionRules,
    /// `[personal_tokens]`, as the library takes it.
    pub personal_tokens: PersonalTokens,
    /// `accounts.closing_grace`, as the library takes it.
    pub closing: Closing,
    /// `[admin]`, as the library takes it.
    pub admin: AdminRules,
    /// `[factors]`, as the library takes it.
    pub factors: Factors,
    /// `[passkeys]`, as the library takes it.
    pub passkeys: Passkeys,
    /// `[native]`, as the library takes it.
    pub native: Native,
    /// `accounts.reuse_names`: whether somebody else can have the name of an account that was removed.
    pub reuse_names: bool,
    /// `[smtp]`
    pub smtp: Smtp,
    /// `log.format`
    pub log_format: LogFormat,
    /// `log.level`: what `serve` logs, unless `RUST_LOG` says otherwise.
    pub log_level: String,
    /// `demo.enabled`: the sign-in to try on the home page.
    pub demo: bool,
    /// The folder for what the server writes by itself, mail for one: `data`, beside the configuration file, or below the
    /// working directory where there is none.
    pub data_dir: PathBuf,
    source: Source,
    entries: Vec<Entry>,
}

impl Settings {
    /// Reads `file`, if there is one, and what of `environment` begins with `LYSAND_AUTH__`.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        let Some(path) = file else { return Self::parse("", environment) };
        let environment = environment.into_iter().collect::<Vec<_>>();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problems::one(
                path.display().to_string(),
                format!("Name a configuration file that the server can read: {error}."),
            )
        })?;
        Self::parse_in(path.parent().unwrap_or(Path::new("")), &text, environment)
    }

    /// Reads the text of a configuration file, and what of `environment` begins with `LYSAND_AUTH__`.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn parse(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, Problems> {
        Self::parse_in(Path::new(""), text, environment)
    }

    /// The same for a file in this folder, where all relative paths start, those of the environment too: a command means the
    /// same files wherever it is called (faults D7).
    fn parse_in(
        folder: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        Self::of_source(&Source::new(folder, text, environment), [])
    }

    /// The same with what staff stored above the file and below the environment.
    fn of_source(source: &Source, stored: impl IntoIterator<Item = (String, toml::Value)>) -> Result<Self, Problems> {
        let reader = Reader::new(&source.folder, &source.text, source.environment.clone())?;
        let mut reader = reader.with_stored(stored);
        let mut settings = Self::read(&mut reader);
        settings.entries = reader.finish()?;
        settings.source = source.clone();
        Ok(settings)
    }

    /// Asks for every setting.
    fn read(reader: &mut Reader) -> Self {
        let http = sections::http(reader);
        let database = sections::database(reader);
        let keys = sections::keys(reader);
        let instance = sections::instance(reader);
        let (frontend, templates_dir) = sections::frontend(reader, &http);
        let (password, mut lifetimes) = (sections::password(reader), sections::lifetimes(reader));
        let signups = signups::signups(reader);
        let name_server = signups::name_server(reader);
        signups::lifetimes(reader, &mut lifetimes);
        let (password_rules, sessions) = (signups::password_rules(reader), sessions::sessions(reader));
        let personal_tokens = people::personal_tokens(reader);
        let (closing, admin) = (people::closing(reader), people::admin(reader));
        let (factors, passkeys, native) = (factors::factors(reader), factors::passkeys(reader), native::native(reader));
        let reuse_names = reader.get("accounts.reuse_names", false);
        let rate_limits = sections::rate_limits(reader);
        let branding = branding::branding(reader);
        let mut sso = sso::sso(reader);
        branding.set_icons(&mut sso.providers, &http.base_url);
        let (oauth, openid, smtp) = (oauth::rules(reader), openid::rules(reader), smtp::smtp(reader));
        let (log_format, log_level) = log::log(reader);
        let demo = reader.get("demo.enabled", !http.base_url.is_secure());
        let settings = Self {
            http,
            database,
            keys,
            instance,
            frontend,
            templates_dir,
            password,
            lifetimes,
            rate_limits,
            sso,
            branding,
            oauth,
            openid,
            signups,
            name_server,
            password_rules,
            sessions,
            personal_tokens,
            closing,
            admin,
            factors,
            passkeys,
            native,
            reuse_names,
            smtp,
            log_format,
            log_level,
            demo,
            data_dir: reader.folder().join("data"),
            source: Source::default(),
            entries: Vec::new(),
        };
        // The files are read when they are used.
        for problem in settings.to_config(Keys::new(vec![Secret::default()], vec![[0; 32]])).check() {
            reader.note(problem.field, problem.remedy);
        }
        settings
    }

    /// The same file and environment, with what staff stored between them. A name that is no setting which can be changed counts
    /// for nothing.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn with_stored(&self, stored: impl IntoIterator<Item = (String, serde_json::Value)>) -> Result<Self, Problems> {
        let mut settings = Self::of_source(&self.source, live::stored(stored))?;
        // What was found out since they were read.
        settings.http.base_url = self.http.base_url.clone();
        settings.data_dir = self.data_dir.clone();
        Ok(settings)
    }

    /// What of them can be changed while the server runs, as it is.
    #[must_use]
    pub fn live(&self) -> Vec<Setting> {
        live::settings(&self.entries)
    }

    /// What works and is not as most people want it: for the log and for `check-config`.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.smtp.server.is_none() {
            warnings.push("mail is written to data/mail and reaches nobody: configure [smtp]");
            if !self.http.base_url.is_loopback() {
                warnings.push("sign-up is closed because mail is not configured");
            }
        }
        let native = &self.native;
        if native.synctv.enabled || native.toki.enabled || native.resonite.enabled {
            if !self.http.base_url.is_secure() && !self.http.base_url.is_loopback() {
                warnings.push("native clients send passwords and tokens unprotected");
            }
            if !self.rate_limits.enabled {
                warnings.push("ratelimit.enabled = false: wrong passwords of native clients close nothing");
            }
            let has_provider = native.toki.tokens_in_redirect && !native.toki.provider.is_empty();
            if native.toki.enabled && self.sso.forced && !has_provider {
                warnings.push("nobody can sign in with toki clients: oidc.forced takes no passwords");
            }
            if native.synctv.enabled && self.sso.forced {
                warnings.push("nobody can sign in with SyncTV clients: oidc.forced takes no passwords");
            }
            if native.resonite.enabled && self.sso.forced {
                warnings.push("nobody can sign in with Resonite clients: oidc.forced takes no passwords");
            }
        }
        warnings
    }

    /// What the library wants to know.
    #[must_use]
    pub fn to_config(&self, keys: Keys) -> Config {
        Config::new(self.http.base_url.clone(), keys)
            .with_frontend(self.frontend.clone())
            .with_lifetimes(self.lifetimes)
            .with_rate_limits(self.rate_limits.clone())
            .with_oauth(self.oauth)
            .with_openid(self.openid.clone())
            .with_mail(self.smtp.rules)
            .with_trusted_proxies(self.http.trusted_proxies.clone())
            .with_sso(self.sso.clone())
            .with_signups(self.signups.clone())
            .with_password(self.password_rules)
            .with_sessions(self.sessions)
            .with_personal_tokens(self.personal_tokens)
            .with_closing(self.closing)
            .with_admin(self.admin)
            .with_factors(self.factors.clone())
            .with_passkeys(self.passkeys.clone())
            .with_native(self.native.clone())
            .with_title(self.instance.title.clone())
    }

    /// Puts the port that the system chose into the base URL, where `bind_port = 0` left it open.
    pub fn take_port(&mut self, port: u16) {
        let open = self.http.base_url.as_str().strip_suffix(":0");
        if let Some(Ok(base_url)) = open.map(|origin| BaseUrl::parse(&format!("{origin}:{port}"))) {
            self.http.base_url = base_url;
        }
    }

    /// The database's URL as it may be shown.
    #[must_use]
    pub fn masked_database_url(&self) -> String {
        check::masked_database_url(self.database.url.expose())
    }

    /// The effective configuration as a loadable TOML file, secrets masked.
    #[must_use]
    pub fn to_toml(&self) -> String {
        effective::to_toml(&self.entries)
    }
}

/// The name under which people know a server: the host of its origin, with the port where there is one.
#[must_use]
pub fn domain(base_url: &BaseUrl) -> &str {
    let origin = base_url.as_str();
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
