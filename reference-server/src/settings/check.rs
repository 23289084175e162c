//! The rules of single values: each takes what was given and answers with the value to use, or with the remedy.

use std::net::IpAddr;
use std::path::Path;

use lysand_auth::config::BaseUrl;
use lysand_auth::store::Store;
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
    if has_bare_characters(given) {
        return Err(
            "Percent-encode what is special in user name and password: @ is %40, : is %3A, / is %2F, ? is %3F, # is \
                    %23, % is %25."
                .to_owned(),
        );
    }
    match given.split_once("://") {
        Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
            Store::check_url(given).map_err(|error| format!("{wanted} This one cannot be read: {error}."))
        }
        _ => Err(wanted.to_owned()),
    }
}

/// Whether a URL has a character in its user name or password that ends them for one reader of it and not for another: then
/// text and host disagree, and a part of the password would count as something else (faults D5).
fn has_bare_characters(given: &str) -> bool {
    let Some((_, rest)) = given.split_once("://") else { return given.contains('@') };
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let users = authority.split_once('@').map_or("", |(users, _)| users);
    let is_encoded = |piece: &str| piece.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    rest[authority.len()..].contains('@')
        || authority.matches('@').count() > 1
        || users.matches(':').count() > 1
        || users.split('%').skip(1).any(|piece| !is_encoded(piece))
}

/// A database URL whose relative file, or that of its authorities, starts in `folder`.
///
/// # Errors
/// When the folder's name is no text, or authorities are demanded whose file cannot be read.
pub(super) fn database_url_in(folder: &Path, url: &str) -> Result<String, String> {
    let Some(path) = url.strip_prefix("sqlite:") else { return with_roots_in(folder, url) };
    let path = folder.join(path.strip_prefix("//").unwrap_or(path));
    let path = path.to_str().ok_or(FOLDER_IS_NO_TEXT)?;
    Ok(format!("sqlite:{path}"))
}

const FOLDER_IS_NO_TEXT: &str = "Keep the configuration file in a folder whose name is UTF-8.";

