//! The settings in force, and how others come into force while the server runs: those that staff gives (people PPL-154), and
//! those that the file has when it is read again (running contract §5).

use std::sync::{Arc, PoisonError, RwLock};

use lysand_auth::Ambient;
use lysand_auth::config::{Config, LiveConfig};
use lysand_auth::host::live_settings::{FormError, FormErrors, LiveSettings, Setting, StoredSetting};

use crate::accounts::SqlAccounts;
use crate::mail::{SwitchedMailer, load_mailer};
use crate::pages::TeraPages;
use crate::settings::{self, Problem, Problems, Settings};

/// The settings in force.
pub struct Live {
    /// What file and environment say, without what staff gave.
    configured: RwLock<Settings>,
    in_force: RwLock<Arc<Settings>>,
    parts: LiveParts,
}

/// What is to be told when other settings come into force.
pub(crate) struct LiveParts {
    pub(crate) config: Config,
    pub(crate) pages: Arc<TeraPages>,
    pub(crate) accounts: Arc<SqlAccounts>,
    pub(crate) mailer: Arc<SwitchedMailer>,
    pub(crate) ambient: Ambient,
}

impl Live {
    pub(crate) fn new(settings: Settings, parts: LiveParts) -> Self {
        Self { in_force: RwLock::new(Arc::new(settings.clone())), configured: RwLock::new(settings), parts }
    }

    /// The settings in force now.
    #[must_use]
    pub fn in_force(&self) -> Arc<Settings> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What file and environment said when they were last read, without what staff gave.
    #[must_use]
    pub fn configured(&self) -> Settings {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what file and environment say now. It comes into force when the settings are put into force the next time.
    pub fn configure(&self, settings: Settings) {
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    fn with_stored(&self, stored: &[StoredSetting]) -> Result<Settings, FormErrors> {
        let read = |stored: &StoredSetting| {
            serde_json::from_str(stored.value.expose()).ok().map(|value| (stored.name.clone(), value))
        };
        self.configured().with_stored(stored.iter().filter_map(read)).map_err(|problems| form_errors(&problems))
    }
}

impl LiveSettings for Live {
    fn settings(&self) -> Vec<Setting> {
        self.in_force().live()
    }

    fn check(&self, stored: &[StoredSetting]) -> Result<(), FormErrors> {
        self.with_stored(stored).map(drop)
    }

    fn put_in_force(&self, stored: &[StoredSetting]) -> Result<LiveConfig, FormErrors> {
        let settings = self.with_stored(stored)?;
        let LiveParts { config, pages, accounts, mailer, ambient } = &self.parts;
        let failed = |why: String| FormErrors::from(FormError::new("configuration", "ERR_INVALID", why));
        let title = &settings.instance.title;
        if *title != self.in_force().instance.title {
            let renamed = pages.reload(settings.templates_dir.as_deref(), title, &settings.branding);
            renamed.map_err(|error| failed(error.to_string()))?;
        }
        let other = load_mailer(&settings, config, pages, ambient).map_err(|error| failed(error.to_string()))?;
        mailer.switch_to(other);
        accounts.set_title(title);
        let (signups, mail) = (Arc::new(settings.signups.clone()), settings.smtp.rules);
        let live = LiveConfig { signups, mail, title: Some(title.clone()) };
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        Ok(live)
    }
}

/// The problems of a configuration beside the settings that they are about.
fn form_errors(problems: &Problems) -> FormErrors {
    let error = |problem: &Problem| match settings::known_live(&problem.key) {
        Some(name) => FormError::new(name, "ERR_INVALID", &problem.remedy),
        None => FormError::new("configuration", "ERR_INVALID", format!("{}: {}", problem.key, problem.remedy)),
    };
    FormErrors(problems.0.iter().map(error).collect())
}
