//! Settings that staff changes while the server runs (people PPL-154): the host knows which there are and what they mean, the
//! library keeps them, asks who may change them, and has every replica put them into force.

use serde_json::Value;

use crate::config::LiveConfig;
pub use crate::model::form_error::{FormError, FormErrors};
use crate::secret::Secret;

/// The settings of a host that can be changed while it runs.
///
/// All three methods may take a while, as to look up a name: they are called where nothing else waits for them.
pub trait LiveSettings: Send + Sync {
    /// Every such setting as it is in force now, in the order of the page.
    fn settings(&self) -> Vec<Setting>;

    /// Whether the server could go on with what would be stored then: by the same rules as at the start.
    ///
    /// # Errors
    /// What is wrong with which setting, all of it at once.
    fn check(&self, stored: &[StoredSetting]) -> Result<(), FormErrors>;

    /// Puts what is stored into force, and answers with what of it concerns the library.
    ///
    /// # Errors
    /// As [`check`](Self::check); then everything stays as it was.
    fn put_in_force(&self, stored: &[StoredSetting]) -> Result<LiveConfig, FormErrors>;
}

/// A value that staff gave for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a host's tests make them")]
pub struct StoredSetting {
    /// Which setting.
    pub name: String,
    /// Its value in JSON. Any may be a secret.
    pub value: Secret,
}

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name, as the configuration has it: `signups.approval`.
    pub name: &'static str,
    /// How people call it, in English.
    pub words: SettingWords,
    /// What values it takes.
    pub kind: SettingKind,
    /// Its value; for a secret, whether there is one.
    pub value: Value,
    /// Where the value comes from.
    pub source: SettingSource,
}

impl Setting {
    /// A setting as it is in force. The value of a secret is left out: give whether there is one.
    #[must_use]
    pub fn new(
        name: &'static str,
        words: SettingWords,
        kind: SettingKind,
        value: Value,
        source: SettingSource,
    ) -> Self {
        Self { name, words, kind, value, source }
    }
}

/// How people call a setting: English texts, which the pages translate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a host writes a table of them")]
pub struct SettingWords {
    /// The part of the page that it belongs to: those of one part stand together and are saved together.
    pub section: &'static str,
    /// What it is.
    pub label: &'static str,
    /// What to know before filling it in; may be empty.
    pub hint: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingKind {
    /// A line of text.
    Line,
    /// Text of several lines.
    Text,
    /// Yes or no.
    Switch,
    /// A whole number.
    Number,
    /// One of these words, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// Lines of text, each an item.
    List,
    /// A line of text that is shown to nobody.
    Secret,
}

/// Where the value of a setting comes from, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SettingSource {
    /// The environment, or whatever else stands above what is stored: it cannot be changed while the server runs.
    Environment,
    /// Staff gave it.
    Database,
    /// The configuration file.
    File,
    /// Nobody gave one.
    Default,
}

impl SettingSource {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Database => "database",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}
