//! The mailer that the settings ask for.

use std::sync::Arc;

use lysand_auth::Ambient;
use lysand_auth::config::Config;
use lysand_auth::host::mailer::Mailer;

use super::{FileMailer, Instance, MailTemplates, Messages, Sender, SmtpMailer};
use crate::pages::{PagesError, TeraPages};
use crate::settings::Settings;

/// Why mail cannot be sent as configured.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A template cannot be used.
    #[error(transparent)]
    Template(#[from] PagesError),
    /// The server or the sender cannot be used.
    #[error("{0}")]
    Smtp(String),
}

impl MailError {
    fn smtp(error: &impl ToString) -> Self {
        Self::Smtp(error.to_string())
    }
}

/// The mailer that these settings ask for: by SMTP, or into files.
///
/// # Errors
/// What of them cannot be used.
pub(crate) fn load_mailer(
    settings: &Settings,
    config: &Config,
    pages: &TeraPages,
    ambient: &Ambient,
) -> Result<Arc<dyn Mailer>, MailError> {
    let base_url = &settings.http.base_url;
    let (title, languages) = (settings.instance.title.as_str(), settings.instance.languages.as_slice());
    let [account, sessions, forgot] = ["account", "sessions", "password_forgot"].map(|page| config.page_url(page));
    let (account, sessions, forgot) = (account.as_str(), sessions.as_str(), forgot.as_str());
    let instance = Instance { title, site: base_url.as_str(), account, sessions, forgot, languages };
    let templates = MailTemplates::load(settings.templates_dir.as_deref(), pages, instance)?;
    let (from, reply_to) = (settings.smtp.from.clone(), settings.smtp.reply_to.clone());
    let messages = Messages::new(templates, Sender { from, reply_to, title, base_url }, ambient.clone());
    let messages = messages.map_err(|error| MailError::smtp(&error))?;
    Ok(match settings.smtp.server.clone() {
        Some(server) => Arc::new(SmtpMailer::new(server, messages).map_err(|error| MailError::smtp(&error))?),
        None => {
            let folder = settings.data_dir.join("mail");
            Arc::new(FileMailer::new(folder, messages, settings.smtp.keep_files, ambient.clone()))
        }
    })
}
