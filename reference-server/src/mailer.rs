//! Mail as files: one `.eml` a mail in `data/mail/`, for a server without a mail transport (running contract §1).

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Mail, Mailer};
use lysand_auth::model::account::Account;

/// Where somebody looks after an account that may be in other hands.
const ACCOUNT: &str = crate::your_account::PATH;
const APPS: &str = "/oauth/authorized_applications";

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

    /// The whole mail as RFC 5322 writes it.
    fn message(&self, id: &str, address: &str, subject: &str, body: &str) -> String {
        let host =
            if self.base_url.host().parse::<std::net::Ipv4Addr>().is_ok() || self.base_url.host().starts_with('[') {
                "localhost"
            } else {
                self.base_url.host()
            };
        let mut text = String::new();
        for (name, value) in [
            ("From", format!("{} <noreply@{host}>", encoded(&self.title))),
            ("To", format!("<{address}>")),
            ("Subject", encoded(subject)),
            ("Date", date(self.ambient.now().seconds())),
            ("Message-ID", format!("<{id}@{host}>")),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "8bit".to_owned()),
            ("Auto-Submitted", "auto-generated".to_owned()),
        ] {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        for line in std::iter::once("").chain(body.lines()) {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text
    }

    /// Subject and words of a mail; `None` for one that this version has no words for.
    fn words(&self, to: &Account, mail: &Mail) -> Option<(String, String)> {
        let (name, title, site) = (&to.username, &self.title, self.base_url.as_str());
        match mail {
            Mail::PasswordChanged => Some((
                format!("Your password for {title} was changed"),
                format!(
                    "Hello {name},\n\nthe password of your account at {site} was changed. All devices and apps were \
                     signed out.\n\nIf that was you, there is nothing to do but to sign in again.\n\nIf it was not, \
                     write to whoever runs {title} at once.\n"
                ),
            )),
            Mail::IdentityLinked { provider } => {
                let provider = one_line(provider);
                Some((
                    format!("{provider} can now sign you in to {title}"),
                    format!(
                        "Hello {name},\n\nan identity at {provider} was linked to your account at {site}. Whoever signs in \
                         with it there can sign in to your account here.\n\nIf that was you, there is nothing to \
                         do.\n\nIf it was not, somebody else can act for your account:\n\n\
                         1. Sign in and remove the link: {site}{ACCOUNT}\n\
                         2. Remove the apps that you do not know: {site}{APPS}\n\
                         3. Write to whoever runs {title}, and ask for a new password.\n"
                    ),
                ))
            }
            Mail::IdentityUnlinked { provider } => {
                let provider = one_line(provider);
                Some((
                    format!("{provider} no longer signs you in to {title}"),
                    format!(
                        "Hello {name},\n\nyour identity at {provider} is no longer linked to your account at {site}. It \
                         opens the account no more.\n\nIf that was you, there is nothing to do.\n\nIf it was not, somebody \
                         else can act for your account: remove the apps that you do not know at {site}{APPS}, and write \
                         to whoever runs {title} at once.\n"
                    ),
                ))
            }
            _ => None,
        }
    }
}

/// A name as it may stand within a sentence: no line of its own, nothing that steers a terminal.
fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, to: &Account, mail: Mail) -> HostResult<()> {
        let Some(email) = &to.email else { return Ok(()) };
        let (subject, body) = self.words(to, &mail).ok_or("this version has no words for that mail")?;
        let id = self.ambient.id();
        let message = self.message(&id, &email.address, &subject, &body);
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || write(&folder, &id, &message)).await??;
        Ok(())
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

/// Text for a header: as it is when it is plain, else as encoded words (RFC 2047). Control characters cannot end the
/// header, since whatever is not plain is encoded.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_'!".contains(&byte);
    if text.bytes().all(plain) && text.len() <= 60 && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        // 45 bytes make 60 characters of base64, which with the frame stays below the 75 of RFC 2047 §2.
        if word.len() + character.len_utf8() > 45 {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    words.push(word);
    let words: Vec<_> = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

/// A date as RFC 5322 §3.3 writes it.
fn date(seconds: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|moment| moment.format(&time::format_description::well_known::Rfc2822).ok())
        .unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use lysand_auth::model::account::{AccountId, Email};

    use super::*;

    fn person(email: Option<&str>) -> Account {
        Account {
            email: email.map(|address| Email { address: address.into(), confirmed: true }),
            ..Account::new(AccountId::new("1"), "alice")
        }
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
    async fn a_mail_is_a_private_file_of_headers_and_text() {
        let folder = tempfile::tempdir().unwrap();
        mailer(folder.path(), "My instance").send(&person(Some("a@b.example")), Mail::PasswordChanged).await.unwrap();
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
    async fn a_name_cannot_add_headers() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = mailer(folder.path(), "Schöne <Grüße>\r\nBcc: x@y.example");
        mailer.send(&person(Some("a@b.example")), Mail::PasswordChanged).await.unwrap();
        let text = std::fs::read_to_string(only_mail(folder.path())).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("Bcc") && head.contains("From: =?utf-8?B?"), "{head}");
        assert!(head.lines().all(|line| line.len() <= 98 && line.is_ascii()), "{head}");
    }

    #[tokio::test]
    async fn a_provider_cannot_add_headers_or_lines() {
        let name = "Evil\r\nBcc: x@y.example\r\n\r\n<b>\u{1b}[2J\u{2028}Pay";
        for mail in
            [Mail::IdentityLinked { provider: name.to_owned() }, Mail::IdentityUnlinked { provider: name.to_owned() }]
        {
            let folder = tempfile::tempdir().unwrap();
            mailer(folder.path(), "My instance").send(&person(Some("a@b.example")), mail).await.unwrap();
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

    #[tokio::test]
    async fn without_an_address_there_is_no_mail() {
        let folder = tempfile::tempdir().unwrap();
        mailer(folder.path(), "x").send(&person(None), Mail::PasswordChanged).await.unwrap();
        assert!(!folder.path().join("mail").exists());
    }

    #[test]
    fn dates_are_those_of_mail() {
        assert_eq!(date(1_479_945_600), "Thu, 24 Nov 2016 00:00:00 +0000");
    }
}
