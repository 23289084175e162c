//! Puts the parts together: store, accounts, mail, pages and the library's handle. `serve` and the administrative
//! commands work with the same parts.

use std::sync::Arc;

use lysand_auth::config::ConfigProblems;
use lysand_auth::error::Error;
use lysand_auth::flows::factors::{keys, passkeys};
use lysand_auth::flows::settings;
use lysand_auth::host::live_settings::FormErrors;
use lysand_auth::keys::{KeyError, Keys};
use lysand_auth::password::{ParametersError, Passwords};
use lysand_auth::store::Store;
use lysand_auth::web::{Surface, Surfaces};
use lysand_auth::{Ambient, Auth};

use crate::accounts::SqlAccounts;
use crate::database::{self, DatabaseError};
use crate::frontend::Frontend;
use crate::live::{Live, LiveParts};
use crate::mail::{MailError, MxRecords, SwitchedMailer, load_mailer};
use crate::pages::{PagesError, TeraPages};
use crate::settings::{Settings, domain};

/// What of the library this server mounts: all of it.
pub const SURFACES: Surfaces = Surfaces::all()
    .with(Surface::People)
    .with(Surface::Admin)
    .with(Surface::Synctv)
    .with(Surface::Toki)
    .with(Surface::Resonite);

/// The parts of a running server, or of one command.
#[derive(Clone)]
pub struct State {
    /// What the admin decided before the start; what can change since is in [`in_force`](Self::in_force).
    pub settings: Arc<Settings>,
    live: Arc<Live>,
    /// The library's handle; its store holds our tables too.
    pub auth: Auth,
    /// Our accounts.
    pub accounts: Arc<SqlAccounts>,
    /// Our pages.
    pub pages: Arc<TeraPages>,
    /// The frontend that unmatched requests are forwarded to, in redirect mode, where it has an origin of its own.
    pub frontend: Option<Arc<Frontend>>,
}

