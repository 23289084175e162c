//! From where a request comes, as far as it is kept.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::rate_limit::source_of;

/// The longest text of a program about itself that is kept, in characters (people PPL-110).
const LONGEST_AGENT: usize = 255;
/// The longest id of a request that is kept, in bytes.
const LONGEST_REQUEST_ID: usize = 128;

/// How much of an address is kept (people PPL-110).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Networks {
    /// Its network: IPv4 by its /24, IPv6 by its /48.
    #[default]
    Coarse,
    /// All of it.
    Full,
    /// Nothing.
    None,
}

/// Who calls: where from, with what program, in which request. It decides nothing but limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The address, where it is known.
    pub source: Option<IpAddr>,
    /// What the program says about itself (`User-Agent`).
    pub agent: Option<String>,
    /// The id of the request, as the log has it.
    pub request_id: Option<String>,
    /// How much of the address is kept.
    pub keeps: Networks,
}

impl Caller {
    /// A caller from this address.
    #[must_use]
    pub fn new(source: Option<IpAddr>) -> Self {
        Self { source, ..Self::default() }
    }

    /// With what program; what is too long is cut, control characters are dropped.
    #[must_use]
    pub fn with_agent(self, agent: &str) -> Self {
        let agent: String = agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_AGENT).collect();
        Self { agent: Some(agent).filter(|agent| !agent.is_empty()), ..self }
    }

    /// Of whose address this much is kept.
    #[must_use]
    pub fn keeping(self, keeps: Networks) -> Self {
        Self { keeps, ..self }
    }

    /// In which request.
    #[must_use]
    pub fn with_request_id(self, id: &str) -> Self {
        let is_safe = (1..=LONGEST_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        Self { request_id: is_safe.then(|| id.to_owned()), ..self }
    }

    /// All that is kept of an address (people PPL-110): the network, coarse, unless the host keeps more or nothing.
    #[must_use]
    pub fn network(&self) -> Option<String> {
        let address = self.source?.to_canonical();
        match self.keeps {
            Networks::Coarse => {
                let length = if address.is_ipv4() { 24 } else { 48 };
                Some(IpNet::new(address, length).ok()?.trunc().to_string())
            }
            Networks::Full => Some(address.to_string()),
            Networks::None => None,
        }
    }

    /// The network by which limits count (security ID-2).
    pub(crate) fn limited_as(&self) -> Option<String> {
        self.source.map(source_of)
    }
}

/// The text under which what came from an address, or from a network, is kept; what is neither is nobody's.
pub(crate) fn kept_network(text: &str, keeps: Networks) -> String {
    let text = text.trim();
    match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
        (Ok(address), _) => Caller::new(Some(address)).keeping(keeps).network().unwrap_or_default(),
        (_, Ok(network)) => network.trunc().to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_keeps_network_and_program_bounded_and_plain() {
        let caller = |address: &str| Caller::new(address.parse().ok());
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ] {
            assert_eq!(caller(address).network().as_deref(), Some(network));
        }
        assert_eq!(Caller::default().network(), None);
        let kept = |keeps| caller("203.0.113.77").keeping(keeps).network();
        assert_eq!((kept(Networks::Full).as_deref(), kept(Networks::None)), (Some("203.0.113.77"), None));
        let agent = Caller::default().with_agent(&("a\r\nb".to_owned() + &"é".repeat(300))).agent.unwrap();
        assert!(agent.starts_with("abé") && agent.chars().count() == 255);
        assert_eq!(Caller::default().with_agent("\n").agent, None);
        assert_eq!(Caller::default().with_request_id("two words").request_id, None);
    }

    #[test]
    fn network_is_looked_for_as_it_is_kept() {
        for (text, coarse, full) in [
            ("203.0.113.77", "203.0.113.0/24", "203.0.113.77"),
            (" 203.0.113.77/24", "203.0.113.0/24", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48", "2001:db8:1:2::3"),
            ("203.0.113", "", ""),
            ("'; --", "", ""),
        ] {
            let kept = [Networks::Coarse, Networks::Full].map(|keeps| kept_network(text, keeps));
            assert_eq!(kept, [coarse, full], "{text}");
        }
    }
}
