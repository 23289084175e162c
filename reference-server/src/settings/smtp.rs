//! `[smtp]`: how mail leaves (PPL-171, PPL-172, PPL-206, PPL-207).

use std::net::ToSocketAddrs as _;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use lysand_auth::config::MailRules;
use lysand_auth::secret::Secret;
use toml::Value as Toml;

use super::reader::Reader;
use super::sections::within;
use super::value::Value;

/// The port on which TLS begins with the first byte.
const IMPLICIT_TLS_PORT: u16 = 465;

/// `[smtp]`.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// How to reach the mail server; `None` when mail is written to files.
    pub server: Option<SmtpServer>,
    /// Who sends; nothing for the instance's title at the host of the base URL.
    pub from: Option<Mailbox>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// How long files of mails are kept: they hold live links.
    pub keep_files: Duration,
    /// How the library sends.
    pub rules: MailRules,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name, for which its certificate must be.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are there; nothing where nobody asks.
    pub username: String,
    /// The password to it.
    pub password: Secret,
    /// How the way there is encrypted.
    pub encryption: Encryption,
    /// Certificates of private authorities, in PEM, that may vouch for it.
    pub trusted_roots: Vec<u8>,
    /// How long one mail may take.
    pub timeout: Duration,
    /// Connections to it at the same time.
    pub max_connections: usize,
}

/// How the way to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte.
    Implicit,
    /// The server must offer STARTTLS, and nothing is said before.
    StartTls,
    /// None, to this machine alone.
    None,
}

/// `smtp.tls`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsChoice {
    On,
    Off,
    Implicit,
    StartTls,
}

impl Value for TlsChoice {
    const WANTED: &'static str = "true, false, \"implicit\" or \"starttls\"";

    fn read(given: &Toml) -> Option<Self> {
        match (given.as_bool(), given.as_str().map(str::trim)) {
            (Some(true), _) | (_, Some("true")) => Some(Self::On),
            (Some(false), _) | (_, Some("false")) => Some(Self::Off),
            (_, Some("implicit")) => Some(Self::Implicit),
            (_, Some("starttls")) => Some(Self::StartTls),
            _ => None,
        }
    }

    fn write(&self) -> Toml {
        match self {
            Self::On => Toml::Boolean(true),
            Self::Off => Toml::Boolean(false),
            Self::Implicit => Toml::String("implicit".to_owned()),
            Self::StartTls => Toml::String("starttls".to_owned()),
        }
    }
}

impl TlsChoice {
    fn encryption(self, port: u16) -> Encryption {
        match self {
            Self::On if port == IMPLICIT_TLS_PORT => Encryption::Implicit,
            Self::On | Self::StartTls => Encryption::StartTls,
            Self::Implicit => Encryption::Implicit,
            Self::Off => Encryption::None,
        }
    }
}

pub(super) fn smtp(reader: &mut Reader) -> Smtp {
    let enabled = reader.get("smtp.enabled", false);
    let from = mailbox(reader, "smtp.from");
    let reply_to = mailbox(reader, "smtp.reply_to");
    let server = server(reader, enabled);
    let mut rules = MailRules::default();
    rules.retry_for = reader.checked("smtp.retry_for", rules.retry_for, |time| within(time, 60, 30 * 86_400));
    let week = Duration::from_secs(7 * 86_400);
    let keep_files = reader.checked("smtp.keep_files", week, |time| within(time, 60, 366 * 86_400));
    Smtp { server: server.filter(|_| enabled), from, reply_to, keep_files, rules }
}

fn server(reader: &mut Reader, enabled: bool) -> Option<SmtpServer> {
    let host = reader.checked("smtp.server", String::new(), |host: String| host_name(host.trim()));
    let port: u16 = reader.get("smtp.port", IMPLICIT_TLS_PORT);
    let username = reader.get("smtp.username", String::new());
    let password = reader.secret("smtp.password", "", |_| Ok(()), masked);
    let tls = reader.get("smtp.tls", TlsChoice::On);
    let trusted_roots = trusted_roots(reader);
    let timeout = reader.checked("smtp.timeout", Duration::from_secs(20), |time| within(time, 1, 45));
    let max_connections = reader.checked("smtp.max_connections", 2_u32, |number| match number {
        1..=100 => Ok(number),
        _ => Err("Give a number from 1 to 100.".to_owned()),
    });
    if !enabled {
        return None;
    }
    if host.is_empty() {
        reader.note("smtp.server", "Give the name of the mail server, which smtp.enabled = true needs.");
        return None;
    }
    if port == 0 {
        reader.note("smtp.port", "Give the port of the mail server: 465, 587 or 25.");
    }
    if username.is_empty() != password.is_empty() {
        reader.note("smtp.username", "Give both smtp.username and smtp.password, or neither.");
    }
    if tls == TlsChoice::Off && !is_on_this_machine(&host, port) {
        let remedy = "Mail would travel in the clear: only a server on this machine may be spoken to with smtp.tls = \
                      false. Give true.";
        reader.note("smtp.tls", remedy);
    }
    Some(SmtpServer {
        host,
        port,
        username,
        password,
        encryption: tls.encryption(port),
        trusted_roots,
        timeout,
        max_connections: usize::try_from(max_connections).unwrap_or(1),
    })
}

