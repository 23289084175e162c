//! The sections of the configuration, each read in the order in which the running contract lists them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use lysand_auth::config::{BaseUrl, Frontend, FrontendRoutes, Lifetimes, RateLimits};
use lysand_auth::config::{Limit, Rule};
use lysand_auth::password::PasswordConfig;
use lysand_auth::secret::Secret;
use lysand_auth::store::Pooler;

use super::check;
use super::reader::Reader;
use super::value::{Ttl, Value};

/// `[http]`: where the server listens and under which origin people know it.
#[derive(Clone, Debug)]
pub struct Http {
    /// The public origin. A port of 0 stands for the port that the system gives to `bind_port = 0`.
    pub base_url: BaseUrl,
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub bind_port: u16,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Worker threads; 0 means one a core.
    pub workers: u16,
    /// How long the server goes on accepting after a termination signal, while it already says that it is not ready.
    pub drain_delay: Duration,
    /// Connections at the same time.
    pub max_connections: usize,
    /// Connections of one address at the same time, those of trusted proxies excepted; IPv6 counts by /64.
    pub max_connections_per_address: usize,
    /// Requests at the same time on one connection of HTTP/2.
    pub max_streams: u32,
    /// How long a client may read nothing of what is sent to it.
    pub write_timeout: Duration,
    /// The certificate to serve TLS with, if the server does so itself.
    pub tls: Option<Tls>,
}

/// `[http.tls]`: certificate chain and private key, both PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate chain, own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[database]`.
#[derive(Clone, Debug)]
pub struct Database {
    /// `sqlite:…` or `postgres://…`; secret, since it may hold a password.
    pub url: Secret,
    /// Connections at most; 0 leaves the number to the store.
    pub max_connections: u32,
    /// What stands before PostgreSQL.
    pub pooler: Pooler,
    /// Whether `serve` and the administrative commands apply pending migrations.
    pub migrate_on_start: bool,
}

/// `[keys]`: files that are made at the first start. Of each list the first is used for what is new, all for what is older.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    /// Ed25519 keys: PKCS#8 PEM.
    pub signing: Vec<PathBuf>,
    /// Keys that other secrets are derived from: 32 random bytes each.
    pub secrets: Vec<PathBuf>,
    /// RSA keys: PKCS#8 PEM.
    pub rsa: Vec<PathBuf>,
}

/// `[instance]`: what the server says about itself.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// An address to write to; empty when there is none.
    pub contact_email: String,
    /// The address of a picture; empty when there is none.
    pub banner: String,
    /// Language tags, the most spoken first.
    pub languages: Vec<String>,
}

