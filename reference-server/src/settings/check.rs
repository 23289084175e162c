//! The rules of single values: each takes what was given and answers with the value to use, or with the remedy.

use std::net::IpAddr;
use std::path::Path;

use lysand_auth::config::BaseUrl;
use url::Url;

/// A path of the frontend: trimmed, begins with one slash, no trailing slash except for `/` itself.
pub(super) fn route(given: &str) -> Result<String, String> {
    let trimmed = given.trim();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\' | b'"' | b'<' | b'>');
    if !trimmed.starts_with('/') || trimmed.starts_with("//") || !trimmed.bytes().all(plain) {
        return Err(
            "Give a path that begins with a single \"/\", without query, such as \"/oauth/authorize\".".to_owned()
        );
    }
    let path = trimmed.trim_end_matches('/');
    Ok(if path.is_empty() { "/".to_owned() } else { path.to_owned() })
}

/// A database URL of one of the two kinds. The remedy never repeats the URL, which may hold a password.
pub(super) fn database_url(given: &str) -> Result<(), String> {
    if let Some(path) = given.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return match path.trim_matches('/').is_empty() || path.starts_with(':') || path.contains('?') {
            true => Err("Give a file after \"sqlite:\", such as \"sqlite:data/lysand-auth.sqlite3\".".to_owned()),
            false => Ok(()),
        };
    }
    let wanted = "Give \"sqlite:path/to/file\" or \"postgres://user:password@host:5432/name\".";
    let url = Url::parse(given).map_err(|_| wanted.to_owned())?;
    match url.scheme() {
        "postgres" | "postgresql" => Ok(()),
        _ => Err(wanted.to_owned()),
    }
}

/// A database URL as it may be shown: the password is replaced by three stars.
pub(super) fn masked_database_url(given: &str) -> String {
    const MASK: &str = "***";
    if given.starts_with("sqlite:") {
        return given.to_owned();
    }
    let Some(mut url) = Url::parse(given).ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql")) else {
        return MASK.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query_pairs().any(|(name, _)| name == "password") {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(
            pairs.iter().map(|(name, value)| (name.as_str(), if name == "password" { MASK } else { value.as_str() })),
        );
    }
    url.to_string()
}

/// An address to write to, or nothing.
pub(super) fn contact(given: &str) -> Result<String, String> {
    let given = given.trim();
    let well_formed = given.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && given.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match given.is_empty() || well_formed {
        true => Ok(given.to_owned()),
        false => Err("Give one e-mail address, such as \"admin@social.example\", or \"\".".to_owned()),
    }
}

/// The address of a picture, or nothing.
pub(super) fn picture(given: &str) -> Result<String, String> {
    let given = given.trim();
    let web = || Url::parse(given).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match given.is_empty() || web() {
        true => Ok(given.to_owned()),
        false => Err("Give the address of a picture that begins with https:, or \"\".".to_owned()),
    }
}

/// A language tag, roughly as BCP 47 writes it: `en`, `pt-BR`, `zh-Hant`.
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary =
        parts.next().is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    primary && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A folder that can be listed; the empty path means none.
pub(super) fn folder(given: &Path) -> Result<(), String> {
    if given.as_os_str().is_empty() {
        return Ok(());
    }
    match std::fs::read_dir(given) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("Give a folder that the server can read: {error}.")),
    }
}

/// Whether an origin is the address on which this very server listens, so that a forwarded request would come back to it.
pub(super) fn leads_back(frontend: &BaseUrl, bind: IpAddr, bind_port: u16) -> bool {
    let port = Url::parse(frontend.as_str()).ok().and_then(|url| url.port_or_known_default());
    let named = frontend.host().trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = frontend.is_loopback() && (bind.is_loopback() || bind.is_unspecified());
    let is_bound = is_here || named.is_ok_and(|address| address == bind);
    port == Some(bind_port) && is_bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_frontend_route_other_than_absolute_path_is_refused() {
        for (given, taken) in [("/", "/"), (" /login/ ", "/login"), ("/a/b", "/a/b"), ("/a//", "/a")] {
            assert_eq!(route(given).as_deref(), Ok(taken));
        }
        for given in
            ["", "login", "//evil.example", "/a?b", "/a#b", "https://evil.example/", "/\\evil", "/a b", "/\u{e9}"]
        {
            assert!(route(given).is_err(), "{given}");
        }
    }

    #[test]
    fn settings_database_url_without_supported_scheme_and_path_is_refused() {
        for given in ["sqlite:data/x.sqlite3", "sqlite:///var/x", "postgres://u:p@h/n", "postgresql://h/n"] {
            assert!(database_url(given).is_ok(), "{given}");
        }
        for given in [
            "",
            "data/x.sqlite3",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:x?mode=ro",
            "mysql://h/n",
            "postgre://u:p@h/n",
        ] {
            assert!(database_url(given).is_err(), "{given}");
        }
    }

    #[test]
    fn settings_database_url_password_is_masked_when_shown() {
        for (given, shown) in [
            ("sqlite:data/x", "sqlite:data/x"),
            ("postgres://u:hunter2@h:5432/n", "postgres://u:***@h:5432/n"),
            ("postgres://u@h/n", "postgres://u@h/n"),
            ("postgres://u@h/n?password=hunter2&a=b", "postgres://u@h/n?password=***&a=b"),
            ("u:hunter2@h", "***"),
            ("mysql://u:hunter2@h/n", "***"),
            ("hunter2", "***"),
        ] {
            assert_eq!(masked_database_url(given), shown);
        }
    }

    #[test]
    fn settings_contact_picture_and_language_values_are_validated() {
        assert!(contact("").is_ok() && contact("a@b.example").is_ok());
        assert!(contact("a b@c").is_err() && contact("a@b@c").is_err() && contact("a").is_err());
        assert!(picture("").is_ok() && picture("https://a.example/b.png").is_ok() && picture("javascript:x").is_err());
        assert!(is_language("en") && is_language("pt-BR") && is_language("zh-Hant-TW"));
        assert!(!is_language("") && !is_language("e") && !is_language("en_GB") && !is_language("en-"));
    }

    #[test]
    fn frontend_url_pointing_at_own_listener_is_detected() {
        let leads_back =
            |frontend: &str, bind: &str| leads_back(&BaseUrl::parse(frontend).unwrap(), bind.parse().unwrap(), 8080);
        for (frontend, bind) in [
            ("http://localhost:8080", "127.0.0.1"),
            ("http://127.0.0.1:8080", "0.0.0.0"),
            ("http://[::1]:8080", "::"),
            ("http://10.1.2.3:8080", "10.1.2.3"),
        ] {
            assert!(leads_back(frontend, bind), "{frontend} {bind}");
        }
        for (frontend, bind) in [
            ("https://fe.social.example", "127.0.0.1"),
            ("http://social.example", "127.0.0.1"),
            ("http://localhost:3000", "127.0.0.1"),
            ("http://localhost:8080", "10.1.2.3"),
            ("http://10.1.2.4:8080", "10.1.2.3"),
        ] {
            assert!(!leads_back(frontend, bind), "{frontend} {bind}");
        }
    }
}
