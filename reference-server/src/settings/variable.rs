//! The environment variables that override keys of the file.

/// What begins the name of every environment variable that overrides a key.
pub(super) const PREFIX: &str = "LYSAND_AUTH__";

/// The name of the variable that overrides `key`.
pub(super) fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
