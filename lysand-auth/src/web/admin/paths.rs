//! Where the lists of accounts are, and what scopes they want.

/// The scopes for looking and for acting.
pub(super) const READS: &[&str] = &["admin:read", "admin:read:accounts"];
pub(super) const WRITES: &[&str] = &["admin:write", "admin:write:accounts"];

/// Where the lists of accounts are.
pub(super) const V1: &str = "/api/v1/admin/accounts";
pub(super) const V2: &str = "/api/v2/admin/accounts";
