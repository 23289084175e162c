//! What the server does as an OpenID provider.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::problem::ConfigProblem;
use crate::model::openid_client::SigningAlg;
use crate::model::strength::Acr;

/// What the server does as an OpenID provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenIdRules {
    /// By which algorithm the id tokens of apps are signed that ask for none (FAC-133). Without RSA keys it is EdDSA.
    pub default_alg: SigningAlg,
    /// Whether apps are told of the end of a session (FAC-147).
    pub backchannel_logout: bool,
    /// Networks where apps may be told although they are private (FAC-148).
    pub backchannel_allow: Vec<IpNet>,
    /// Whether apps are told through the outgoing proxy, where there is one: it is asked for addresses that this server found public.
    pub backchannel_via_proxy: bool,
    /// What `acr_values` of others' naming stand for, by name, beside the names of [`Acr`] themselves (FAC-102).
    pub acr: BTreeMap<String, Acr>,
}

/// How many foreign names there can be, and how long one is: all of them stand in the metadata.
const MOST_NAMES: usize = 32;
const LONGEST_NAME: usize = 255;

impl OpenIdRules {
    pub(super) fn check(&self) -> Option<ConfigProblem> {
        let is_name = |name: &str| {
            !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let why = if self.acr.len() > MOST_NAMES {
            format!("has more than {MOST_NAMES} names")
        } else if let Some(name) = self.acr.keys().find(|name| !is_name(name)) {
            format!(
                "has a name that no request can ask for: {name:?} (1 to {LONGEST_NAME} ASCII characters without blanks)"
            )
        } else if let Some(name) = self.acr.keys().find(|name| Acr::named(name).is_some()) {
            format!("gives another meaning to a name of this server's own: {name}")
        } else {
            return None;
        };
        Some(ConfigProblem::new("openid.acr", why))
    }

    /// The class of this name: of ours, or of those that stand for one.
    pub(crate) fn class(&self, name: &str) -> Option<Acr> {
        Acr::named(name).or_else(|| self.acr.get(name).copied())
    }

    /// Whether apps are told of the end of a session, and can be: the feature `sso` has what asks other servers.
    pub(crate) fn tells_apps(&self) -> bool {
        cfg!(feature = "sso") && self.backchannel_logout
    }
}

impl Default for OpenIdRules {
    fn default() -> Self {
        Self {
            default_alg: SigningAlg::Rs256,
            backchannel_logout: true,
            backchannel_allow: Vec::new(),
            backchannel_via_proxy: false,
            acr: BTreeMap::new(),
        }
    }
}
