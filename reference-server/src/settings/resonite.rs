//! `[native.resonite]`: clients of Resonite.

use lysand_auth::config::Resonite;

use super::lockout::lockout;
use super::reader::Reader;
use super::sections::within;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// `[native.resonite]`
pub(super) fn resonite(reader: &mut Reader, mut resonite: Resonite) -> Resonite {
    let lifetime = |ttl| within(ttl, MINUTE, 3_650 * DAY);
    resonite.enabled = reader.get("native.resonite.enabled", resonite.enabled);
    resonite.prefix = reader.get("native.resonite.prefix", resonite.prefix);
    resonite.scopes = reader.get("native.resonite.scopes", resonite.scopes);
    resonite.session_ttl = reader.checked("native.resonite.session_ttl", resonite.session_ttl, lifetime);
    resonite.remembered_ttl = reader.checked("native.resonite.remembered_ttl", resonite.remembered_ttl, lifetime);
    resonite.session_max = reader.checked("native.resonite.session_max", resonite.session_max, lifetime);
    resonite.remembered_max = reader.checked("native.resonite.remembered_max", resonite.remembered_max, lifetime);
    resonite.lockout = lockout(reader, "native.resonite", resonite.lockout);
    resonite.machine_bound = reader.get("native.resonite.machine_bound", resonite.machine_bound);
    resonite.stream = reader.get("native.resonite.stream", resonite.stream);
    resonite
}