pub(super) fn http(reader: &mut Reader) -> Http {
    let given = reader.optional::<BaseUrl>("http.base_url", Ok);
    let bind = reader.get("http.bind", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let bind_port = reader.get("http.bind_port", 8080);
    let trusted_proxies = reader.get("http.trusted_proxies", loopback_networks());
    let workers = reader.checked("http.workers", 0_u16, |workers| match workers {
        0..=1024 => Ok(workers),
        _ => Err("Give a number up to 1024; 0 means one a core.".to_owned()),
    });
    let allow_insecure = reader.get("http.allow_insecure", false);
    let drain_delay = reader.checked("http.drain_delay", Duration::ZERO, |delay| within(delay, 0, 300));
    let number = |most: u32| {
        move |number: u32| match (1..=most).contains(&number) {
            true => Ok(number),
            false => Err(format!("Give a number from 1 to {most}.")),
        }
    };
    let max_connections = as_size(reader.checked("http.max_connections", 2_048, number(1_000_000)));
    let per_address = reader.checked("http.max_connections_per_address", 256, number(1_000_000));
    let max_streams = reader.checked("http.max_streams", 100, number(10_000));
    let write_timeout = reader.checked("http.write_timeout", Duration::from_secs(10), |wait| within(wait, 1, 300));
    let tls = tls(reader);
    let base_url = given.unwrap_or_else(|| usual_base_url(bind_port, tls.is_some()));
    reader.show("http.base_url", base_url.write());
    if !base_url.is_secure() && !base_url.is_loopback() && !allow_insecure {
        let remedy = "Passwords would travel in the clear: give an https: origin, or set http.allow_insecure = true.";
        reader.note("http.base_url", remedy);
    }
    if tls.is_some() && !base_url.is_secure() {
        let remedy = "Give an https: origin, since http.tls.enabled = true.";
        reader.note("http.base_url", remedy);
    }
    Http {
        base_url,
        bind,
        bind_port,
        trusted_proxies,
        workers,
        drain_delay,
        max_connections,
        max_connections_per_address: as_size(per_address),
        max_streams,
        write_timeout,
        tls,
    }
}

fn tls(reader: &mut Reader) -> Option<Tls> {
    let enabled = reader.get("http.tls.enabled", false);
    let cert: PathBuf = reader.get("http.tls.cert", "cert.pem".into());
    let key: PathBuf = reader.get("http.tls.key", "key.pem".into());
    if !enabled {
        return None;
    }
    let (cert, key) = (reader.folder().join(cert), reader.folder().join(key));
    if let Err(error) = crate::tls::Certificate::load(&cert, &key) {
        let (name, path) = if error.is_about_key { ("http.tls.key", &key) } else { ("http.tls.cert", &cert) };
        reader.problem(name, Some(path.write().to_string()), error.to_string());
    }
    Some(Tls { cert, key })
}

fn loopback_networks() -> Vec<IpNet> {
    ["127.0.0.1", "::1"].iter().filter_map(|text| text.parse::<IpAddr>().ok()).map(IpNet::from).collect()
}

fn usual_base_url(port: u16, tls: bool) -> BaseUrl {
    let scheme = if tls { "https" } else { "http" };
    BaseUrl::parse(&format!("{scheme}://localhost:{port}")).expect("localhost and a number make an origin")
}

pub(super) fn within(duration: Duration, shortest: u64, longest: u64) -> Result<Duration, String> {
    let bounds = Duration::from_secs(shortest)..=Duration::from_secs(longest);
    match bounds.contains(&duration) {
        true => Ok(duration),
        false => Err(format!("Give a duration from {} to {}.", bounds.start().write(), bounds.end().write())),
    }
}

pub(super) fn database(reader: &mut Reader) -> Database {
    let usual = "sqlite:data/lysand-auth.sqlite3";
    let url = reader.secret("database.url", usual, check::database_url, check::masked_database_url);
    let url = match check::database_url_in(&reader.folder(), url.expose()) {
        Ok(url) => Secret::new(url),
        Err(remedy) => {
            reader.note("database.url", remedy);
            url
        }
    };
    let folder = reader.folder();
    let roots =
        reader.checked("database.trusted_roots", PathBuf::new(), |file: PathBuf| match file.as_os_str().is_empty() {
            true => Ok(file),
            false => check::with_trusted_roots(url.expose(), &folder.join(&file)).map(|_| file),
        });
    let url = match roots.as_os_str().is_empty() {
        true => url,
        false => check::with_trusted_roots(url.expose(), &folder.join(roots)).map_or(url, Secret::new),
    };
    Database {
        url,
        max_connections: reader.checked("database.max_connections", 0_u32, |number| match number {
            0..=1000 => Ok(number),
            _ => Err("Give a number up to 1000; 0 takes a sensible one.".to_owned()),
        }),
        pooler: reader.choice("database.pooler", [("none", Pooler::None), ("transaction", Pooler::Transaction)]),
        migrate_on_start: reader.get("database.migrate_on_start", true),
    }
}

pub(super) fn keys(reader: &mut Reader) -> KeyFiles {
    KeyFiles {
        signing: key_files(reader, "keys.jwt", "data/jwt-ed25519.pem", "Ed25519 key"),
        secrets: key_files(reader, "keys.secrets", "data/secrets.key", "file of 32 random bytes"),
        rsa: key_files(reader, "keys.rsa", "data/jwt-rsa.pem", "RSA key"),
    }
}

fn key_files(reader: &mut Reader, name: &'static str, usual: &str, what: &str) -> Vec<PathBuf> {
    let paths = reader.checked(name, vec![Path::new(usual).to_owned()], |paths: Vec<PathBuf>| {
        match paths.is_empty() || paths.iter().any(|path| path.as_os_str().is_empty()) {
            true => Err(format!("Give the path of at least one {what}, such as {usual:?}.")),
            false => Ok(paths),
        }
    });
    let folder = reader.folder();
    paths.into_iter().map(|path| folder.join(path)).collect()
}

pub(super) fn instance(reader: &mut Reader) -> Instance {
    Instance {
        title: reader.checked("instance.title", "My instance".to_owned(), |title: String| match title.trim() {
            "" => Err("Give the server a name.".to_owned()),
            title => Ok(title.to_owned()),
        }),
        description: reader.get("instance.description", String::new()),
        contact_email: reader.checked("instance.contact_email", String::new(), |given| check::contact(&given)),
        banner: reader.checked("instance.banner", String::new(), |given| check::picture(&given)),
        languages: reader.checked("instance.languages", vec!["en".to_owned()], |tags: Vec<String>| {
            match tags.iter().all(|tag| check::is_language(tag)) {
                true => Ok(tags),
                false => Err("Give language tags, such as [\"en\", \"pt-BR\"].".to_owned()),
            }
        }),
    }
}

/// The frontend, and the folder with templates of the admin's own.
pub(super) fn frontend(reader: &mut Reader, http: &Http) -> (Frontend, Option<PathBuf>) {
    let redirects = reader.choice("frontend.mode", [("pages", false), ("redirect", true)]);
    let origin = frontend_origin(reader, redirects);
    let other_origin = origin.as_ref().filter(|origin| **origin != http.base_url);
    if other_origin.is_some_and(|origin| check::leads_back(origin, http.bind, http.bind_port)) {
        let remedy = "That is this server itself, which would hand requests to itself for ever: give the frontend's own \
                      origin, or set frontend.mode = \"pages\".";
        reader.note("frontend.url", remedy);
    }
    let start = reader.folder();
    let templates_dir: PathBuf =
        reader.checked("frontend.templates_dir", PathBuf::new(), |folder: PathBuf| {
            match folder.as_os_str().is_empty() {
                true => Ok(folder),
                false => check::folder(&start.join(&folder)).map(|()| folder),
            }
        });
    let usual = FrontendRoutes::default();
    let mut route = |name: &str, usual: String| {
        reader.checked(&format!("frontend.routes.{name}"), usual, |given| check::route(&given))
    };
    let mut routes = FrontendRoutes::default();
    routes.home = route("home", usual.home);
    routes.login = route("login", usual.login);
    routes.consent = route("consent", usual.consent);
    routes.register = route("register", usual.register);
    routes.password_reset = route("password_reset", usual.password_reset);
    optional_routes(reader, &mut routes);
    let service_worker = reader.get("frontend.service_worker", false);
    let table = reader.get("frontend.settings", toml::Table::new());
    let settings = table.into_iter().map(|(name, value)| (name, to_json(value))).collect();
    (
        {
            let mut made = Frontend::default();
            made.origin = origin;
            made.routes = routes;
            made.service_worker = service_worker;
            made.settings = settings;
            made
        },
        Some(templates_dir).filter(|folder| !folder.as_os_str().is_empty()).map(|folder| reader.folder().join(folder)),
    )
}

/// The pages that a frontend may have besides; without a path they are ours (people PPL-233).
fn optional_routes(reader: &mut Reader, routes: &mut FrontendRoutes) {
    let mut route = |name: &str| {
        let given = reader.checked(&format!("frontend.routes.{name}"), String::new(), |given: String| {
            if given.is_empty() { Ok(given) } else { check::route(&given) }
        });
        Some(given).filter(|given| !given.is_empty())
    };
    routes.confirm = route("confirm");
    routes.password_forgot = route("password_forgot");
    routes.account = route("account");
    routes.sessions = route("sessions");
    routes.email_confirm = route("email_confirm");
    routes.email_undo = route("email_undo");
    routes.factor = route("factor");
    routes.enrol = route("enrol");
    routes.security = route("security");
}

fn frontend_origin(reader: &mut Reader, needed: bool) -> Option<BaseUrl> {
    let mut refused = false;
    let given = reader.checked("frontend.url", String::new(), |given: String| match BaseUrl::parse(&given) {
        Ok(origin) => Ok(origin.as_str().to_owned()),
        Err(_) if given.trim().is_empty() => Ok(String::new()),
        Err(_) => {
            refused = true;
            Err(format!("Give {}.", BaseUrl::WANTED))
        }
    });
    if needed && given.is_empty() && !refused {
        let remedy =
            "Give the frontend's origin, which frontend.mode = \"redirect\" needs, or set frontend.mode = \"pages\".";
        reader.note("frontend.url", remedy);
    }
    BaseUrl::parse(&given).ok().filter(|_| needed)
}

fn to_json(value: toml::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => Json::from(number),
        toml::Value::Boolean(truth) => Json::Bool(truth),
        toml::Value::Datetime(moment) => Json::String(moment.to_string()),
        toml::Value::Array(items) => Json::Array(items.into_iter().map(to_json).collect()),
        toml::Value::Table(table) => {
            Json::Object(table.into_iter().map(|(name, value)| (name, to_json(value))).collect())
        }
    }
}

