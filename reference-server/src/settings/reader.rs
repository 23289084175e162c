//! Takes settings one by one from the environment and the file, and remembers which keys exist and what is wrong.
//!
//! Each setting is named once, where it is read: the list of known keys, the effective configuration and the types all
//! come from those calls. What is left at the end is unknown (security OPS-5).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use lysand_auth::flows::settings::SettingSource;
use lysand_auth::secret::Secret;
use toml::Value as Toml;

use super::problem::{Problem, Problems};
use super::secret_file;
use super::unknown;
use super::value::Value;
use super::variable::{is_ours, variable_name};

/// A key that exists, what it wants, its effective value as `print-config` shows it, and where that comes from.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) wanted: &'static str,
    pub(super) shown: Option<Toml>,
    pub(super) source: SettingSource,
}

impl fmt::Debug for Entry {
    /// The key alone: the values are in the settings themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

/// A value that was given, and the name under which the admin finds it again.
struct Given {
    name: String,
    value: Toml,
    source: SettingSource,
}

#[derive(Default)]
pub(super) struct Reader {
    /// Where relative paths start.
    folder: PathBuf,
    file: toml::Table,
    variables: BTreeMap<String, String>,
    /// What staff stored while the server ran: above the file, below the environment.
    stored: BTreeMap<String, Toml>,
    known: Vec<Entry>,
    /// The keys in the sections of lists.
    inner: Vec<Entry>,
    problems: Vec<Problem>,
}

/// What is wrong with a file that is no TOML, and where. The line itself is not shown, because it may hold a secret
/// (faults F13).
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(text.len(), |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let (line, last) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default());
    format!("It is not TOML: line {line}, column {}: {}", last.chars().count() + 1, error.message())
}

impl Reader {
    /// A reader over a file's text and the environment, of which it looks at the prefixed variables only.
    pub(super) fn new(
        folder: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        let file = text.parse().map_err(|error| Problems::one("the configuration file", not_toml(text, &error)))?;
        let variables = environment.into_iter().filter(|(name, _)| is_ours(name)).collect();
        let (known, inner, problems) = (Vec::new(), Vec::new(), Vec::new());
        let (folder, stored) = (folder.to_owned(), BTreeMap::new());
        Ok(Self { folder, file, variables, stored, known, inner, problems })
    }

    /// The same with what staff stored, which stands above the file and below the environment.
    pub(super) fn with_stored(self, stored: impl IntoIterator<Item = (String, Toml)>) -> Self {
        Self { stored: stored.into_iter().collect(), ..self }
    }

    /// The folder in which relative paths start.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The setting `key`, or `default`.
    pub(super) fn get<T: Value>(&mut self, key: &str, default: T) -> T {
        self.checked(key, default, Ok)
    }

    /// The setting `key`, if it passes `check`, which may also put it into its usual form.
    pub(super) fn checked<T: Value>(&mut self, key: &str, default: T, check: impl FnOnce(T) -> Result<T, String>) -> T {
        let value = self.optional(key, check).unwrap_or(default);
        self.show(key, value.write());
        value
    }

    /// What the word means that is given for `key`; the first word is the default.
    pub(super) fn choice<T, const N: usize>(&mut self, key: &str, words: [(&'static str, T); N]) -> T {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let given = self.checked(key, known[0].to_owned(), |word: String| match known.contains(&word.as_str()) {
            true => Ok(word),
            false => {
                let quoted: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
                Err(format!("Give {}.", quoted.join(" or ")))
            }
        });
        let at = known.iter().position(|word| *word == given).unwrap_or(0);
        words.into_iter().nth(at).map(|(_, value)| value).expect("there is one word at least")
    }

