//! Mail as files: one `.eml` a mail in `data/mail/`, for a server without a mail server (running contract §1, PPL-172).

use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use lysand_auth::Ambient;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, Mailer};

use super::message::Messages;

/// Writes each mail as a file that only the server's user can read, and removes old ones: they hold live links.
pub struct FileMailer {
    folder: PathBuf,
    messages: Messages,
    keep: Duration,
    ambient: Ambient,
}

impl fmt::Debug for FileMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileMailer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl FileMailer {
    /// Mail below `folder`, which is made when the first mail is written; each file is removed after `keep`.
    #[must_use]
    pub fn new(folder: PathBuf, messages: Messages, keep: Duration, ambient: Ambient) -> Self {
        remove_older(&folder, oldest(&ambient, keep));
        Self { folder, messages, keep, ambient }
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, letter: &Letter) -> HostResult<()> {
        self.deliver(letter).await.map(drop)
    }

    async fn deliver(&self, letter: &Letter) -> HostResult<Option<String>> {
        let message = self.messages.message(letter)?.formatted();
        let id = self.ambient.id();
        let (folder, name) = (self.folder.clone(), format!("{id}.eml"));
        let oldest = oldest(&self.ambient, self.keep);
        let written = tokio::task::spawn_blocking(move || {
            remove_older(&folder, oldest);
            write(&folder, &id, &message)
        });
        written.await??;
        tracing::info!(kind = letter.mail.kind(), file = name, "mail written");
        Ok(Some(format!("written to {name}")))
    }

    /// The admin finds them in a folder.
    fn reaches_people(&self) -> bool {
        false
    }
}

/// Writes a mail so that nobody ever sees half of it: under another name first, then renamed.
fn write(folder: &Path, id: &str, message: &[u8]) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{id}.part"));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(format!("{id}.eml")))
}

/// Removes the mails that were written before this moment, which their names tell. What cannot be removed stays.
fn remove_older(folder: &Path, oldest: u64) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name.strip_suffix(".eml").or_else(|| name.strip_prefix('.')?.strip_suffix(".part"));
        if id.and_then(millis_of).is_some_and(|written| written < oldest) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The moment before which files are too old, in milliseconds.
fn oldest(ambient: &Ambient, keep: Duration) -> u64 {
    u64::try_from(ambient.now().minus(keep).micros() / 1_000).unwrap_or(0)
}

/// When an id was made: the first 48 bits of a UUID of version 7, in milliseconds (RFC 9562 §5.7).
fn millis_of(id: &str) -> Option<u64> {
    let digits: String = id.chars().filter(|c| *c != '-').take(12).collect();
    u64::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 12 && id.len() == 36)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use lysand_auth::ambient::{Clock, Timestamp};
    use lysand_auth::host::mailer::Mail;
    use lysand_auth::secret::Secret;

    use super::*;
    use crate::mail::snapshots::messages;

    fn letter(mail: Mail) -> Letter {
        Letter::new("a@b.example", mail).with_username("alice")
    }

    fn mailer(folder: &Path, title: &str, ambient: Ambient) -> FileMailer {
        let keep = Duration::from_secs(7 * 86_400);
        FileMailer::new(folder.join("mail"), messages(title, "en", ambient.clone()), keep, ambient)
    }

    fn mails(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder.join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn only_mail(folder: &Path) -> PathBuf {
        let mails = mails(folder);
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails[0].clone()
    }

    #[tokio::test]
    async fn mail_file_is_private_with_headers_text_and_html() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(folder.path(), "My instance", Ambient::system());
        let link = "https://social.example/register/confirm?token=abc_-1";
        mailer
            .send(&letter(Mail::Confirm).with_link(Secret::new(link)).with_code(Secret::new("12345678")))
            .await
            .unwrap();
        let path = only_mail(folder.path());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().join("mail").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let text = std::fs::read_to_string(path).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        for wanted in [
            "From: \"My instance\" <noreply@social.example>\r\n",
            "To: a@b.example\r\n",
            "\r\nDate: ",
            "\r\nMessage-ID: <",
            "@social.example>\r\n",
            "\r\nAuto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(format!("{head}\r\n").contains(wanted), "{wanted}: {head}");
        }
        let (plain, html) = body.split_once("text/html").unwrap();
        assert!(plain.contains("\r\nHello alice,\r\n") && plain.contains(&format!("\r\n{link}\r\n")), "{plain}");
        assert!(plain.contains("12345678\r\n") && html.contains("<strong>12345678</strong>"), "{body}");
        assert!(html.contains(&format!("<a href=\"{link}\">")), "{html}");
        assert!(!text.replace("\r\n", "").contains('\n'));
    }

    #[tokio::test]
    async fn mail_header_injection_through_instance_title_is_prevented() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(folder.path(), "Schöne <Grüße>\r\nBcc: x@y.example", Ambient::system());
        mailer.send(&letter(Mail::SignedOutEverywhere)).await.unwrap();
        let text = std::fs::read_to_string(only_mail(folder.path())).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(head.lines().all(|line| line.len() <= 98 && line.is_ascii()), "{head}");
    }

    #[tokio::test]
    async fn mail_injection_through_provider_name_is_prevented() {
        let name = "Evil\r\nBcc: x@y.example\r\n\r\n<b>\u{1b}[2J\u{2028}Pay";
        for mail in
            [Mail::IdentityLinked { provider: name.to_owned() }, Mail::IdentityUnlinked { provider: name.to_owned() }]
        {
            let folder = tempfile::tempdir().unwrap();
            mailer(folder.path(), "My instance", Ambient::system()).send(&letter(mail)).await.unwrap();
            let text = std::fs::read_to_string(only_mail(folder.path())).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let names: Vec<_> = head.lines().filter(|line| !line.starts_with(' ')).collect();
            assert!(names.len() == 8 && !head.contains("Bcc"), "{head}");
            assert!(head.lines().all(|line| line.len() <= 98 && line.is_ascii()), "{head}");
            assert!(body.contains("Evil Bcc: x@y.example <b> [2J Pay"), "{body}");
            assert!(body.contains("Evil Bcc: x@y.example &lt;b&gt; [2J Pay"), "{body}");
            assert!(!body.lines().any(|line| line.starts_with("Bcc") || line.starts_with("Pay")), "{body}");
            assert!(!body.replace("\r\n", "").contains(char::is_control), "{body}");
        }
    }

    #[derive(Clone, Copy)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0)
        }
    }

    #[tokio::test]
    async fn mail_file_is_removed_when_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let day = 86_400_000_000;
        for (days, there) in [(100, 1), (106, 2), (108, 2), (120, 1)] {
            let ambient = Ambient::system().with_clock(Arc::new(At(days * day)));
            mailer(folder.path(), "T", ambient).send(&letter(Mail::Welcome)).await.unwrap();
            assert_eq!(mails(folder.path()).len(), there, "{days}");
        }
        std::fs::write(folder.path().join("mail/notes.txt"), "mine").unwrap();
        remove_older(&folder.path().join("mail"), u64::MAX);
        assert_eq!(mails(folder.path()).len(), 1, "what is not ours stays");
    }
}
