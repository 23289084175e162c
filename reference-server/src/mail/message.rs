//! A mail as it is sent: text and HTML in one message with its headers (PPL-173, PPL-174).

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::mailer::{Letter, MailRefused};

use super::sentences::one_line;
use super::templates::MailTemplates;

/// The longest line of a mail without encoding (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 990;

/// Puts mails together.
pub struct Messages {
    templates: MailTemplates,
    sender: Mailbox,
    reply_to: Option<Mailbox>,
    host: String,
    ambient: Ambient,
}

/// Whom the mails come from.
#[derive(Clone, Debug)]
pub struct Sender<'a> {
    /// The configured one.
    pub from: Option<Mailbox>,
    /// Where answers go.
    pub reply_to: Option<Mailbox>,
    /// The name of the server.
    pub title: &'a str,
    /// Its origin.
    pub base_url: &'a BaseUrl,
}

impl Messages {
    /// Mails in these words, from this sender.
    ///
    /// # Errors
    /// When there is no address that could be the sender's.
    pub fn new(templates: MailTemplates, sender: Sender<'_>, ambient: Ambient) -> HostResult<Self> {
        let host = host_of(sender.base_url).to_owned();
        let usual =
            || Address::new("noreply", &host).map(|address| Mailbox::new(Some(one_line(sender.title)), address));
        let from = match sender.from {
            Some(from) => from,
            None => usual()?,
        };
        Ok(Self { templates, sender: from, reply_to: sender.reply_to, host, ambient })
    }

    /// The host that the mails come from.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// One mail.
    ///
    /// # Errors
    /// When its address is none, or this version has no words for it.
    pub fn message(&self, letter: &Letter) -> HostResult<Message> {
        let address: Address =
            letter.address.parse().map_err(|error| MailRefused::new(format!("the address cannot be used: {error}")))?;
        let words = self.templates.words(letter)?;
        let now = self.ambient.now();
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let mut message = Message::builder()
            .from(self.sender.clone())
            .to(Mailbox::new(None, address))
            .subject(words.subject)
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}@{}>", self.ambient.id(), self.host)))
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body(words.text));
        let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(body(words.html));
        Ok(message.multipart(MultiPart::alternative().singlepart(text).singlepart(html))?)
    }
}

/// The body of a part: as it is where that may travel, so that a link in a file can be read and copied.
fn body(text: String) -> Body {
    let is_plain = text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST_LINE);
    if !is_plain {
        return Body::new(text);
    }
    let lines: String = text.lines().flat_map(|line| [line, "\r\n"]).collect();
    Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no robot answers.
#[derive(Clone, Copy, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The host in the addresses of mail: that of the origin, unless that is an IP address.
fn host_of(base_url: &BaseUrl) -> &str {
    let host = base_url.host();
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') { "localhost" } else { host }
}
