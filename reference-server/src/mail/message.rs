//! A mail as RFC 5322 writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lysand_auth::config::BaseUrl;

/// What a mail has beside its subject and its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// Unique among all mails.
    pub(super) id: &'a str,
    /// The name in `From:`.
    pub(super) sender: &'a str,
    /// The host that sends it.
    pub(super) host: &'a str,
    /// The address in `To:`.
    pub(super) recipient: &'a str,
    /// When it is sent, in seconds since 1970.
    pub(super) date: i64,
}

impl Message<'_> {
    /// The whole mail.
    pub(super) fn with(&self, subject: &str, body: &str) -> String {
        let Self { id, host, .. } = self;
        let mut text = String::new();
        for (name, value) in [
            ("From", format!("{} <noreply@{host}>", encoded(self.sender))),
            ("To", format!("<{}>", self.recipient)),
            ("Subject", encoded(subject)),
            ("Date", date(self.date)),
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
}

/// The host in the addresses of mail: that of the origin, unless that is an IP address.
pub(super) fn host_of(base_url: &BaseUrl) -> &str {
    let host = base_url.host();
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') { "localhost" } else { host }
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
    use super::*;

    #[test]
    fn mail_date_header_follows_rfc_5322_format() {
        assert_eq!(date(1_479_945_600), "Thu, 24 Nov 2016 00:00:00 +0000");
    }
}
