//! Puts the parts together: store, accounts, mail, pages and the library's handle. `serve` and the administrative
//! commands work with the same parts.

use std::sync::Arc;

use lysand_auth::config::ConfigProblems;
use lysand_auth::host::pages::{FrontendPages, Pages};
use lysand_auth::password::{ParametersError, Passwords};
use lysand_auth::store::{self, MigrationSet, Store, StoreError};
use lysand_auth::{Ambient, Auth};

use crate::accounts::{self, SqlAccounts};
use crate::frontend::Frontend;
use crate::keys::{self, KeyError};
use crate::mailer::FileMailer;
use crate::pages::{PagesError, TeraPages};
use crate::settings::Settings;

/// All migrations: the library's tables and ours.
pub static MIGRATIONS: [MigrationSet; 2] = [store::MIGRATIONS, accounts::MIGRATIONS];

/// The parts of a running server, or of one command.
#[derive(Clone)]
pub struct State {
    /// What the admin decided.
    pub settings: Arc<Settings>,
    /// The library's handle; its store holds our tables too.
    pub auth: Auth,
    /// Our accounts.
    pub accounts: Arc<SqlAccounts>,
    /// Our pages.
    pub pages: Arc<TeraPages>,
    /// The frontend that is asked for what is not here, in redirect mode, where it has an origin of its own.
    pub frontend: Option<Arc<Frontend>>,
}

/// Why the parts do not come together: one line each, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened, migrated or trusted.
    #[error("{what}: {source}: {remedy}")]
    Database {
        /// The database's URL, masked.
        what: String,
        /// What the store says.
        source: StoreError,
        /// What to do.
        remedy: &'static str,
    },
    /// The schema is behind, and `database.migrate_on_start` is off.
    #[error("{0} migrations wait: run `reference-server migrate`, or set database.migrate_on_start = true")]
    Pending(usize),
    /// There is no usable signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A template cannot be used.
    #[error("the template {0}: mend it, or remove it from frontend.templates_dir")]
    Pages(#[from] PagesError),
    /// The parameters of the password hash cannot be used.
    #[error("{0}: mend [password]")]
    Password(#[from] ParametersError),
    /// No TLS to the frontend is possible.
    #[error("frontend.url: {0}")]
    Tls(rustls::Error),
    /// The library refuses the configuration.
    #[error("{0}")]
    Config(#[from] ConfigProblems),
}

impl State {
    /// Opens the database, brings its schema up to date if that is allowed, reads or makes the signing key, and builds
    /// the rest upon them.
    ///
    /// # Errors
    /// The first thing that does not work, and how to mend it.
    pub async fn open(settings: Settings, ambient: Ambient) -> Result<Self, StartError> {
        let pages = Arc::new(TeraPages::load(settings.templates_dir.as_deref(), &settings.instance.title)?);
        let signing_keys = keys::load_or_make(&settings.signing_keys, &ambient)?;
        let store = open_store(&settings).await?;
        bring_up_to_date(&store, &settings).await?;
        let passwords = Passwords::new(settings.password, ambient.clone())?;
        let base_url = &settings.http.base_url;
        let accounts = Arc::new(SqlAccounts::new(store.clone(), passwords, ambient.clone(), base_url));
        let mail = settings.data_dir.join("mail");
        let mailer = FileMailer::new(mail, &settings.instance.title, base_url, ambient.clone());
        let config = settings.to_config(signing_keys);
        // A frontend on our own origin is reached by whoever put both behind it.
        let elsewhere = config.frontend.origin.as_ref().filter(|origin| *origin != base_url);
        let frontend = elsewhere.map(|origin| Frontend::new(origin, base_url).map(Arc::new));
        let frontend = frontend.transpose().map_err(StartError::Tls)?;
        let shown: Arc<dyn Pages> = match &config.frontend.origin {
            None => pages.clone(),
            Some(_) => Arc::new(FrontendPages::new(&config, pages.clone())),
        };
        let auth = Auth::builder(config, store)
            .accounts(accounts.clone())
            .mailer(Arc::new(mailer))
            .pages(shown)
            .ambient(ambient)
            .build()?;
        Ok(Self { settings: Arc::new(settings), auth, accounts, pages, frontend })
    }
}

/// Opens the database alone, as `migrate` needs it.
///
/// # Errors
/// When it cannot be reached.
pub async fn open_store(settings: &Settings) -> Result<Store, StartError> {
    let connections = usize::try_from(settings.database.max_connections).unwrap_or(0);
    Store::open(&settings.database.url, connections).await.map_err(|source| database_error(settings, source))
}

async fn bring_up_to_date(store: &Store, settings: &Settings) -> Result<(), StartError> {
    if settings.database.migrate_on_start {
        let applied = store.migrate(&MIGRATIONS).await.map_err(|source| database_error(settings, source))?;
        if !applied.is_empty() {
            tracing::info!(migrations = ?applied, "the database was brought up to date");
        }
        return Ok(());
    }
    let state = store.migration_state(&MIGRATIONS).await.map_err(|source| database_error(settings, source))?;
    if let Some(version) = state.unknown.first() {
        return Err(database_error(settings, StoreError::Newer(version.clone())));
    }
    match state.pending.len() {
        0 => Ok(()),
        waiting => Err(StartError::Pending(waiting)),
    }
}

/// An error of the store, with the database's name and what to do.
#[must_use]
pub fn database_error(settings: &Settings, source: StoreError) -> StartError {
    let remedy = match source {
        StoreError::Unavailable(_) => "start the database or mend database.url",
        StoreError::Newer(_) => "install that version or a newer one",
        StoreError::Migration(_) => "nothing was changed; report it with this line",
        _ => "mend database.url",
    };
    StartError::Database { what: settings.masked_database_url(), source, remedy }
}
