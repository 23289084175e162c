//! The sources of the templates: those that are compiled in, and an admin's own files in their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::PagesError;
use super::old_syntax;
use super::positions::{self, Position};
use lysand_auth::host::mailer::KINDS_OF_MAIL;

/// Those that are no pages: the frames of pages, and parts of several.
#[cfg(test)]
pub(super) const NO_PAGES: [&str; 8] = [
    "base.html",
    "admin_frame.html",
    "factor_item.html",
    "paging.html",
    "said.html",
    "session_holder.html",
    "setup_foot.html",
    "step_head.html",
];

macro_rules! templates {
    ($($name:literal,)+) => {
        /// The built-in templates by name.
        pub(super) const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../templates/", $name))),)+];
    };
}

templates! {
    "base.html",
    "admin_frame.html",
    "factor_item.html",
    "paging.html",
    "said.html",
    "session_holder.html",
    "setup_foot.html",
    "step_head.html",
    "sign_in.html",
    "choose_account.html",
    "consent.html",
    "device.html",
    "program_sign_in.html",
    "code.html",
    "confirm_link.html",
    "form_post.html",
    "authorized_applications.html",
    "trouble.html",
    "register.html",
    "waiting.html",
    "confirm_address.html",
    "forgot.html",
    "reset.html",
    "confirm_identity.html",
    "password.html",
    "profile.html",
    "invitations.html",
    "tokens.html",
    "close.html",
    "export.html",
    "activity.html",
    "sessions.html",
    "end_everything.html",
    "end_apps.html",
    "sign_out.html",
    "email.html",
    "address.html",
    "email_code.html",
    "enrol.html",
    "review.html",
    "factor.html",
    "way_back.html",
    "security.html",
    "passkey.html",
    "register_passkey.html",
    "totp.html",
    "recovery_codes.html",
    "message.html",
    "admin_home.html",
    "admin_requests.html",
    "admin_accounts.html",
    "admin_account.html",
    "admin_act.html",
    "admin_new_account.html",
    "admin_blocks.html",
    "admin_settings.html",
    "admin_invitations.html",
    "admin_apps.html",
    "admin_app.html",
    "admin_mails.html",
    "admin_mail.html",
    "admin_events.html",
    "admin_confirm.html",
    "setup.html",
    "home.html",
    "about.html",
    "api_docs.html",
    "account.html",
    "demo.html",
    "public_profile.html",
}

/// The source of every template, and what is said about those that do not work.
pub(super) struct Sources {
    overrides: Overrides,
}

type Overrides = BTreeMap<String, (PathBuf, String)>;

impl Sources {
    /// The built-in templates, and those of `templates_dir` over them.
    pub(super) fn read(templates_dir: Option<&Path>) -> Result<Self, PagesError> {
        Ok(Self { overrides: templates_dir.map(read_overrides).transpose()?.unwrap_or_default() })
    }

    /// Whether an admin replaced any of them.
    pub(super) fn have_overrides(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// All templates: name and source.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        BUILT_IN.iter().map(|(name, _)| (*name, self.of(name)))
    }

    /// The source of a template: the admin's own, or the built-in one.
    fn of(&self, name: &str) -> &str {
        let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| *text);
        self.overrides.get(name).map_or_else(built_in, |(_, text)| text.as_str())
    }

    /// The file of a template, or its name when it is a built-in one.
    fn file_of(&self, name: &str) -> String {
        self.overrides.get(name).map_or_else(|| name.to_owned(), |(file, _)| file.display().to_string())
    }

    /// Refuses the syntax of Tera 1 in an admin's own templates: all of it at once, with the new spelling.
    pub(super) fn refuse_old_syntax(&self) -> Result<(), PagesError> {
        let found = self.overrides.values().flat_map(|(file, text)| {
            let position = |found: old_syntax::Finding| {
                let file = file.display().to_string();
                Position { file, line: Some(found.line), why: found.advice }
            };
            old_syntax::find(text).into_iter().map(position)
        });
        let positions: Vec<Position> = found.collect();
        if positions.is_empty() { Ok(()) } else { Err(PagesError::Broken(positions)) }
    }

    /// What the engine says, with the files in which it stands. `rendered` is the template that was tried.
    pub(super) fn broken(&self, error: &tera::Error, rendered: Option<&str>) -> PagesError {
        // A page that nobody replaced can still fail by its frame.
        let template = rendered.filter(|name| self.overrides.contains_key(*name)).unwrap_or("base.html");
        let mut positions = positions::of_error(error, template);
        if self.overrides.contains_key("base.html") {
            positions =
                positions::report_missing_blocks(positions, "base.html", |file| self.overrides.contains_key(file));
        }
        for position in &mut positions {
            if let Some(advice) = positions::optional_member(error, self.of(&position.file)) {
                position.why = format!("{} {advice}", position.why);
            }
            position.file = self.file_of(&position.file);
        }
        PagesError::Broken(positions)
    }
}

/// The folder of an admin's own templates of mails.
const MAIL_FOLDER: &str = "mail";

/// An admin's own templates of mails: `mail/KIND.txt` and `mail/KIND.html` with their text. A mail of an unknown kind is never
/// sent, so that a template for it is a mistake.
pub(crate) fn mail_overrides(templates_dir: Option<&Path>) -> Result<Vec<(String, String)>, PagesError> {
    let mut found = Vec::new();
    let Some(folder) = templates_dir.map(|folder| folder.join(MAIL_FOLDER)).filter(|folder| folder.exists()) else {
        return Ok(found);
    };
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        |source| PagesError::Unreadable { file, source }
    };
    for entry in std::fs::read_dir(&folder).map_err(unreadable(&folder))? {
        let file = entry.map_err(unreadable(&folder))?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let kind = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".html")).unwrap_or_default();
        if kind != "base" && !KINDS_OF_MAIL.contains(&kind) {
            let known = format!("KIND.txt and KIND.html, where KIND is base or one of {}", KINDS_OF_MAIL.join(", "));
            return Err(PagesError::Unknown { file, known });
        }
        let text = std::fs::read_to_string(&file).map_err(unreadable(&file))?;
        found.push((format!("{MAIL_FOLDER}/{name}"), text));
    }
    Ok(found)
}

/// The files of the admin's own folder by name. Hidden files are left alone: editors and file managers put some there.
fn read_overrides(folder: &Path) -> Result<Overrides, PagesError> {
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        |source| PagesError::Unreadable { file, source }
    };
    let mut overrides = Overrides::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = entry.path();
        if name.starts_with('.') || name == MAIL_FOLDER {
            continue;
        }
        if !BUILT_IN.iter().any(|(known, _)| *known == name) {
            let known = BUILT_IN.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(PagesError::Unknown { file, known });
        }
        let text = std::fs::read_to_string(&file).map_err(unreadable(&file))?;
        overrides.insert(name, (file, text));
    }
    Ok(overrides)
}
