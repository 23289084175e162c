//! `[sessions]`: what is kept of sign-ins with browsers, and when they end.

use lysand_auth::config::{Networks, SessionRules};

use super::reader::Reader;
use super::sections::within;

pub(super) fn sessions(reader: &mut Reader) -> SessionRules {
    let usual = SessionRules::default();
    let mut rules = SessionRules::default();
    rules.idle_ttl = reader.checked("sessions.idle_ttl", usual.idle_ttl, |ttl| within(ttl, 600, 366 * 86_400));
    rules.new_sign_in_mail = reader.get("sessions.new_sign_in_mail", usual.new_sign_in_mail);
    let networks = [("coarse", Networks::Coarse), ("full", Networks::Full), ("none", Networks::None)];
    rules.networks = reader.choice("sessions.networks", networks);
    let accounts = usual.accounts_per_browser;
    rules.accounts_per_browser = reader.checked("sessions.accounts_per_browser", accounts, |number: u32| {
        if (1..=10).contains(&number) { Ok(number) } else { Err("Give a number from 1 to 10.".to_owned()) }
    });
    rules
}
