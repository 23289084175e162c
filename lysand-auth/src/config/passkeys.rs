//! Passkeys: for which domain, and on which other origins.

use std::net::IpAddr;

use super::base_url::BaseUrl;
use super::problem::ConfigProblem;

/// For which domain passkeys are made (FAC-71).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passkeys {
    /// The domain of the passkeys (WebAuthn's RP id): the host of the base URL, or a domain above it. `None` is that host. Passkeys
    /// that were made for another one stop working.
    pub rp_id: Option<String>,
    /// Other origins, over https, whose pages may use the passkeys of this domain.
    pub related_origins: Vec<BaseUrl>,
}

impl Passkeys {
    /// The domain; none where browsers make no passkeys: on an address without a name, and over http but on this machine.
    #[must_use]
    pub fn domain(&self, base_url: &BaseUrl) -> Option<String> {
        self.obstacle(base_url).is_none().then(|| self.rp_id.clone().unwrap_or_else(|| base_url.host().to_owned()))
    }

    /// Why there are no passkeys on this base URL, if there are none.
    #[must_use]
    pub fn obstacle(&self, base_url: &BaseUrl) -> Option<&'static str> {
        let is_address = base_url.host().trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        match () {
            () if is_address => Some("the base URL has an IP address in place of a name"),
            () if !base_url.is_secure() && !base_url.is_loopback() => Some("the base URL is not https"),
            () => None,
        }
    }

    pub(super) fn check(&self, base_url: &BaseUrl) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if let Some(id) = &self.rp_id {
            let is_above = base_url.host().strip_suffix(id.as_str()).is_some_and(|before| before.ends_with('.'));
            // Browsers refuse what is registered by many, such as `co.uk`; a name without a dot is so at least.
            if id.as_str() != base_url.host() && !(is_above && id.contains('.')) {
                problems.push(ConfigProblem::new(
                    "passkeys.rp_id",
                    "must be the host of the base URL, or a domain above it",
                ));
            }
        }
        if !self.related_origins.iter().all(BaseUrl::is_secure) {
            problems.push(ConfigProblem::new("passkeys.related_origins", "must be origins, https://host"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> BaseUrl {
        BaseUrl::parse(url).unwrap()
    }

    #[test]
    fn passkeys_are_for_the_host_of_the_base_url_where_browsers_make_them() {
        let domain = |url: &str| Passkeys::default().domain(&base(url));
        assert_eq!(domain("https://social.example:8443").as_deref(), Some("social.example"));
        assert_eq!(domain("http://localhost:8080").as_deref(), Some("localhost"));
        for url in ["https://192.0.2.1", "https://[2001:db8::1]", "http://127.0.0.1:8080", "http://social.example"] {
            assert_eq!(domain(url), None, "{url}");
        }
    }

    #[test]
    fn rp_id_is_the_host_or_a_domain_above_it() {
        let problems = |id: &str| {
            let rules = Passkeys { rp_id: Some(id.to_owned()), ..Passkeys::default() };
            rules.check(&base("https://auth.social.example")).len()
        };
        assert_eq!([problems("auth.social.example"), problems("social.example")], [0, 0]);
        for id in ["example", "", "other.example", "ocial.example", "https://social.example", "x.auth.social.example"] {
            assert_eq!(problems(id), 1, "{id}");
        }
        let rules = |origin: &str| {
            let related_origins = vec![base(origin)];
            Passkeys { related_origins, ..Passkeys::default() }.check(&base("https://social.example")).len()
        };
        assert_eq!([rules("https://social.test:8443"), rules("http://social.test")], [0, 1]);
    }
}
