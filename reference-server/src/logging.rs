//! The log: one line per event on standard error, as text or as JSON (running contract §1).

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What a server logs unless `RUST_LOG` says otherwise. What `actix_http` calls errors are malformed requests, which
/// anybody can send.
pub const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_http=off";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Starts the log of this process at the level that `RUST_LOG` names, else at `default`; a second call does nothing.
pub fn start(format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(OneLine);
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
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
    fn log_line_escapes_line_breaks_and_control_characters() {
        assert_eq!(one_line(b"signed in name=a\nERROR forged\n"), "signed in name=a\\nERROR forged\n");
        assert_eq!(one_line(b"\x1b[31mred\r\n"), "\\u{1b}[31mred\\r\n");
        assert_eq!(one_line("schön \u{2028}\n".as_bytes()), "schön \\u{2028}\n");
    }
}
