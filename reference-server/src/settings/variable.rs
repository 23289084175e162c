//! The environment variables that override keys of the file.

/// The variable that names the configuration file when `--config` does not.
pub const FILE_VARIABLE: &str = "LYSAND_AUTH_CONFIG";

/// What begins the name of every environment variable that overrides a key.
const PREFIX: &str = "LYSAND_AUTH__";

/// What begins the names of all variables that are meant for this server. One that names no key is a mistake (faults D8).
const OURS: &str = "LYSAND_AUTH_";

/// Whether a variable is meant for the settings.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with(OURS) && name != FILE_VARIABLE
}

/// The key that a variable's name stands for, or looks like.
pub(super) fn key_of(name: &str) -> String {
    let path = name.strip_prefix(PREFIX).or_else(|| name.strip_prefix(OURS)).unwrap_or(name);
    path.to_lowercase().replace("__", ".")
}

/// The name of the variable that overrides `key`.
pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