/// Where `sslrootcert` of a URL of PostgreSQL is a relative path, it starts in `folder`, as all relative paths do (faults D7).
fn with_roots_in(folder: &Path, url: &str) -> Result<String, String> {
    let Some((place, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
    // Modes that look at no certificate have no use for the file (faults D2).
    let verifies = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];
    let is_demanded = query.split('&').any(|pair| verifies.contains(&pair));
    let in_folder = |pair: &str| -> Result<String, String> {
        let Some(named) = pair.strip_prefix("sslrootcert=").filter(|named| !named.is_empty() && *named != "system")
        else {
            return Ok(pair.to_owned());
        };
        let file = folder.join(decoded(named));
        if let (true, Err(error)) = (is_demanded, std::fs::File::open(&file)) {
            return Err(format!("sslrootcert: {} cannot be read: {error}.", file.display()));
        }
        Ok(format!("sslrootcert={}", encoded(file.to_str().ok_or(FOLDER_IS_NO_TEXT)?)))
    };
    let query: Vec<String> = query.split('&').map(in_folder).collect::<Result<_, _>>()?;
    Ok(format!("{place}?{}", query.join("&")))
}

/// What a value in a URL of PostgreSQL says.
fn decoded(value: &str) -> String {
    let pair = format!("={}", value.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

/// A text as it stands in a URL of PostgreSQL, where a plus is a plus.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A database URL as it may be shown: the password is replaced by three stars, whatever is in it.
pub(super) fn masked_database_url(given: &str) -> String {
    const MASK: &str = "***";
    if given.starts_with("sqlite:") {
        return given.to_owned();
    }
    if has_bare_characters(given) {
        // Up to the last @ it may all be password; a password among the parameters may have one, too.
        return match (given.split_once("://"), given.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) if !given.contains("password=") => format!("{scheme}://{MASK}@{rest}"),
            _ => MASK.to_owned(),
        };
    }
    let Some((scheme @ ("postgres" | "postgresql"), rest)) = given.split_once("://") else { return MASK.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.split_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{hosts}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let is_secret = |name: &str| name.to_ascii_lowercase().contains("password");
    let masked = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    let query = query.map(|query| query.split('&').map(masked).collect::<Vec<_>>().join("&"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{place}{query}")
}

/// The URL with the file of certificates that vouch for the database, unless it names one itself (faults D2).
pub(super) fn with_trusted_roots(url: &str, file: &Path) -> Result<String, String> {
    if url.starts_with("sqlite:") || url.contains("sslrootcert=") {
        return Err("Remove it: database.url has no use for it.".to_owned());
    }
    let file = file.to_str().ok_or("Give a path of UTF-8 text.")?;
    let joint = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{joint}sslrootcert={}", encoded(file)))
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
            ("postgres://u:hun@ter2@h/n", "postgres://***@h/n"),
            ("postgres://u:hun@ter@2@h/n", "postgres://***@h/n"),
            ("postgres://u:hun/ter2@h/n", "postgres://***@h/n"),
            ("postgres://u:12/hunter2@h/n", "postgres://***@h/n"),
            ("postgres://u:12?hunter2@h/n", "postgres://***@h/n"),
            ("postgres://u:12#hunter2@h/n", "postgres://***@h/n"),
            ("postgres://u:hunter2%@h/n", "postgres://***@h/n"),
            ("postgres://u:hunter2%zz@h/n", "postgres://***@h/n"),
            ("postgres://hunter2:3:4@h/n", "postgres://***@h/n"),
            ("postgres://u@h/n?password=hunter2@x", "***"),
            ("postgres://u:hunter2%40x@h/n", "postgres://u:***@h/n"),
            ("postgres://u:hunter2@a:1,b:2/n?sslmode=verify-full", "postgres://u:***@a:1,b:2/n?sslmode=verify-full"),
            ("postgres://u@h/n?sslpassword=hunter2", "postgres://u@h/n?sslpassword=***"),
            ("mysql://u:hunter2@h/n", "***"),
            ("hunter2", "***"),
        ] {
            assert_eq!(masked_database_url(given), shown);
        }
    }

    #[test]
    fn settings_database_url_with_bare_special_characters_is_told_to_encode_them() {
        for given in [
            "postgres://u:hun@ter2@h/n",
            "postgres://u:12/hunter2@h/n",
            "postgres://u:12?hunter2@h/n",
            "postgres://u:12#hunter2@h/n",
            "postgres://u:hunter2%@h/n",
            "postgres://u:a:hunter2@h/n",
        ] {
            let remedy = database_url(given).expect_err("refused");
            assert!(remedy.starts_with("Percent-encode") && !remedy.contains("hunter2"), "{given}: {remedy}");
        }
        for given in [
            "postgres://u:hunter2%40%2F@h/n",
            "postgres://%2Frun%2Fpostgresql/n",
            "postgres://u@[::1]:5432/n",
            "postgres://u@a:5432,b:5433/n?target_session_attrs=read-write&sslmode=verify-full",
        ] {
            assert!(database_url(given).is_ok(), "{given}");
        }
    }

    #[test]
    fn settings_trusted_roots_of_the_database_become_its_parameter() {
        let with = |url: &str| with_trusted_roots(url, Path::new("/etc/a b+c.pem"));
        assert_eq!(with("postgres://h/n").as_deref(), Ok("postgres://h/n?sslrootcert=%2Fetc%2Fa%20b%2Bc.pem"));
        assert_eq!(with("postgres://h/n?a=b").as_deref(), Ok("postgres://h/n?a=b&sslrootcert=%2Fetc%2Fa%20b%2Bc.pem"));
        assert!(with("sqlite:data/x").is_err() && with("postgres://h/n?sslrootcert=/x").is_err());
    }

    #[test]
    fn settings_database_file_starts_in_the_folder_of_the_configuration() {
        for (folder, given, opened) in [
            ("", "sqlite:data/x", "sqlite:data/x"),
            ("/etc/y", "sqlite:data/x", "sqlite:/etc/y/data/x"),
            ("/etc/y", "sqlite:///var/x", "sqlite:/var/x"),
            ("/etc/y", "sqlite:/var/x", "sqlite:/var/x"),
            ("/etc/y", "postgres://h/n", "postgres://h/n"),
        ] {
            assert_eq!(database_url_in(Path::new(folder), given).as_deref(), Ok(opened));
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

    #[test]
    fn settings_relative_sslrootcert_starts_in_the_folder_of_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a b")).unwrap();
        std::fs::write(folder.path().join("a b/ca.pem"), "x").unwrap();
        let at = |url: &str| database_url_in(folder.path(), url);
        let file = encoded(folder.path().join("a b/ca.pem").to_str().unwrap());
        for mode in ["verify-full", "verify-ca", "require", "prefer"] {
            let url = at(&format!("postgres://h/n?sslrootcert=a%20b/ca.pem&sslmode={mode}"));
            assert_eq!(url, Ok(format!("postgres://h/n?sslrootcert={file}&sslmode={mode}")));
        }
        for unchanged in [
            "postgres://h/n",
            "postgres://h/n?sslmode=require",
            "postgres://h/n?sslrootcert=system&sslmode=verify-full",
            "postgres://h/n?sslmode=prefer&sslrootcert=%2Fnowhere%2Fca.pem",
        ] {
            assert_eq!(at(unchanged).as_deref(), Ok(unchanged));
        }
        for (mode, named) in
            [("verify-full", "gone.pem"), ("require", "a+b/ca.pem"), ("verify-ca", "%2Fnowhere%2Fca.pem")]
        {
            let why = at(&format!("postgres://h/n?sslmode={mode}&sslrootcert={named}")).unwrap_err();
            assert!(why.starts_with("sslrootcert: /") && why.contains(" cannot be read: "), "{why}");
        }
    }
}
