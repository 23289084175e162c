//! `[openid]`: what the server does as an OpenID provider.

use std::collections::BTreeMap;

use lysand_auth::config::{Acr, IpNet, OpenIdRules, SigningAlg};
use toml::{Table, Value};

use super::reader::Reader;

pub(super) fn rules(reader: &mut Reader) -> OpenIdRules {
    let mut rules = OpenIdRules::default();
    rules.default_alg = reader.choice("openid.default_alg", SigningAlg::ALL.map(|alg| (alg.name(), alg)));
    rules.backchannel_logout = reader.get("openid.backchannel_logout", rules.backchannel_logout);
    rules.backchannel_allow = reader.get("openid.backchannel_allow", Vec::<IpNet>::new());
    rules.backchannel_via_proxy = reader.get("openid.backchannel_via_proxy", rules.backchannel_via_proxy);
    let acr = reader.checked("openid.acr", Table::new(), |names| classes(&names).map(|_| names));
    rules.acr = classes(&acr).unwrap_or_default();
    rules
}

/// What the names of others stand for.
fn classes(names: &Table) -> Result<BTreeMap<String, Acr>, String> {
    let class = |(name, class): (&String, &Value)| {
        let class = match class {
            Value::Integer(1) => Acr::One,
            Value::Integer(2) => Acr::Two,
            Value::String(word) if word == Acr::PhishingResistant.name() => Acr::PhishingResistant,
            _ => return Err(format!("Give {name:?} the number 1 or 2, or \"{}\".", Acr::PhishingResistant)),
        };
        Ok((name.clone(), class))
    };
    names.iter().map(class).collect()
}
