//! The log: one line per event on standard error, as text or as JSON (running contract §1).

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What a server with this `log.level` logs unless `RUST_LOG` says otherwise. What `actix_http` calls errors are malformed
/// requests, which anybody can send; so are those of `webauthn_rs_core`, which writes whole credentials besides.
#[must_use]
pub fn filter_of(level: &str) -> String {
    match level {
        "off" | "error" => format!("{level},actix_http=off,webauthn_rs_core=off"),
        _ => format!("{level},actix_server=warn,actix_http=off,webauthn_rs_core=off"),
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What may stand for a level, alone or behind a target.
pub const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The filter that `RUST_LOG` asks for; none when it is not set, or empty (faults D8).
///
/// # Errors
/// When it names no level: it would silence warnings, or everything.
pub fn asked(variable: Option<&str>) -> Result<Option<&str>, String> {
    let Some(asked) = variable.map(str::trim).filter(|asked| !asked.is_empty()) else { return Ok(None) };
    let level = |part: &str| LEVELS.contains(&part.trim().to_ascii_lowercase().as_str());
    let has_level = asked.split(',').any(|part| level(part.rsplit('=').next().unwrap_or(part)));
    match has_level && EnvFilter::try_new(asked).is_ok() {
        true => Ok(Some(asked)),
        false => Err(format!(
            "RUST_LOG: {asked:?} names no level: give one of {}, or a list such as \"info,lysand_auth=debug\"",
            LEVELS.join(", ")
        )),
    }
}

/// Gives a log that runs another filter.
type Reload = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// The log of this process, which another level may be given while it runs.
pub struct Log {
    reload: Reload,
    /// What `RUST_LOG` asks for, which counts more than the configuration.
    asked: Option<String>,
}

impl Log {
    /// Starts the log of this process: with what `RUST_LOG` asks for, and else with `usual`. A second call changes nothing.
    #[must_use]
    pub fn start(format: LogFormat, asked: Option<String>, usual: &str) -> Self {
        let filter = EnvFilter::new(asked.as_deref().unwrap_or(usual));
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(OneLine);
        let reload: Reload = match format {
            LogFormat::Text => {
                let builder = builder.with_filter_reloading();
                let handle = builder.reload_handle();
                let _ = builder.try_init();
                Box::new(move |filter| handle.reload(EnvFilter::new(filter)).map_err(|error| error.to_string()))
            }
            LogFormat::Json => {
                let builder = builder.json().flatten_event(true).with_filter_reloading();
                let handle = builder.reload_handle();
                let _ = builder.try_init();
                Box::new(move |filter| handle.reload(EnvFilter::new(filter)).map_err(|error| error.to_string()))
            }
        };
        Self { reload, asked }
    }

    /// Logs with another level from now on; `false` when `RUST_LOG` stands above it.
    ///
    /// # Errors
    /// When the log cannot be changed.
    pub fn set_level(&self, level: &str) -> Result<bool, String> {
        match self.asked {
            Some(_) => Ok(false),
            None => (self.reload)(&filter_of(level)).map(|()| true),
        }
    }
}

/// Standard error, with each event on one line: whatever control characters came with the input, they can neither end
/// the line nor steer the terminal (security OPS-4).
struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        Self
    }
}

impl Write for OneLine {
    /// The subscriber writes one whole event with its final line break.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(one_line(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn one_line(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        // The two separators are line breaks to some readers of logs.
        match character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_filter_without_level_is_refused_and_empty_is_unset() {
        assert_eq!((asked(None), asked(Some("")), asked(Some("  "))), (Ok(None), Ok(None), Ok(None)));
        for good in ["info", "WARN", "off", "lysand_auth=debug", "info,actix_server=warn", "my_target,error", " info "]
        {
            assert_eq!(asked(Some(good)), Ok(Some(good.trim())));
        }
        for bad in ["loud", "verbose,louder", "lysand_auth", "lysand_auth=loud", "5x", "=", ",", "true", "info,a=loud"]
        {
            assert!(asked(Some(bad)).is_err_and(|why| why.contains("RUST_LOG")), "{bad}");
        }
    }

    #[test]
    fn log_line_escapes_line_breaks_and_control_characters() {
        assert_eq!(one_line(b"signed in name=a\nERROR forged\n"), "signed in name=a\\nERROR forged\n");
        assert_eq!(one_line(b"\x1b[31mred\r\n"), "\\u{1b}[31mred\\r\n");
        assert_eq!(one_line("schön \u{2028}\n".as_bytes()), "schön \\u{2028}\n");
    }
}