pub(super) fn password(reader: &mut Reader) -> PasswordConfig {
    let usual = PasswordConfig::default();
    let between = |lowest: u32, highest: u32, unit: &'static str| {
        move |number: u32| match (lowest..=highest).contains(&number) {
            true => Ok(number),
            false => Err(format!("Give {lowest} to {highest} {unit}: less is too weak, more serves nobody.")),
        }
    };
    let at_most = |highest: u32| {
        move |number: u32| match number <= highest {
            true => Ok(number),
            false => Err(format!("Give a number up to {highest}.")),
        }
    };
    let waiting = u32::try_from(usual.max_waiting).unwrap_or(64);
    {
        let mut made = PasswordConfig::default();
        made.memory_kib = reader.checked("password.memory_kib", usual.memory_kib, between(19_456, 4_194_304, "KiB"));
        made.iterations = reader.checked("password.iterations", usual.iterations, between(2, 100, "passes"));
        made.parallelism = reader.checked("password.parallelism", usual.parallelism, between(1, 16, "lanes"));
        made.max_concurrent = as_size(reader.checked("password.max_concurrent", 0, at_most(1_024)));
        made.max_waiting = as_size(reader.checked("password.max_waiting", waiting, between(1, 65_536, "places")));
        made.max_wait = reader.checked("password.max_wait", usual.max_wait, |wait| within(wait, 1, 30));
        made
    }
}

