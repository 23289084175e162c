//! Texts that people read before they sign up: files of plain text.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lysand_auth::ambient::Timestamp;
use lysand_auth::config::LegalText;

use super::reader::Reader;

/// The longest text that is taken.
const LONGEST_TEXT: u64 = 256 * 1024;

/// The text in the file that `key` names. It stands as it is since the file was changed last.
pub(super) fn text(reader: &mut Reader, key: &str) -> Option<LegalText> {
    let folder = reader.folder();
    let mut found = None;
    reader.checked(key, PathBuf::new(), |path: PathBuf| {
        if !path.as_os_str().is_empty() {
            found = Some(read(&folder.join(&path))?);
        }
        Ok(path)
    });
    found
}

fn read(file: &Path) -> Result<LegalText, String> {
    let unreadable = |error| format!("Give a file that the server can read: {}: {error}.", file.display());
    let about = std::fs::metadata(file).map_err(unreadable)?;
    if about.len() > LONGEST_TEXT {
        return Err(format!("Give a text of {} KiB at most: {}.", LONGEST_TEXT / 1024, file.display()));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("Give a text in UTF-8: {}.", file.display()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim();
    if text.is_empty() || text.contains('\0') {
        return Err(format!("Give a file with a text in it: {}.", file.display()));
    }
    let changed = about.modified().ok().and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
    let micros = changed.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or_default();
    Ok(LegalText::new(text, Timestamp::from_micros(micros)))
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn terms_file_that_cannot_be_used_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        for (path, words) in [
            (file("empty", b"\xef\xbb\xbf \n"), "with a text in it"),
            (file("latin", b"gr\xfc\xdfe"), "in UTF-8"),
            (file("large", &vec![b'x'; 300 * 1024]), "256 KiB"),
            ("/nowhere/terms".to_owned(), "can read"),
        ] {
            let told = Settings::parse(&format!("signups.tos_file = {path:?}"), []).err().unwrap().to_string();
            assert!(told.contains(words) && told.contains("signups.tos_file"), "{told}");
        }
    }

    #[test]
    fn terms_file_gives_the_terms_an_address_unless_they_have_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terms.txt");
        std::fs::write(&path, "\u{feff}Be kind.\n\nBe brief.\n").unwrap();
        let set = format!("signups.tos_file = {path:?}\nsignups.privacy_file = {path:?}\n");
        let signups = Settings::parse(&set, []).unwrap().signups;
        assert_eq!((&*signups.tos_url, &*signups.privacy_url), ("/about#terms", "/about#privacy"));
        assert_eq!(signups.terms.unwrap().paragraphs(), [["Be kind."], ["Be brief."]]);
        let elsewhere = format!("{set}signups.tos_url = \"https://example.com/terms\"");
        assert_eq!(Settings::parse(&elsewhere, []).unwrap().signups.tos_url, "https://example.com/terms");
    }
}
