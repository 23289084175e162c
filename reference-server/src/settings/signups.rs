//! `[signups]` and `[events]`: who may sign up, what is asked of them, how long things of it live.

use std::net::SocketAddr;
use std::time::Duration;

use lysand_auth::config::{ChangeEnds, Invitations, Lifetimes, PasswordRules, Signups};

use super::legal;
use super::reader::Reader;
use super::sections::within;

const DAY: u64 = 24 * 3600;
/// Where name servers listen.
const DNS_PORT: u16 = 53;

pub(super) fn signups(reader: &mut Reader) -> Signups {
    let usual = Signups::default();
    let mut signups = Signups::default();
    signups.registration = reader.get("signups.registration", true);
    signups.approval = reader.get("signups.approval", false);
    let policies = [("admins", Invitations::Staff), ("off", Invitations::Off), ("people", Invitations::People)];
    signups.invitations = reader.choice("signups.invitations", policies);
    signups.max_open_invitations = reader.get("invitations.max_open", usual.max_open_invitations);
    signups.inviter_age =
        reader.checked("invitations.account_age", usual.inviter_age, |age| within(age, 0, 3_650 * DAY));
    signups.reason_required = reader.get("signups.reason_required", false);
    signups.minimum_age = reader.checked("signups.minimum_age", 0_u16, |age| match age {
        0..=120 => Ok(age),
        _ => Err("Give an age up to 120; 0 asks nobody.".to_owned()),
    }) as u8;
    signups.message = reader.checked("signups.message", String::new(), |text: String| match text.chars().count() {
        0..=1_000 => Ok(text.trim().to_owned()),
        _ => Err("Give at most 1000 characters.".to_owned()),
    });
    signups.tos_url = reader.checked("signups.tos_url", String::new(), address);
    signups.privacy_url = reader.checked("signups.privacy_url", String::new(), address);
    signups.terms = legal::text(reader, "signups.tos_file");
    signups.privacy = legal::text(reader, "signups.privacy_file");
    // A text that stands nowhere else stands on our own page.
    for (text, address, own) in [
        (&signups.terms, &mut signups.tos_url, "/about#terms"),
        (&signups.privacy, &mut signups.privacy_url, "/about#privacy"),
    ] {
        if text.is_some() && address.is_empty() {
            own.clone_into(address);
        }
    }
    signups.rules = reader.get("signups.rules", Vec::new());
    signups.email_domains_blocked = reader.checked("signups.email_domains_blocked", Vec::new(), domains);
    signups.email_domains_allowed = reader.checked("signups.email_domains_allowed", Vec::new(), domains);
    signups.hide_taken_addresses = reader.get("signups.hide_taken_addresses", false);
    signups.proof_of_work = reader.get("signups.proof_of_work", usual.proof_of_work);
    signups.proof_of_work_cost = reader.get("signups.proof_of_work_cost", usual.proof_of_work_cost);
    signups
}

/// Whom to ask where mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameServer {
    /// Those that the operating system names.
    OfSystem,
    /// This one.
    At(SocketAddr),
}

impl NameServer {
    /// An address with or without a port; nothing for those of the system.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::OfSystem);
        }
        let with_usual_port = || Some(SocketAddr::new(text.parse().ok()?, DNS_PORT));
        text.parse().ok().or_else(with_usual_port).map(Self::At)
    }
}

/// `signups.check_mail_domain` and `signups.dns`.
pub(super) fn name_server(reader: &mut Reader) -> Option<NameServer> {
    let checks = reader.get("signups.check_mail_domain", false);
    let text = reader.checked("signups.dns", String::new(), |text: String| match NameServer::parse(&text) {
        Some(_) => Ok(text),
        None => Err("Give the address of a name server, such as 192.0.2.53 or [::1]:5353.".to_owned()),
    });
    NameServer::parse(&text).filter(|_| checks)
}

fn address(text: String) -> Result<String, String> {
    let text = text.trim().to_owned();
    let is_web = |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match text.is_empty() || text.starts_with('/') || is_web(&text) {
        true => Ok(text),
        false => Err("Give an address that begins with https:, or a path on this server.".to_owned()),
    }
}

fn domains(names: Vec<String>) -> Result<Vec<String>, String> {
    let is_domain = |name: &String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        !name.is_empty() && name.bytes().all(allowed) && !name.starts_with('.') && !name.ends_with('.')
    };
    match names.iter().all(is_domain) {
        true => Ok(names),
        false => Err("Give names of hosts, such as [\"example.com\"].".to_owned()),
    }
}

/// `password.reset_ttl`, `password.change_ends` and `email.undo_for`.
pub(super) fn password_rules(reader: &mut Reader) -> PasswordRules {
    let mut rules = PasswordRules::default();
    rules.reset_ttl = reader.checked("password.reset_ttl", rules.reset_ttl, |ttl| within(ttl, 60, 3600));
    let ends = [("everything", ChangeEnds::Everything), ("sessions", ChangeEnds::Sessions)];
    rules.change_ends = reader.choice("password.change_ends", ends);
    rules.undo_for = reader.checked("email.undo_for", rules.undo_for, |time| within(time, 0, 90 * DAY));
    rules
}

/// Sets how long sign-ups and events live.
pub(super) fn lifetimes(reader: &mut Reader, lifetimes: &mut Lifetimes) {
    lifetimes.confirmation =
        reader.checked("signups.confirmation_ttl", lifetimes.confirmation, |ttl| within(ttl, 60, 3600));
    lifetimes.unconfirmed_account =
        reader.checked("signups.unconfirmed_ttl", lifetimes.unconfirmed_account, |ttl| within(ttl, 3600, 90 * DAY));
    lifetimes.review = reader.checked("signups.review_ttl", lifetimes.review, |ttl| within(ttl, DAY, 365 * DAY));
    lifetimes.event = reader.checked("events.keep", lifetimes.event, |ttl: Duration| within(ttl, DAY, 3_650 * DAY));
    lifetimes.event_network =
        reader.checked("events.keep_network", lifetimes.event_network, |ttl| within(ttl, DAY, 3_650 * DAY));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_server_is_an_address_with_or_without_a_port() {
        let at = |text: &str| Some(NameServer::At(text.parse().unwrap()));
        for (text, expected) in [
            (" ", Some(NameServer::OfSystem)),
            ("192.0.2.53", at("192.0.2.53:53")),
            ("192.0.2.53:5353", at("192.0.2.53:5353")),
            ("2001:db8::1", at("[2001:db8::1]:53")),
            ("[::1]:5353", at("[::1]:5353")),
            ("dns.example", None),
            ("192.0.2.53:65536", None),
        ] {
            assert_eq!(NameServer::parse(text), expected, "{text}");
        }
    }
}
