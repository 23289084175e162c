//! The page on which admins change settings while the server runs (people PPL-154).

use serde::Serialize;

use super::admin::StaffFrame;

/// `GET /admin/settings`: what can be changed while the server runs.
#[derive(Debug, Serialize)]
pub struct AdminSettingsPage<'a> {
    /// Who looks, and where the others are.
    pub frame: StaffFrame<'a>,
    /// Where each part's form posts to: `section`, `seen`, a field for each setting by its name, `clear` with the names of those that
    /// are to be as configured again, and `current_password` if that is asked for.
    pub action: String,
    /// Hidden field `form_token`.
    pub form_token: String,
    /// Hidden field `seen`: what the settings were when the form was shown.
    pub seen: String,
    /// The parts.
    pub sections: Vec<SettingsSection>,
    /// Whether a password is asked for.
    pub asks_password: bool,
    /// Where to sign in again, for whom no password proves anything.
    pub sign_in: Option<String>,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// What is wrong, besides what stands beside the fields.
    pub error: Option<String>,
}

/// Settings that are saved together.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsSection {
    /// Its name, in English words.
    pub name: &'static str,
    /// Whether something in it is wrong.
    pub is_wrong: bool,
    /// Whether any of it can be changed.
    pub can_change: bool,
    /// Its settings.
    pub settings: Vec<SettingOnPage>,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct SettingOnPage {
    /// Its field's name: `signups.approval`.
    pub name: &'static str,
    /// What it is, in English words.
    pub label: &'static str,
    /// What to know before filling it in, in English words; may be empty.
    pub hint: &'static str,
    /// How it is filled in: `line`, `text`, `switch`, `number`, `choice`, `list` or `secret`.
    pub kind: &'static str,
    /// Its value; the items of a list each on a line; never that of a secret.
    pub value: String,
    /// Whether a switch is on, or a secret set.
    pub is_on: bool,
    /// What can be chosen.
    pub choices: Vec<SettingChoice>,
    /// Where its value comes from: `environment`, `database`, `file` or `default`. What the environment sets cannot be changed.
    pub source: &'static str,
    /// What is wrong with it, in the words of the configuration, which are not translated.
    pub error: Option<String>,
}

/// A word that a setting can be.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SettingChoice {
    /// The word.
    pub value: &'static str,
    /// What it means, in English words.
    pub words: &'static str,
    /// Whether it is this one.
    pub chosen: bool,
}
