//! How commands get a password: from standard input, or asked for twice. Never from an argument, which other users of the
//! machine could read.

use std::io::{IsTerminal as _, Read};

use lysand_auth::secret::Secret;

use super::error::CommandError;

/// Longer input is no password.
const LONGEST: u64 = 4096;

/// A new password, from standard input or the terminal.
pub(super) fn new_password(from_stdin: bool) -> Result<Secret, CommandError> {
    match from_stdin {
        true => from_reader(std::io::stdin().lock()),
        false => from_terminal(),
    }
}

/// The whole input, without one line break at its end.
fn from_reader(input: impl Read) -> Result<Secret, CommandError> {
    let unreadable = |error: std::io::Error| CommandError::new(format!("standard input cannot be read: {error}"));
    let mut text = String::new();
    input.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(CommandError::new("standard input is too long for a password"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

fn from_terminal() -> Result<Secret, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::new("there is no terminal to ask for a password: give it with --password-stdin"));
    }
    let ask = |prompt: &str| {
        let answer = rpassword::prompt_password(prompt);
        answer.map(Secret::new).map_err(|error| CommandError::new(format!("the terminal cannot be asked: {error}")))
    };
    let first = ask("New password: ")?;
    let second = ask("Once more: ")?;
    match first == second {
        true => Ok(first),
        false => Err(CommandError::new("the two passwords differ: nothing was changed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_stdin_loses_exactly_one_trailing_line_break() {
        for (input, password) in
            [("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("a\n\n", "a\n"), (" b ", " b ")]
        {
            assert_eq!(from_reader(input.as_bytes()).unwrap().expose(), password);
        }
        assert!(from_reader("x".repeat(5000).as_bytes()).is_err());
        assert!(from_reader(&[0xff, 0xfe][..]).is_err());
    }
}