fn masked(password: &str) -> String {
    if password.is_empty() { String::new() } else { "***".to_owned() }
}

/// Whether all addresses of a name are this machine's.
fn is_on_this_machine(host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']);
    let addresses: Vec<_> = (host, port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    !addresses.is_empty() && addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
}

fn host_name(host: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    match host.bytes().all(plain) && !host.contains("://") && (!host.contains(':') || host.contains("::")) {
        true => Ok(host.trim_matches(['[', ']']).to_owned()),
        false => Err("Give a name alone, such as \"smtp.example\"; the port is smtp.port.".to_owned()),
    }
}

fn mailbox(reader: &mut Reader, key: &str) -> Option<Mailbox> {
    let given = reader.checked(key, String::new(), |text: String| match parsed_mailbox(&text) {
        Some(_) => Ok(text.trim().to_owned()),
        None if text.trim().is_empty() => Ok(String::new()),
        None => Err("Give one address, such as \"My instance <noreply@social.example>\".".to_owned()),
    });
    parsed_mailbox(&given)
}

fn parsed_mailbox(text: &str) -> Option<Mailbox> {
    let mailbox: Mailbox = text.trim().parse().ok()?;
    let is_plain = !mailbox.name.as_deref().unwrap_or_default().chars().any(char::is_control);
    is_plain.then_some(mailbox)
}

fn trusted_roots(reader: &mut Reader) -> Vec<u8> {
    let folder = reader.folder();
    let read = |file: &PathBuf| {
        let pem = std::fs::read(folder.join(file)).map_err(|error| error.to_string())?;
        match pem.windows(11).any(|window| window == b"-----BEGIN ") && Certificate::from_pem(&pem).is_ok() {
            true => Ok(pem),
            false => Err("there is no certificate in it".to_owned()),
        }
    };
    let file = reader.checked("smtp.ca_file", PathBuf::new(), |file: PathBuf| match file.as_os_str().is_empty() {
        true => Ok(file),
        false => match read(&file) {
            Ok(_) => Ok(file),
            Err(why) => Err(format!("Give a file of certificates in PEM that the server can read: {why}.")),
        },
    });
    if file.as_os_str().is_empty() { Vec::new() } else { read(&file).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn problems(text: &str) -> String {
        let given = Settings::parse(text, []);
        given.err().map(|problems| problems.to_string()).unwrap_or_default()
    }

    fn smtp_of(lines: &str) -> Smtp {
        Settings::parse(&format!("[smtp]\n{lines}"), []).unwrap_or_else(|problems| panic!("{problems}")).smtp
    }

    #[test]
    fn smtp_tls_is_implicit_on_465_and_demanded_elsewhere() {
        for (lines, wanted) in [
            ("", Encryption::Implicit),
            ("port = 587", Encryption::StartTls),
            ("port = 25\ntls = true", Encryption::StartTls),
            ("port = 2465\ntls = \"implicit\"", Encryption::Implicit),
            ("tls = \"starttls\"", Encryption::StartTls),
        ] {
            let smtp = smtp_of(&format!("enabled = true\nserver = \"mail.example\"\n{lines}"));
            assert_eq!(smtp.server.unwrap().encryption, wanted, "{lines}");
        }
        assert!(smtp_of("enabled = false\nserver = \"mail.example\"").server.is_none());
    }

    #[test]
    fn smtp_without_tls_is_refused_but_on_this_machine() {
        for host in ["127.0.0.1", "::1", "localhost"] {
            let smtp = smtp_of(&format!("enabled = true\nserver = \"{host}\"\ntls = false\nport = 25"));
            assert_eq!(smtp.server.unwrap().encryption, Encryption::None);
        }
        for host in ["192.0.2.1", "10.0.0.1", "nobody-has-this-name.invalid", "0.0.0.0"] {
            let told = problems(&format!("[smtp]\nenabled = true\nserver = \"{host}\"\ntls = false"));
            assert!(told.contains("smtp.tls") && told.contains("in the clear"), "{host}: {told}");
        }
    }

    #[test]
    fn smtp_mistakes_are_told_with_remedies() {
        for (lines, key) in [
            ("enabled = true", "smtp.server"),
            ("server = \"smtp://mail.example\"", "smtp.server"),
            ("server = \"mail.example:587\"", "smtp.server"),
            ("enabled = true\nserver = \"a.example\"\nusername = \"ada\"", "smtp.username"),
            ("tls = \"plain\"", "smtp.tls"),
            ("from = \"nobody\"", "smtp.from"),
            ("reply_to = \"a@b.example, c@d.example\"", "smtp.reply_to"),
            ("ca_file = \"/nowhere/ca.pem\"", "smtp.ca_file"),
            ("timeout = \"10m\"", "smtp.timeout"),
            ("max_connections = 0", "smtp.max_connections"),
            ("retry_for = \"1s\"", "smtp.retry_for"),
            ("sever = \"mail.example\"", "smtp.server"),
        ] {
            let told = problems(&format!("[smtp]\n{lines}"));
            assert!(told.contains(key), "{lines}: {told}");
        }
        let shown = Settings::parse("[smtp]\nusername = \"a\"\npassword = \"hunter2\"", []).unwrap();
        assert!(!shown.to_toml().contains("hunter2"));
    }
}