/// Why a part cannot be used: one line each, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened, or its schema is not the one of this version.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no usable key.
    #[error("{0} (see [keys])")]
    Key(#[from] KeyError),
    /// Secrets are sealed under a key that is not there.
    #[error("{0}")]
    SealedElsewhere(String),
    /// A template cannot be used.
    #[error("the template {0}: mend it, or remove it from frontend.templates_dir")]
    Pages(#[from] PagesError),
    /// The parameters of the password hash cannot be used.
    #[error("{0}: mend [password]")]
    Password(#[from] ParametersError),
    /// Mail cannot be sent as configured.
    #[error("{0}: mend [smtp]")]
    Mail(MailError),
    /// What staff gave cannot be used any more with the rest of the configuration.
    #[error("what was set on /admin/settings cannot be used: {0} (the environment stands above it)")]
    Stored(FormErrors),
    /// The name servers of the operating system are unknown.
    #[error("the name servers of this machine cannot be read ({0}): name one in signups.dns")]
    NameServer(String),
    /// No TLS to the frontend is possible.
    #[error("frontend.url: {0}")]
    Tls(rustls::Error),
    /// What staff gave cannot be read.
    #[error("the settings of /admin/settings: {0}")]
    Unreadable(#[from] Error),
    /// The library refuses the configuration.
    #[error("{0}")]
    Config(#[from] ConfigProblems),
}

impl State {
    /// Opens the database, brings its schema up to date if that is allowed, reads or creates the keys, and builds
    /// the rest upon them.
    ///
    /// # Errors
    /// The first thing that does not work, and how to mend it.
    pub async fn open(settings: Settings, ambient: Ambient) -> Result<Self, StartError> {
        let pages = load_pages(&settings)?;
        let keys = Keys::load_or_create_files(&settings.keys.signing, &settings.keys.secrets, &ambient)?;
        let keys = keys.with_rsa_files(&settings.keys.rsa)?;
        let store = database::open(&settings).await?;
        database::bring_up_to_date(&store, &settings).await?;
        let state = Self::build(settings, ambient, (pages, keys, store))?;
        state.require_keys_of_factors().await?;
        state.accounts.digest_closed_names().await?;
        state.warn_of_lost_passkeys().await;
        state.with_stored_settings().await
    }

    /// Refuses to start without a key under which secrets of second factors are sealed: their owners could not sign in (FAC-66).
    async fn require_keys_of_factors(&self) -> Result<(), StartError> {
        let missing = keys::missing(&self.auth).await;
        let missing = missing.map_err(|error| StartError::SealedElsewhere(error.to_string()))?;
        let Some(first) = missing.first() else { return Ok(()) };
        Err(StartError::SealedElsewhere(format!(
            "{} secrets of second factors are sealed under the key {}, which is none of keys.secrets: bring its file back",
            first.secrets, first.name
        )))
    }

    /// Tells whoever changed the domain how many passkeys stopped working with that (FAC-71).
    async fn warn_of_lost_passkeys(&self) {
        match passkeys::of_other_domains(&self.auth).await {
            Ok(0) => {}
            Ok(passkeys) => tracing::warn!(
                passkeys,
                "passkeys for another domain do not work here: bring http.base_url or passkeys.rp_id back, or have people add new ones"
            ),
            Err(error) => tracing::warn!(%error, "the passkeys cannot be counted"),
        }
    }

    /// The same over a database and keys that are there: for commands, which create nothing (faults D7).
    ///
    /// # Errors
    /// The first thing that does not work, or is missing, and how to mend it.
    pub async fn open_existing(settings: Settings, ambient: Ambient) -> Result<Self, StartError> {
        let pages = load_pages(&settings)?;
        database::require(&settings)?;
        let store = database::open(&settings).await?;
        database::require_schema(&store, &settings).await?;
        let keys = Keys::load(&settings.keys.signing, &settings.keys.secrets)?.with_rsa_files(&settings.keys.rsa)?;
        Self::build(settings, ambient, (pages, keys, store))?.with_stored_settings().await
    }

    /// The settings in force now.
    #[must_use]
    pub fn in_force(&self) -> Arc<Settings> {
        self.live.in_force()
    }

    /// What file and environment said when they were last read, without what staff gave.
    #[must_use]
    pub fn configured(&self) -> Settings {
        self.live.configured()
    }

    /// Takes what file and environment say now, with what staff gave above the file.
    ///
    /// # Errors
    /// What is wrong with it, and then the former stays in force; when the database does not answer.
    pub async fn configure(&self, settings: Settings) -> Result<Result<(), FormErrors>, Error> {
        self.live.configure(settings);
        settings::read_again(&self.auth).await
    }

    async fn with_stored_settings(self) -> Result<Self, StartError> {
        settings::read_again(&self.auth).await?.map_err(StartError::Stored)?;
        Ok(self)
    }

    fn build(
        settings: Settings,
        ambient: Ambient,
        (pages, keys, store): (Arc<TeraPages>, Keys, Store),
    ) -> Result<Self, StartError> {
        let passwords = Passwords::new(settings.password, ambient.clone())?;
        let base_url = &settings.http.base_url;
        let accounts = SqlAccounts::new(store.clone(), passwords, ambient.clone(), base_url, keys.clone());
        let accounts = Arc::new(accounts.with_title(&settings.instance.title).with_reused_names(settings.reuse_names));
        let config = settings.to_config(keys);
        let mailer = load_mailer(&settings, &config, &pages, &ambient).map_err(|error| match error {
            MailError::Template(error) => StartError::Pages(error),
            error => StartError::Mail(error),
        })?;
        let mailer = Arc::new(SwitchedMailer::new(mailer));
        let parts = LiveParts {
            config: config.clone(),
            pages: pages.clone(),
            accounts: accounts.clone(),
            mailer: mailer.clone(),
            ambient: ambient.clone(),
        };
        let live = Arc::new(Live::new(settings.clone(), parts));
        // A frontend on our own origin is reached by whoever put both behind it.
        let other_origin = config.frontend.origin.as_ref().filter(|origin| *origin != base_url);
        let frontend = other_origin.map(|origin| Frontend::new(origin, base_url).map(Arc::new));
        let frontend = frontend.transpose().map_err(StartError::Tls)?;
        let mut builder = Auth::builder(config, store)
            .accounts(accounts.clone())
            .mailer(mailer)
            .pages(pages.clone())
            .live_settings(live.clone())
            .ambient(ambient);
        if let Some(name_server) = &settings.name_server {
            let records = MxRecords::new(name_server).map_err(|error| StartError::NameServer(error.to_string()))?;
            builder = builder.mail_domains(Arc::new(records));
        }
        let auth = builder.build()?;
        Ok(Self { settings: Arc::new(settings), live, auth, accounts, pages, frontend })
    }
}

fn load_pages(settings: &Settings) -> Result<Arc<TeraPages>, StartError> {
    let (title, host) = (&settings.instance.title, domain(&settings.http.base_url));
    let templates = settings.templates_dir.as_deref();
    Ok(Arc::new(TeraPages::load_branded(templates, title, host, &settings.branding)?))
}
