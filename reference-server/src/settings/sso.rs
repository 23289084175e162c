//! `[oidc]`, `[[oidc.providers]]` and `[[oauth2.providers]]`: single sign-on, as the library takes it.

use std::path::PathBuf;

use lysand_auth::config::{
    AfterSso, CallbackStyle, Endpoints, Protocol, Provider, ProviderResponseMode, ProviderSignUp, Sso,
};

use super::reader::Reader;
use super::sections::within;
use crate::assets;

pub(super) fn sso(reader: &mut Reader) -> Sso {
    let usual = Sso::default();
    let forced = reader.get("oidc.forced", false);
    let allow_registration = reader.get("oidc.allow_registration", false);
    let flow_lifetime = reader.checked("oidc.flow_ttl", usual.flow_lifetime, |ttl| within(ttl, 60, 3600));
    let trusted_roots = trusted_roots(reader);
    let mut providers = reader.tables("oidc.providers", openid_provider);
    providers.extend(reader.tables("oauth2.providers", oauth2_provider));
    let default_icon = assets::path("provider.svg");
    let outgoing_proxy = reader.secret("http.outgoing_proxy", "", |_| Ok(()), masked_proxy);
    {
        let mut made = Sso::default();
        made.forced = forced;
        made.allow_registration = allow_registration;
        made.providers = providers;
        made.trusted_roots = trusted_roots;
        made.default_icon = default_icon;
        made.flow_lifetime = flow_lifetime;
        made.outgoing_proxy = Some(outgoing_proxy).filter(|proxy| !proxy.is_empty());
        made
    }
}

/// A proxy's address without what signs in to it.
fn masked_proxy(text: &str) -> String {
    match (text.rsplit_once('@'), text.split_once("://")) {
        (Some((_, host)), Some((scheme, _))) => format!("{scheme}://***@{host}"),
        (Some((_, host)), None) => format!("***@{host}"),
        (None, _) => text.to_owned(),
    }
}

fn trusted_roots(reader: &mut Reader) -> Vec<String> {
    let (mut texts, folder) = (Vec::new(), reader.folder());
    reader.checked("oidc.trusted_roots", Vec::new(), |files: Vec<PathBuf>| {
        for file in &files {
            let text = std::fs::read_to_string(folder.join(file));
            texts.push(text.map_err(|error| format!("Give certificates in PEM that the server can read: {error}."))?);
        }
        Ok(files)
    });
    texts
}

fn openid_provider(reader: &mut Reader) -> Provider {
    let issuer = |reader: &mut Reader| Protocol::OpenId { issuer: reader.get("url", String::new()) };
    let mut provider = provider(reader, issuer, &["openid", "profile", "email"]);
    provider.trusted_acr = reader.get("trusted_acr", Vec::new());
    provider
}

fn oauth2_provider(reader: &mut Reader) -> Provider {
    let endpoints = |reader: &mut Reader| {
        let mut address = |name: &str| reader.get(name, String::new());
        let mut endpoints = Endpoints::new(address("authorization_url"), address("token_url"), address("userinfo_url"));
        endpoints.subject_field = reader.get("subject_field", endpoints.subject_field);
        endpoints.username_field = reader.get("username_field", endpoints.username_field);
        endpoints.email_field = reader.get("email_field", endpoints.email_field);
        Protocol::OAuth2(endpoints)
    };
    provider(reader, endpoints, &[])
}

/// What all providers have; what is missing, the library complains about.
fn provider(reader: &mut Reader, protocol: impl FnOnce(&mut Reader) -> Protocol, scopes: &[&str]) -> Provider {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let (id, name) = (reader.get("id", String::new()), reader.get("name", String::new()));
    let mut provider = Provider::new(id, name, protocol(reader));
    provider.client_id = reader.get("client_id", String::new());
    provider.client_secret = reader.secret("client_secret", "", |_| Ok(()), |_| "***".to_owned());
    let icon = reader.checked("icon", String::new(), |icon| super::check::picture(&icon));
    provider.icon = Some(icon).filter(|icon| !icon.is_empty());
    provider.scopes = reader.get("scopes", scopes);
    provider.callback = reader.choice("callback", [("exact", CallbackStyle::Exact), ("query", CallbackStyle::Query)]);
    provider.allow_private = reader.get("allow_private", false);
    let modes = [("query", ProviderResponseMode::Query), ("form_post", ProviderResponseMode::FormPost)];
    provider.response_mode = reader.choice("response_mode", modes);
    provider.trusted_audiences = reader.get("trusted_audiences", Vec::new());
    provider.trust_text_booleans = reader.get("trust_text_booleans", false);
    provider.trust_email = reader.get("trust_email", true);
    let after = [("", None), ("skip", Some(AfterSso::Skip)), ("ask", Some(AfterSso::Ask))];
    provider.after_sso = reader.choice("after_sso", after);
    let sign_ups = [
        ("", None),
        ("yes", Some(ProviderSignUp::Yes)),
        ("no", Some(ProviderSignUp::No)),
        ("review", Some(ProviderSignUp::Review)),
    ];
    provider.sign_up = reader.choice("signup", sign_ups);
    provider
}
