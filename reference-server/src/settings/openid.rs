//! `[openid]`: what the server does as an OpenID provider.

use lysand_auth::config::{IpNet, OpenIdRules, SigningAlg};

use super::reader::Reader;

pub(super) fn rules(reader: &mut Reader) -> OpenIdRules {
    let mut rules = OpenIdRules::default();
    rules.default_alg = reader.choice("openid.default_alg", SigningAlg::ALL.map(|alg| (alg.name(), alg)));
    rules.backchannel_logout = reader.get("openid.backchannel_logout", rules.backchannel_logout);
    rules.backchannel_allow = reader.get("openid.backchannel_allow", Vec::<IpNet>::new());
    rules.backchannel_via_proxy = reader.get("openid.backchannel_via_proxy", rules.backchannel_via_proxy);
    rules
}
