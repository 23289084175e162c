//! `[personal_tokens]` and `[accounts]`: what people make for programs of their own, and what is left of whom who goes.

use lysand_auth::config::{AdminRules, Closing, PersonalTokens};

use super::reader::Reader;
use super::sections::within;

const DAY: u64 = 24 * 3600;

/// `[personal_tokens]`
pub(super) fn personal_tokens(reader: &mut Reader) -> PersonalTokens {
    let mut rules = PersonalTokens::default();
    rules.enabled = reader.get("personal_tokens.enabled", rules.enabled);
    rules.default_ttl =
        reader.checked("personal_tokens.default_ttl", rules.default_ttl, |ttl| within(ttl, 60, 3_650 * DAY));
    rules.max_ttl = reader.checked("personal_tokens.max_ttl", rules.max_ttl, |ttl| within(ttl, 60, 3_650 * DAY));
    rules.never = reader.get("personal_tokens.never", rules.never);
    rules
}

/// `accounts.closing_grace`
pub(super) fn closing(reader: &mut Reader) -> Closing {
    let mut rules = Closing::default();
    rules.grace = reader.checked("accounts.closing_grace", rules.grace, |grace| within(grace, 0, 365 * DAY));
    rules
}

/// `[admin]`
pub(super) fn admin(reader: &mut Reader) -> AdminRules {
    let mut rules = AdminRules::default();
    rules.pages = reader.get("admin.pages", rules.pages);
    rules.api_delete = reader.get("admin.api_delete", rules.api_delete);
    rules.api_delete_after =
        reader.checked("admin.api_delete_after", rules.api_delete_after, |after| within(after, 0, 365 * DAY));
    rules
}