    /// The setting `key`, if it was given and passes `check`. The caller notes the default with [`show`](Self::show).
    pub(super) fn optional<T: Value>(&mut self, key: &str, check: impl FnOnce(T) -> Result<T, String>) -> Option<T> {
        self.know(key, T::WANTED);
        let given = self.take(key, T::from_variable)?;
        let checked = match T::read(&given.value) {
            Some(value) => check(value),
            None => Err(format!("Give {}.", T::WANTED)),
        };
        match checked {
            Ok(value) => Some(value),
            Err(remedy) => {
                let shown = Some(given.value.to_string()).filter(|_| !T::SECRET);
                self.problem(&given.name, shown, remedy);
                None
            }
        }
    }

    /// A list of sections, each read by `read` with a reader of its own; problems and secrets are treated as elsewhere.
    pub(super) fn tables<T>(&mut self, key: &str, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let tables: Vec<toml::Table> = self.optional(key, Ok).unwrap_or_default();
        let mut shown = Vec::new();
        let mut items = Vec::new();
        for (index, file) in tables.into_iter().enumerate() {
            let mut inner = Self { folder: self.folder(), file, ..Self::default() };
            items.push(read(&mut inner));
            self.know_inner(key, &inner.known);
            match inner.finish() {
                Ok(entries) => {
                    let values = entries.into_iter().filter_map(|entry| Some((entry.key, entry.shown?)));
                    shown.push(Toml::Table(values.collect()));
                }
                Err(Problems(problems)) => self.problems.extend(
                    problems
                        .into_iter()
                        .map(|problem| Problem { key: format!("{key}[{index}].{}", problem.key), ..problem }),
                ),
            }
        }
        if !shown.is_empty() {
            self.show(key, Toml::Array(shown));
        }
        items
    }

    /// The secret `key`, given as it is or, under `key_file`, as the path of a file that holds it. The environment
    /// replaces both forms of the file. `mask` makes of the secret what may be shown.
    pub(super) fn secret(
        &mut self,
        key: &str,
        default: &str,
        check: fn(&str) -> Result<(), String>,
        mask: fn(&str) -> String,
    ) -> Secret {
        let path_key = format!("{key}_file");
        self.know(key, String::WANTED);
        self.know(&path_key, PathBuf::WANTED);
        let in_file = (self.take_from_file(key), self.take_from_file(&path_key));
        let below = self.take_stored(key).map_or(in_file, |stored| (Some(stored), None));
        let above = (self.take_from_variable(key, as_text), self.take_from_variable(&path_key, as_text));
        let (direct, path) = if above.0.is_some() || above.1.is_some() { above } else { below };
        if let Some(given) = direct.as_ref().or(path.as_ref()) {
            self.comes_from(key, given.source);
        }
        let (name, text) = match (direct, path) {
            (None, None) => (key.to_owned(), Ok(default.to_owned())),
            (Some(direct), Some(path)) => (path.name, Err(format!("Give either this or {}, not both.", direct.name))),
            (Some(direct), None) => {
                let text = String::read(&direct.value).ok_or_else(|| format!("Give {}.", String::WANTED));
                (direct.name, text)
            }
            (None, Some(path)) => {
                self.show(&path_key, path.value.clone());
                (path.name, secret_file::read(&self.folder, &path.value))
            }
        };
        let shown = |text: &String| Toml::String(mask(text));
        match text.as_ref().map_err(Clone::clone).and_then(|text| check(text)) {
            Ok(()) if self.shown(&path_key).is_none() => {
                let masked = text.as_ref().map(shown).unwrap_or_else(|_| Toml::String(String::new()));
                self.show(key, masked);
            }
            Ok(()) => {}
            Err(remedy) => self.problem(&name, text.as_ref().ok().map(|text| shown(text).to_string()), remedy),
        }
        Secret::new(text.unwrap_or_else(|_| default.to_owned()))
    }

    /// Notes the effective value of a known key.
    pub(super) fn show(&mut self, key: &str, value: Toml) {
        if let Some(entry) = self.known.iter_mut().find(|entry| entry.key == key) {
            entry.shown = Some(value);
        }
    }

