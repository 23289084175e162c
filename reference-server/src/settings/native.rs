//! `[native]` and `[native.toki]`: programs that send name and password themselves.

use lysand_auth::config::{AdminPasswords, Native, Toki};

use super::lockout::lockout;
use super::reader::Reader;
use super::resonite::resonite;
use super::sections::within;
use super::synctv::synctv;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// `[native]`
pub(super) fn native(reader: &mut Reader) -> Native {
    let mut native = Native::default();
    native.max_sign_ins = reader.checked("native.max_sign_ins", native.max_sign_ins, |number: u32| match number {
        1..=1_000 => Ok(number),
        _ => Err("Give a number from 1 to 1000.".to_owned()),
    });
    native.synctv = synctv(reader, native.synctv);
    native.toki = toki(reader, native.toki);
    native.resonite = resonite(reader, native.resonite);
    native
}

fn toki(reader: &mut Reader, mut toki: Toki) -> Toki {
    let lifetime = |ttl| within(ttl, MINUTE, 3_650 * DAY);
    toki.enabled = reader.get("native.toki.enabled", toki.enabled);
    toki.prefix = reader.get("native.toki.prefix", toki.prefix);
    toki.scopes = reader.get("native.toki.scopes", toki.scopes);
    toki.access_token_ttl = reader.checked("native.toki.access_token_ttl", toki.access_token_ttl, lifetime);
    toki.refresh_token_ttl = reader.checked("native.toki.refresh_token_ttl", toki.refresh_token_ttl, lifetime);
    toki.sign_in_ttl = reader.checked("native.toki.sign_in_ttl", toki.sign_in_ttl, lifetime);
    toki.lockout = lockout(reader, "native.toki", toki.lockout);
    toki.provider = reader.get("native.toki.provider", toki.provider);
    toki.tokens_in_redirect = reader.get("native.toki.tokens_in_redirect", toki.tokens_in_redirect);
    toki.dashboard = reader.get("native.toki.dashboard", toki.dashboard);
    toki.tell_oidc_accounts = reader.get("native.toki.tell_oidc_accounts", toki.tell_oidc_accounts);
    let passwords = [
        ("temporary", AdminPasswords::Temporary),
        ("permanent", AdminPasswords::Permanent),
        ("off", AdminPasswords::Off),
    ];
    toki.admin_passwords = reader.choice("native.toki.admin_passwords", passwords);
    toki.admin_fresh =
        reader.checked("native.toki.admin_fresh", toki.admin_fresh, |fresh| within(fresh, MINUTE, 365 * DAY));
    toki
}
