//! `[log]`

use super::reader::Reader;
use crate::logging::{LEVELS, LogFormat};

/// `log.format` and `log.level`.
pub(super) fn log(reader: &mut Reader) -> (LogFormat, String) {
    let format = reader.choice("log.format", [("text", LogFormat::Text), ("json", LogFormat::Json)]);
    let level = reader.checked("log.level", "info".to_owned(), |level: String| {
        let level = level.trim().to_ascii_lowercase();
        match LEVELS.contains(&level.as_str()) {
            true => Ok(level),
            false => Err(format!("Give one of {}; RUST_LOG takes more.", LEVELS.join(", "))),
        }
    });
    (format, level)
}