fn as_size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn lifetimes(reader: &mut Reader) -> Lifetimes {
    let usual = Lifetimes::default();
    let minutes = |longest: u64| move |lifetime| within(lifetime, 1, longest * 60);
    let days = |longest: u64| move |lifetime| within(lifetime, 60, longest * 86_400);
    let access_token = reader.checked("tokens.access_token_ttl", Ttl::Never, |ttl: Ttl| match ttl {
        Ttl::After(lifetime) => days(366)(lifetime).map(Ttl::After),
        Ttl::Never => Ok(Ttl::Never),
    });
    {
        let mut made = Lifetimes::default();
        made.authorization_code =
            reader.checked("tokens.authorization_code_ttl", usual.authorization_code, minutes(10));
        made.out_of_band_code = reader.checked("tokens.oob_code_ttl", usual.out_of_band_code, minutes(60));
        made.pending_code = reader.checked("tokens.pending_code_ttl", usual.pending_code, minutes(60));
        made.session = reader.checked("tokens.session_ttl", usual.session, |session| within(session, 60, 366 * 86_400));
        made.replay_grace = reader.checked("tokens.replay_grace", usual.replay_grace, |grace| within(grace, 0, 60));
        made.refresh_retry = reader.checked("tokens.refresh_retry", usual.refresh_retry, |time| within(time, 0, 600));
        made.access_token = match access_token {
            Ttl::After(lifetime) => Some(lifetime),
            Ttl::Never => None,
        };
        made.expiring_access_token =
            reader.checked("tokens.expiring_access_token_ttl", usual.expiring_access_token, days(366));
        made.refresh_token_idle =
            reader.checked("tokens.refresh_token_idle_ttl", usual.refresh_token_idle, days(3_660));
        made.refresh_token = reader.checked("tokens.refresh_token_ttl", usual.refresh_token, days(3_660));
        made.unused_app =
            reader.checked("apps.unused_ttl", usual.unused_app, |time| within(time, 86_400, 3_660 * 86_400));
        made
    }
}

pub(super) fn rate_limits(reader: &mut Reader) -> RateLimits {
    let enabled = reader.get("ratelimit.enabled", true);
    let mut overrides = BTreeMap::new();
    for rule in Rule::ALL {
        let usual = rule.default_limit();
        let per = reader.checked(&format!("ratelimit.{}.per", rule.name()), usual.per, |per| within(per, 1, 86_400));
        let max = reader.checked(&format!("ratelimit.{}.max", rule.name()), usual.max, |max: u32| match max {
            0 => Err("Give 1 or more; ratelimit.enabled = false switches all limits off.".to_owned()),
            _ => Ok(max),
        });
        overrides.insert(rule, Limit { max, per });
    }
    {
        let mut made = RateLimits::default();
        made.enabled = enabled;
        made.overrides = overrides;
        made
    }
}
