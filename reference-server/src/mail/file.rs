//! Mail as files: one `.eml` a mail in `data/mail/`, for a server without a mail transport (running contract §1).

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, Mailer};

use super::message::{Message, host_of};
use super::texts;

/// Writes each mail as a file that only the server's user can read.
#[derive(Clone, Debug)]
pub struct FileMailer {
    folder: PathBuf,
    /// The name in `From:`.
    title: String,
    base_url: BaseUrl,
    ambient: Ambient,
}

impl FileMailer {
    /// Mail below `folder`, which is made when the first mail is written, in the name of `title`.
    #[must_use]
    pub fn new(folder: PathBuf, title: &str, base_url: &BaseUrl, ambient: Ambient) -> Self {
        Self { folder, title: title.to_owned(), base_url: base_url.clone(), ambient }
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, letter: &Letter) -> HostResult<()> {
        let site = self.base_url.as_str();
        let name = letter.username.as_deref().unwrap_or(&letter.address);
        let text =
            texts::text(&letter.mail, name, &self.title, site).ok_or("this version has no text for that mail")?;
        let id = self.ambient.id();
        let message = Message {
            id: &id,
            sender: &self.title,
            host: host_of(&self.base_url),
            recipient: &letter.address,
            date: self.ambient.now().seconds(),
        };
        let message = message.with(&text.subject, &text.body);
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || write(&folder, &id, &message)).await??;
        Ok(())
    }

    /// The admin finds them in a folder.
    fn reaches_people(&self) -> bool {
        false
    }
}

/// Writes a mail so that nobody ever sees half of it: under another name first, then renamed.
fn write(folder: &Path, id: &str, message: &str) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{id}.part"));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(message.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(format!("{id}.eml")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use lysand_auth::host::mailer::Mail;

    use super::*;

    fn letter(mail: Mail) -> Letter {
        Letter::new("a@b.example", mail).with_username("alice")
    }

    fn mailer(folder: &Path, title: &str) -> FileMailer {
        let base_url = BaseUrl::parse("https://social.example").unwrap();
        FileMailer::new(folder.join("mail"), title, &base_url, Ambient::system())
    }

    fn only_mail(folder: &Path) -> PathBuf {
        let mails: Vec<_> =
            std::fs::read_dir(folder.join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails[0].clone()
    }

    #[tokio::test]
    async fn mail_file_is_private_with_headers_and_text() {
        let folder = tempfile::tempdir().unwrap();
        mailer(folder.path(), "My instance").send(&letter(Mail::PasswordChanged)).await.unwrap();
        let path = only_mail(folder.path());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().join("mail").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let text = std::fs::read_to_string(path).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("From: My instance <noreply@social.example>\r\n"), "{head}");
        assert!(head.contains("To: <a@b.example>\r\n") && head.contains("\r\nDate: "), "{head}");
        assert!(body.starts_with("Hello alice,\r\n") && body.contains("https://social.example"));
        assert!(!text.replace("\r\n", "").contains('\n'));
    }

    #[tokio::test]
    async fn mail_header_injection_through_instance_title_is_prevented() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(folder.path(), "Schöne <Grüße>\r\nBcc: x@y.example");
        mailer.send(&letter(Mail::PasswordChanged)).await.unwrap();
        let text = std::fs::read_to_string(only_mail(folder.path())).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("Bcc") && head.contains("From: =?utf-8?B?"), "{head}");
        assert!(head.lines().all(|line| line.len() <= 98 && line.is_ascii()), "{head}");
    }

    #[tokio::test]
    async fn mail_injection_through_provider_name_is_prevented() {
        let name = "Evil\r\nBcc: x@y.example\r\n\r\n<b>\u{1b}[2J\u{2028}Pay";
        for mail in
            [Mail::IdentityLinked { provider: name.to_owned() }, Mail::IdentityUnlinked { provider: name.to_owned() }]
        {
            let folder = tempfile::tempdir().unwrap();
            mailer(folder.path(), "My instance").send(&letter(mail)).await.unwrap();
            let text = std::fs::read_to_string(only_mail(folder.path())).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let names: Vec<_> = head.lines().filter(|line| !line.starts_with(' ')).collect();
            assert!(names.len() == 9 && !head.contains("Bcc"), "{head}");
            assert!(head.lines().all(|line| line.len() <= 98 && line.is_ascii()), "{head}");
            assert!(body.contains("Evil Bcc: x@y.example <b> [2J Pay"), "{body}");
            assert!(!body.lines().any(|line| line.starts_with("Bcc") || line.starts_with("Pay")), "{body}");
            assert!(!body.replace("\r\n", "").contains(char::is_control), "{body}");
        }
    }
}
