//! Files that hold one secret each.

use std::path::{Path, PathBuf};

use toml::Value as Toml;

use super::value::Value as _;

/// The secret in a file: its one line, without what editors and deployment tools put around it (faults D9).
///
/// # Errors
/// What to do when there is none. It never repeats anything of the file.
pub(super) fn read(folder: &Path, path: &Toml) -> Result<String, String> {
    let path = PathBuf::read(path).ok_or_else(|| format!("Give {}.", PathBuf::WANTED))?;
    let bytes =
        std::fs::read(folder.join(path)).map_err(|error| format!("Give a file that the server can read: {error}."))?;
    secret(&bytes)
}

fn secret(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "Give a file of UTF-8 text; this one is none.".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().collect::<Vec<_>>();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    match lines[..] {
        [] => Err("Give a file with the secret in it; this one is empty.".to_owned()),
        [only] if only.chars().any(is_in_no_secret) => {
            Err("Give a file with nothing but the secret; this one has characters that cannot be seen.".to_owned())
        }
        [only] => Ok(only.to_owned()),
        _ => Err("Give a file with the secret on one line; this one has several.".to_owned()),
    }
}

/// Whether a character is one that nobody types: it came in by accident, with a copy or from another encoding.
fn is_in_no_secret(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}')
        || matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_file_is_read_without_byte_order_mark_and_blank_lines() {
        for text in ["s3cret", "s3cret\n", "s3cret\r\n", "s3cret\n\n\n", "s3cret\r\n \r\n\t\n", "\u{feff}s3cret\n"] {
            assert_eq!(secret(text.as_bytes()).as_deref(), Ok("s3cret"), "{text:?}");
        }
        assert_eq!(secret(" größe # 7 \n".as_bytes()).as_deref(), Ok(" größe # 7 "), "blanks may belong to it");
    }

    #[test]
    fn secret_file_with_characters_of_no_secret_is_refused_without_showing_it() {
        for bytes in [
            &b""[..],
            b"\n\n",
            b"\xef\xbb\xbf\n",
            b"s3cret\nmore",
            b"\ns3cret",
            b"s3\0cret",
            b"s3cret\x1b[0m",
            b"s3\tcret",
            b"\xff\xfes\x003\x00",
            b"s3cret\xff",
            "s3\u{200b}cret".as_bytes(),
            "s3cret\u{a0}\u{feff}".as_bytes(),
            "s3cret\u{2028}".as_bytes(),
        ] {
            let remedy = secret(bytes).expect_err("refused");
            assert!(remedy.starts_with("Give a file") && !remedy.contains("s3"), "{bytes:?}: {remedy}");
        }
    }
}
