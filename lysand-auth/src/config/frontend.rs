//! A frontend, and where its pages are (Lysand §4, §13.1).

use super::base_url::BaseUrl;
use super::problem::ConfigProblem;

/// Where the pages of a sign-in are, and what frontends are told.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Frontend {
    /// The origin of a frontend that owns the pages; `None` when this server shows them itself.
    pub origin: Option<BaseUrl>,
    /// The paths of the pages.
    pub routes: FrontendRoutes,
    /// Whether a frontend's files on this server's origin may be service workers. Such a worker sees every page of the origin,
    /// those of a sign-in included, and stays when the frontend is gone (faults F9). For a host that shows such files.
    pub service_worker: bool,
    /// Answered as it is by `GET /api/v1/frontend/config` (Lysand §4).
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// The paths of the pages (Lysand §13.1).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FrontendRoutes {
    /// Where a person starts.
    pub home: String,
    /// The sign-in page.
    pub login: String,
    /// The consent page.
    pub consent: String,
    /// The page where people sign up. This library has no flow that leads there yet; a host finds its address with
    /// [`Config::register_page`](super::Config::register_page).
    pub register: String,
    /// The page where people choose a new password, which mails lead to.
    pub password_reset: String,
}

impl Default for FrontendRoutes {
    fn default() -> Self {
        Self {
            home: "/".into(),
            login: "/oauth/authorize".into(),
            consent: "/oauth/consent".into(),
            register: "/register".into(),
            password_reset: "/oauth/reset".into(),
        }
    }
}

impl FrontendRoutes {
    fn named(&self) -> [(&'static str, &str); 5] {
        [
            ("frontend.routes.home", &self.home),
            ("frontend.routes.login", &self.login),
            ("frontend.routes.consent", &self.consent),
            ("frontend.routes.register", &self.register),
            ("frontend.routes.password_reset", &self.password_reset),
        ]
    }
}

impl Frontend {
    pub(super) fn check(&self, base_url: &BaseUrl) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (name, route) in self.routes.named() {
            if !route.starts_with('/') || route.starts_with("//") || route.contains(['?', '#']) {
                problems.push(ConfigProblem::new(name, "must be a path that begins with one slash"));
            }
        }
        if self.origin.as_ref() == Some(base_url) {
            for (name, route, own) in [
                ("frontend.routes.login", &self.routes.login, "/oauth/authorize"),
                ("frontend.routes.consent", &self.routes.consent, "/oauth/consent"),
            ] {
                if route == own {
                    problems.push(ConfigProblem::new(
                        name,
                        "a frontend on the server's own origin needs a path of its own, or people are sent in circles",
                    ));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use crate::ambient::Ambient;
    use crate::keys::Keys;

    fn config() -> Config {
        let base = BaseUrl::parse("https://social.example").unwrap();
        Config::new(base, Keys::generate(&Ambient::system()))
    }

    fn fields(config: &Config) -> Vec<&'static str> {
        config.check().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn frontend_origin_same_as_base_url_with_default_routes_is_refused() {
        let mut config = config();
        assert_eq!(config.check(), []);
        config.frontend.origin = Some(config.base_url.clone());
        assert_eq!(fields(&config), ["frontend.routes.login", "frontend.routes.consent"]);
    }

    #[test]
    fn frontend_route_that_is_not_a_plain_path_is_refused() {
        let mut config = config();
        config.frontend.routes.register = "//evil.example".into();
        config.frontend.routes.password_reset = "/reset?token=1".into();
        assert_eq!(fields(&config), ["frontend.routes.register", "frontend.routes.password_reset"]);
    }

    #[test]
    fn frontend_page_urls_use_frontend_origin_or_base_url() {
        let mut config = config();
        assert_eq!(config.register_page(), "https://social.example/register");
        assert_eq!(config.password_reset_page(), "https://social.example/oauth/reset");
        config.frontend.origin = Some(BaseUrl::parse("https://fe.example").unwrap());
        config.frontend.routes.register = "/join".into();
        assert_eq!(config.register_page(), "https://fe.example/join");
        assert_eq!(config.login_page(), "https://fe.example/oauth/authorize");
    }
}
