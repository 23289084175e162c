//! `[factors]`: which second factors there are, and how a sign-in with one goes.

use lysand_auth::config::{AfterSso, BaseUrl, FactorKind, Factors, Passkeys, Required};

use super::reader::Reader;
use super::sections::within;

const DAY: u64 = 24 * 3600;
/// The longest that a browser is trusted, in seconds: 400 days, as browsers keep no cookie for longer.
const LONGEST_TRUST: u64 = 400 * 24 * 3600;

pub(super) fn factors(reader: &mut Reader) -> Factors {
    let mut rules = Factors::default();
    let usual: Vec<String> = rules.methods.iter().map(|kind| kind.name().to_owned()).collect();
    let names = reader.checked("factors.methods", usual, |names: Vec<String>| {
        match names.iter().all(|name| FactorKind::named(name).is_some()) {
            true => Ok(names),
            false => Err("Give a list of \"passkey\", \"totp\", \"email\" and \"recovery\".".to_owned()),
        }
    });
    rules.methods = names.iter().filter_map(|name| FactorKind::named(name)).collect();
    let required = [
        ("none", Required::None),
        ("admins", Required::Admins),
        ("staff", Required::Staff),
        ("everyone", Required::Everyone),
    ];
    rules.required = reader.choice("factors.required", required);
    let usual: Vec<String> = rules.required_methods.iter().map(|kind| kind.name().to_owned()).collect();
    let names = reader.checked("factors.required_methods", usual, |names: Vec<String>| {
        match !names.is_empty() && names.iter().all(|name| ["passkey", "totp"].contains(&&**name)) {
            true => Ok(names),
            false => Err("Give a list of \"passkey\" and \"totp\".".to_owned()),
        }
    });
    rules.required_methods = names.iter().filter_map(|name| FactorKind::named(name)).collect();
    rules.grace = reader.checked("factors.grace", rules.grace, |grace| within(grace, 0, 365 * 24 * 3600));
    rules.after_sso = reader.choice("factors.after_sso", [("skip", AfterSso::Skip), ("ask", AfterSso::Ask)]);
    rules.pending_ttl = reader.checked("factors.pending_ttl", rules.pending_ttl, |ttl| within(ttl, 60, 600));
    let number = |most: u32| {
        move |number: u32| match (1..=most).contains(&number) {
            true => Ok(number),
            false => Err(format!("Give a number from 1 to {most}.")),
        }
    };
    rules.tries = reader.checked("factors.tries", rules.tries, number(20));
    rules.max_totp = reader.checked("factors.max_totp", rules.max_totp, number(20));
    rules.max_passkeys = reader.checked("factors.max_passkeys", rules.max_passkeys, number(100));
    rules.email_sign_in = reader.get("factors.email_sign_in", rules.email_sign_in);
    rules.passkey_sign_in = reader.get("factors.passkey_sign_in", rules.passkey_sign_in);
    rules.passkey_sign_up = reader.get("factors.passkey_sign_up", rules.passkey_sign_up);
    rules.passkey_alone = reader.get("factors.passkey_alone", rules.passkey_alone);
    rules.recovery_codes = reader.checked("factors.recovery_codes", rules.recovery_codes, number(50));
    rules.remember_for = reader.checked("factors.remember_for", rules.remember_for, |time| match time.is_zero() {
        true => Ok(time),
        false => within(time, 60, LONGEST_TRUST),
    });
    rules.remember_staff = reader.get("factors.remember_staff", rules.remember_staff);
    let back = &mut rules.way_back;
    back.enabled = reader.get("factors.way_back.enabled", back.enabled);
    back.wait = reader.checked("factors.way_back.wait", back.wait, |time| within(time, 3 * DAY, 90 * DAY));
    back.claim = reader.checked("factors.way_back.claim", back.claim, |time| within(time, DAY, 90 * DAY));
    back.admins = reader.get("factors.way_back.admins", back.admins);
    back.after_reset =
        reader.checked("factors.way_back.after_reset", back.after_reset, |time| within(time, 0, 400 * DAY));
    rules
}

/// `[passkeys]`: for which domain they are made.
pub(super) fn passkeys(reader: &mut Reader) -> Passkeys {
    let mut rules = Passkeys::default();
    let id: String = reader.get("passkeys.rp_id", String::new());
    rules.rp_id = Some(id).filter(|id| !id.is_empty());
    let origins = reader.checked("passkeys.related_origins", Vec::new(), |origins: Vec<String>| {
        match origins.iter().all(|origin| BaseUrl::parse(origin).is_ok()) {
            true => Ok(origins),
            false => Err("Give a list of origins, \"https://host\".".to_owned()),
        }
    });
    rules.related_origins = origins.iter().filter_map(|origin| BaseUrl::parse(origin).ok()).collect();
    rules
}
