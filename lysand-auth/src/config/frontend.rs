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
    /// The page where people sign up.
    pub register: String,
    /// The page where people choose a new password, which mails lead to.
    pub password_reset: String,
    /// The page that asks whether an address is to be confirmed, by the `token` of a mail. Like those that follow: `None` for our
    /// own (people PPL-233).
    pub confirm: Option<String>,
    /// The page where people ask for a link to a new password.
    pub password_forgot: Option<String>,
    /// The page of the own account.
    pub account: Option<String>,
    /// The page where people see and end their sign-ins.
    pub sessions: Option<String>,
    /// The page that asks whether a new address is to be confirmed, by the `token` of a mail.
    pub email_confirm: Option<String>,
    /// The page that asks whether a change of address is to be undone, by the `token` of a mail.
    pub email_undo: Option<String>,
    /// The page that asks for a second proof (FAC-40).
    pub factor: Option<String>,
    /// The page where somebody sets up a second factor who must have one.
    pub enrol: Option<String>,
    /// The page of the own second factors.
    pub security: Option<String>,
}

impl Default for FrontendRoutes {
    fn default() -> Self {
        Self {
            home: "/".into(),
            login: "/oauth/authorize".into(),
            consent: "/oauth/consent".into(),
            register: "/register".into(),
            password_reset: "/oauth/reset".into(),
            confirm: None,
            password_forgot: None,
            account: None,
            sessions: None,
            email_confirm: None,
            email_undo: None,
            factor: None,
            enrol: None,
            security: None,
        }
    }
}

/// Our own pages, by the name of the route with which a frontend takes their place.
pub(super) const OWN: [(&str, &str); 14] = [
    ("home", "/"),
    ("login", "/oauth/authorize"),
    ("consent", "/oauth/consent"),
    ("register", "/register"),
    ("password_reset", "/oauth/reset"),
    ("confirm", "/register/confirm"),
    ("password_forgot", "/account/forgot"),
    ("account", "/account"),
    ("sessions", "/account/sessions"),
    ("email_confirm", "/account/email/confirm"),
    ("email_undo", "/account/email/undo"),
    ("factor", "/oauth/factor"),
    ("enrol", "/oauth/enrol"),
    ("security", "/account/security"),
];

impl FrontendRoutes {
    fn named(&self) -> Vec<(&'static str, &str)> {
        let always = [
            ("frontend.routes.home", &self.home),
            ("frontend.routes.login", &self.login),
            ("frontend.routes.consent", &self.consent),
            ("frontend.routes.register", &self.register),
            ("frontend.routes.password_reset", &self.password_reset),
        ];
        let optional = [
            ("frontend.routes.confirm", &self.confirm),
            ("frontend.routes.password_forgot", &self.password_forgot),
            ("frontend.routes.account", &self.account),
            ("frontend.routes.sessions", &self.sessions),
            ("frontend.routes.email_confirm", &self.email_confirm),
            ("frontend.routes.email_undo", &self.email_undo),
            ("frontend.routes.factor", &self.factor),
            ("frontend.routes.enrol", &self.enrol),
            ("frontend.routes.security", &self.security),
        ];
        let given = optional.into_iter().filter_map(|(name, route)| Some((name, route.as_deref()?)));
        always.into_iter().map(|(name, route)| (name, route.as_str())).chain(given).collect()
    }

    /// The path of the page with this name; `None` for our own.
    pub(super) fn path(&self, name: &str) -> Option<&str> {
        let full = |(key, _): &(&str, &str)| key.strip_prefix("frontend.routes.") == Some(name);
        self.named().into_iter().find(full).map(|(_, path)| path)
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
    use crate::model::mail_token::Purpose;

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

    #[test]
    fn pages_are_our_own_until_the_frontend_has_them() {
        let mut config = config();
        config.frontend.routes.confirm = Some("/join/confirm".into());
        assert_eq!(config.page_named("confirm"), ("https://social.example/register/confirm".to_owned(), false));
        config.frontend.origin = Some(BaseUrl::parse("https://fe.example").unwrap());
        assert_eq!(config.page_named("confirm"), ("https://fe.example/join/confirm".to_owned(), true));
        assert_eq!(config.page_named("account"), ("https://social.example/account".to_owned(), false));
        assert_eq!(config.mailed_link(Purpose::Confirm, "t"), "https://fe.example/join/confirm?token=t");
        assert_eq!(config.mailed_link(Purpose::EmailUndo, "t"), "https://social.example/account/email/undo?token=t");
        config.frontend.routes.email_undo = Some("//evil.example".into());
        assert_eq!(fields(&config), ["frontend.routes.email_undo"]);
    }
}
