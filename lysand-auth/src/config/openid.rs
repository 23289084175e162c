//! What the server does as an OpenID provider.

use ipnet::IpNet;

use super::problem::ConfigProblem;
use crate::model::openid_client::SigningAlg;

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
    /// Whether apps are told through the outgoing proxy, where there is one: not offered yet, and refused.
    pub backchannel_via_proxy: bool,
}

impl OpenIdRules {
    pub(super) fn check(&self) -> Option<ConfigProblem> {
        let why = "is not offered yet: leave it false, and allow what this server may call by itself in openid.backchannel_allow";
        self.backchannel_via_proxy.then(|| ConfigProblem::new("openid.backchannel_via_proxy", why))
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
        }
    }
}
