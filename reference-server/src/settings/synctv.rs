//! `[native.synctv]`: clients of SyncTV.

use lysand_auth::config::{Names, Synctv};

use super::lockout::lockout;
use super::reader::Reader;
use super::sections::within;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// `[native.synctv]`
pub(super) fn synctv(reader: &mut Reader, mut synctv: Synctv) -> Synctv {
    let lifetime = |ttl| within(ttl, MINUTE, 3_650 * DAY);
    synctv.enabled = reader.get("native.synctv.enabled", synctv.enabled);
    synctv.prefix = reader.get("native.synctv.prefix", synctv.prefix);
    synctv.scopes = reader.get("native.synctv.scopes", synctv.scopes);
    synctv.access_token_ttl = reader.checked("native.synctv.access_token_ttl", synctv.access_token_ttl, lifetime);
    synctv.refresh_token_ttl = reader.checked("native.synctv.refresh_token_ttl", synctv.refresh_token_ttl, lifetime);
    synctv.sign_in_ttl = reader.checked("native.synctv.sign_in_ttl", synctv.sign_in_ttl, lifetime);
    synctv.lockout = lockout(reader, "native.synctv", synctv.lockout);
    let names = [("mirror", Names::Mirror), ("snake", Names::Snake), ("camel", Names::Camel)];
    synctv.names = reader.choice("native.synctv.names", names);
    synctv.email_login = reader.get("native.synctv.email_login", synctv.email_login);
    synctv
}