    /// Notes a problem with the effective value of a known key.
    pub(super) fn note(&mut self, key: &str, remedy: impl Into<String>) {
        let value = self.shown(key).map(ToString::to_string);
        self.problem(key, value, remedy);
    }

    fn shown(&self, key: &str) -> Option<&Toml> {
        self.known.iter().find(|entry| entry.key == key)?.shown.as_ref()
    }

    /// Notes a problem. `value` is shown as it stands: mask it first.
    pub(super) fn problem(&mut self, key: &str, value: Option<String>, remedy: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), value, remedy: remedy.into() });
    }

    /// What was read, unless there are problems; every key that is not known is one.
    pub(super) fn finish(mut self) -> Result<Vec<Entry>, Problems> {
        let keys: Vec<&str> = self.known.iter().map(|entry| entry.key.as_str()).collect();
        let mut unknown_keys = unknown::in_file(&self.file, &keys);
        unknown_keys.extend(unknown::in_environment(self.variables.keys(), &keys));
        self.problems.append(&mut unknown_keys);
        match self.problems.is_empty() {
            true => Ok(self.known),
            false => Err(Problems(self.problems)),
        }
    }

    fn know(&mut self, key: &str, wanted: &'static str) {
        if !self.known.iter().any(|entry| entry.key == key) {
            self.known.push(Entry { key: key.to_owned(), wanted, shown: None, source: SettingSource::Default });
        }
    }

    fn comes_from(&mut self, key: &str, source: SettingSource) {
        if let Some(entry) = self.known.iter_mut().find(|entry| entry.key == key) {
            entry.source = source;
        }
    }

    fn know_inner(&mut self, list: &str, entries: &[Entry]) {
        for entry in entries {
            let key = format!("{list}[].{}", entry.key);
            if !self.inner.iter().any(|known| known.key == key) {
                let (wanted, shown, source) = (entry.wanted, entry.shown.clone(), entry.source);
                self.inner.push(Entry { key, wanted, shown, source });
            }
        }
    }

    /// Every key that was asked for, those in the sections of lists last: for the reference of the configuration.
    #[cfg(test)]
    pub(super) fn asked(&self) -> impl Iterator<Item = &Entry> {
        self.known.iter().chain(&self.inner)
    }

    /// Takes `key` out of all places; the environment's value wins, then the one that staff stored.
    fn take(&mut self, key: &str, understand: fn(&str) -> Option<Toml>) -> Option<Given> {
        let (in_file, stored) = (self.take_from_file(key), self.take_stored(key));
        let given = self.take_from_variable(key, understand).or(stored).or(in_file);
        if let Some(given) = &given {
            self.comes_from(key, given.source);
        }
        given
    }

    fn take_from_file(&mut self, key: &str) -> Option<Given> {
        let value = take_path(&mut self.file, key)?;
        Some(Given { name: key.to_owned(), value, source: SettingSource::File })
    }

    fn take_stored(&mut self, key: &str) -> Option<Given> {
        let value = self.stored.remove(key)?;
        Some(Given { name: key.to_owned(), value, source: SettingSource::Database })
    }

    fn take_from_variable(&mut self, key: &str, understand: fn(&str) -> Option<Toml>) -> Option<Given> {
        let name = variable_name(key);
        let text = self.variables.remove(&name)?;
        // What does not even parse goes on as text, and is then refused by its type with the type's remedy.
        let value = understand(&text).unwrap_or(Toml::String(text));
        Some(Given { name, value, source: SettingSource::Environment })
    }
}

fn as_text(text: &str) -> Option<Toml> {
    String::from_variable(text)
}

fn take_path(table: &mut toml::Table, key: &str) -> Option<Toml> {
    match key.split_once('.') {
        None => table.remove(key),
        Some((section, rest)) => take_path(table.get_mut(section)?.as_table_mut()?, rest),
    }
}
