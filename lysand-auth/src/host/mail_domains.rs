//! What the host knows of the domains that people's mail goes to (people PPL-44).

use async_trait::async_trait;

use crate::host::HostResult;

/// Looks up where the mail of a domain goes.
///
/// A host that sets one with [`AuthBuilder::mail_domains`](crate::AuthBuilder::mail_domains) has each new address checked: its
/// domain must take mail, at hosts of which none is in
/// [`email_domains_blocked`](crate::config::Signups::email_domains_blocked).
#[async_trait]
pub trait MailDomains: Send + Sync {
    /// The hosts that take the mail of a domain: those of its MX records, else the domain itself where it has an address (RFC
    /// 5321 §5.1); none for a domain that does not exist, or takes no mail (RFC 7505).
    ///
    /// An error means that nobody can tell at present, and keeps nobody from signing up. After five seconds it counts as one.
    async fn exchangers(&self, domain: &str) -> HostResult<Vec<String>>;
}
