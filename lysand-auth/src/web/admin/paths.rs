//! Where the lists are, and what scopes they want.

/// The scopes for looking and for acting.
pub(super) const READS: &[&str] = &["admin:read", "admin:read:accounts"];
pub(super) const WRITES: &[&str] = &["admin:write", "admin:write:accounts"];

/// The scopes for what is about more than accounts: apps, mail, events.
pub(super) const ALL_READS: &[&str] = &["admin:read"];
pub(super) const ALL_WRITES: &[&str] = &["admin:write"];

/// The scopes for networks and mail domains that are kept out.
pub(super) const IP_READS: &[&str] = &["admin:read", "admin:read:ip_blocks"];
pub(super) const IP_WRITES: &[&str] = &["admin:write", "admin:write:ip_blocks"];
pub(super) const DOMAIN_READS: &[&str] = &["admin:read", "admin:read:email_domain_blocks"];
pub(super) const DOMAIN_WRITES: &[&str] = &["admin:write", "admin:write:email_domain_blocks"];

/// Where they are.
pub(super) const IP_BLOCKS: &str = "/api/v1/admin/ip_blocks";
pub(super) const EMAIL_DOMAIN_BLOCKS: &str = "/api/v1/admin/email_domain_blocks";
/// Where apps and the log of events are.
pub(super) const APPS: &str = "/api/v1/admin/auth/apps";
pub(super) const EVENTS: &str = "/api/v1/admin/auth/events";
/// Where the outbox is.
pub(super) const MAIL: &str = "/api/v1/admin/auth/mail";
/// Where the lists of accounts are.
pub(super) const V1: &str = "/api/v1/admin/accounts";
pub(super) const V2: &str = "/api/v2/admin/accounts";
