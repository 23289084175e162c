//! `[oidc]`, `[[oidc.providers]]` and `[[oauth2.providers]]`: single sign-on, as the library takes it.

use std::path::PathBuf;

use lysand_auth::config::{CallbackStyle, Endpoints, Protocol, Provider, Sso};

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
    Sso { forced, allow_registration, providers, trusted_roots, default_icon, flow_lifetime }
}

fn trusted_roots(reader: &mut Reader) -> Vec<String> {
    let mut texts = Vec::new();
    reader.checked("oidc.trusted_roots", Vec::new(), |files: Vec<PathBuf>| {
        for file in &files {
            let text = std::fs::read_to_string(file);
            texts.push(text.map_err(|error| format!("Give certificates in PEM that the server can read: {error}."))?);
        }
        Ok(files)
    });
    texts
}

fn openid_provider(reader: &mut Reader) -> Provider {
    let issuer = |reader: &mut Reader| Protocol::OpenId { issuer: reader.get("url", String::new()) };
    provider(reader, issuer, &["openid", "profile", "email"])
}

fn oauth2_provider(reader: &mut Reader) -> Provider {
    let endpoints = |reader: &mut Reader| {
        Protocol::OAuth2(Endpoints {
            authorization_url: reader.get("authorization_url", String::new()),
            token_url: reader.get("token_url", String::new()),
            userinfo_url: reader.get("userinfo_url", String::new()),
            subject_field: reader.get("subject_field", "id".to_owned()),
            username_field: reader.get("username_field", "login".to_owned()),
            email_field: reader.get("email_field", "email".to_owned()),
        })
    };
    provider(reader, endpoints, &[])
}

/// What all providers have; what is missing, the library complains about.
fn provider(reader: &mut Reader, protocol: impl FnOnce(&mut Reader) -> Protocol, scopes: &[&str]) -> Provider {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Provider {
        id: reader.get("id", String::new()),
        name: reader.get("name", String::new()),
        protocol: protocol(reader),
        client_id: reader.get("client_id", String::new()),
        client_secret: reader.secret("client_secret", "", |_| Ok(()), |_| "***".to_owned()),
        icon: Some(reader.checked("icon", String::new(), |icon| super::check::picture(&icon)))
            .filter(|icon| !icon.is_empty()),
        scopes: reader.get("scopes", scopes),
        callback: reader.choice("callback", [("exact", CallbackStyle::Exact), ("query", CallbackStyle::Query)]),
        allow_private: reader.get("allow_private", false),
    }
}
