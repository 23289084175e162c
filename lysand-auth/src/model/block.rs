//! Networks and mail domains that are kept out (people PPL-154b).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ambient::Timestamp;

/// The longest text that is taken for a network.
const LONGEST_NETWORK: usize = 64;
/// The longest domain (RFC 1035 §2.3.4).
const LONGEST_DOMAIN: usize = 253;

/// What nobody may from a network: each of them forbids what the ones before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Staff reviews whoever signs up.
    SignUpRequiresApproval,
    /// Nobody signs up.
    SignUpBlock,
    /// Nobody signs up or in.
    NoAccess,
}

impl Severity {
    /// Each of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::SignUpRequiresApproval, Self::SignUpBlock, Self::NoAccess];

    /// Mastodon's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUpRequiresApproval => "sign_up_requires_approval",
            Self::SignUpBlock => "sign_up_block",
            Self::NoAccess => "no_access",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// A network that is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpBlock {
    /// Its key; the newest is the greatest.
    pub id: String,
    /// The network: `203.0.113.0/24`.
    pub network: String,
    /// What nobody may from there.
    pub severity: Severity,
    /// What staff notes.
    pub comment: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is over; never without one.
    pub expires_at: Option<Timestamp>,
}

/// A domain with whose addresses nobody signs up, nor with those below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailDomainBlock {
    /// Its key; the newest is the greatest.
    pub id: String,
    /// The domain, in lower case.
    pub domain: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The network that a text names: an address is a network of its own, and IPv4 in IPv6 is IPv4.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if text.len() > LONGEST_NETWORK {
        return None;
    }
    let address = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    match text.parse::<IpNet>() {
        Ok(net) => Some(plain(net)),
        Err(_) => address(),
    }
}

/// A network without the bits behind its length; one of IPv4 in IPv6 as what it is.
fn plain(net: IpNet) -> IpNet {
    let net = net.trunc();
    match (net, net.addr().to_canonical()) {
        (IpNet::V6(_), IpAddr::V4(v4)) if net.prefix_len() >= 96 => {
            IpNet::new(IpAddr::V4(v4), net.prefix_len() - 96).unwrap_or(net)
        }
        _ => net,
    }
}

/// Each network that holds an address, as it is kept.
pub(crate) fn networks_of(address: IpAddr) -> Vec<String> {
    let address = address.to_canonical();
    let longest = IpNet::from(address).max_prefix_len();
    let nets = (0..=longest).filter_map(|length| IpNet::new(address, length).ok());
    nets.map(|net| net.trunc().to_string()).collect()
}

/// The domain that a text names, in lower case; nothing for what is none.
pub(crate) fn domain(text: &str) -> Option<String> {
    let domain = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_domain = domain.len() <= LONGEST_DOMAIN && domain.contains('.') && domain.split('.').all(is_label);
    is_domain.then_some(domain)
}

/// A domain and each one above it, as they are kept.
pub(crate) fn domains_of(domain: &str) -> Vec<String> {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let above = domain.match_indices('.').map(|(at, _)| domain[at + 1..].to_owned());
    std::iter::once(domain.clone()).chain(above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_network_is_an_address_or_a_network_in_one_spelling() {
        for (text, wanted) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            (" 203.0.113.7/24 ", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.7", Some("203.0.113.7/32")),
            ("::ffff:203.0.113.7/120", Some("203.0.113.0/24")),
            ("2001:DB8::1/32", Some("2001:db8::/32")),
            ("::/0", Some("::/0")),
            ("520.13.54.120", None),
            ("203.0.113.0/33", None),
            ("", None),
            ("example.com", None),
        ] {
            assert_eq!(network(text).map(|net| net.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn block_networks_of_an_address_hold_it_each() {
        let v4 = networks_of("::ffff:203.0.113.7".parse().unwrap());
        assert_eq!(v4.len(), 33);
        for net in ["0.0.0.0/0", "203.0.113.0/24", "203.0.113.7/32"] {
            assert!(v4.contains(&net.to_owned()), "{net}");
        }
        let v6 = networks_of("2001:db8::7".parse().unwrap());
        assert!(v6.len() == 129 && v6.contains(&"2001:db8::/32".to_owned()));
    }

    #[test]
    fn block_domain_is_one_and_holds_those_below_it() {
        for (text, wanted) in [
            ("Spam.Example.", Some("spam.example")),
            ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("", None),
            ("example", None),
            ("a..example", None),
            ("-a.example", None),
            ("a b.example", None),
            ("a@b.example", None),
            ("do\u{fffd}.com", None),
        ] {
            assert_eq!(domain(text).as_deref(), wanted, "{text}");
        }
        assert_eq!(domains_of("A.b.example"), ["a.b.example", "b.example", "example"]);
    }
}
