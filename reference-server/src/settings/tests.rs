use super::*;

/// What `print-config` prints, without where each value comes from.
fn values(settings: &Settings) -> toml::Table {
    settings.to_toml().parse().unwrap()
}

fn with(text: &str) -> Result<Settings, Problems> {
    Settings::parse(text, [])
}

fn with_variables(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Problems> {
    Settings::parse(text, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// The keys that are wrong in a configuration, in the order of the report.
fn wrong(text: &str) -> Vec<String> {
    with(text).err().map_or_else(Vec::new, |problems| problems.0.into_iter().map(|problem| problem.key).collect())
}

#[test]
fn settings_defaults_match_the_running_contract() {
    let settings = with("").unwrap();
    assert_eq!(settings.http.base_url.as_str(), "http://localhost:8080");
    assert_eq!((settings.http.bind.to_string().as_str(), settings.http.bind_port), ("127.0.0.1", 8080));
    assert_eq!(settings.database.url.expose(), "sqlite:data/lysand-auth.sqlite3");
    assert_eq!(settings.keys.signing, [PathBuf::from("data/jwt-ed25519.pem")]);
    assert_eq!(settings.keys.secrets, [PathBuf::from("data/secrets.key")]);
    assert_eq!(settings.lifetimes.session.as_secs(), 7 * 86_400);
    assert_eq!((settings.password.memory_kib, settings.password.iterations), (19_456, 2));
    assert!(settings.demo && settings.database.migrate_on_start && settings.rate_limits.enabled);
    assert!(settings.http.tls.is_none() && settings.frontend.origin.is_none() && settings.templates_dir.is_none());
}

#[test]
fn settings_base_url_defaults_to_localhost_with_bind_port() {
    assert_eq!(with("http.bind_port = 9000").unwrap().http.base_url.as_str(), "http://localhost:9000");
    let settings = with("[http]\nbind_port = 9000\nbase_url = \"https://social.example/\"").unwrap();
    assert_eq!(settings.http.base_url.as_str(), "https://social.example");
    assert!(!settings.demo, "off by default on an https origin");
    assert!(with("http.base_url = \"https://a.example\"\ndemo.enabled = true").unwrap().demo);
}

#[test]
fn settings_plain_http_base_url_needs_loopback_or_allow_insecure() {
    assert_eq!(wrong("http.base_url = \"http://social.example\""), ["http.base_url"]);
    assert_eq!(wrong("http.base_url = \"http://social.example\"\nhttp.allow_insecure = true"), [""; 0]);
    assert_eq!(wrong("http.base_url = \"http://app.localhost:1\""), [""; 0]);
    for text in ["https://a.example/path", "social.example", "ftp://a.example", ""] {
        assert_eq!(wrong(&format!("http.base_url = \"{text}\"")), ["http.base_url"]);
    }
}

#[test]
fn settings_with_several_errors_report_all_at_once() {
    let text = "
        [http]
        base_url = \"nowhere\"
        bind = \"localhost\"
        bind_port = 70000
        trusted_proxies = [\"10.0.0.0/33\"]
        [password]
        memory_kib = 1024
        iterations = 1
        [tokens]
        session_ttl = \"never\"
        access_token_ttl = \"1s\"
        [frontend]
        mode = \"redirect\"
        [frontend.routes]
        login = \"//evil.example\"
        [ratelimit.apps]
        max = 0
        [log]
        format = \"xml\"
        [oidc]
        forced = true
        [colour]
        red = 1
    ";
    assert_eq!(
        wrong(text),
        [
            "http.base_url",
            "http.bind",
            "http.bind_port",
            "http.trusted_proxies",
            "frontend.url",
            "frontend.routes.login",
            "password.memory_kib",
            "password.iterations",
            "tokens.access_token_ttl",
            "tokens.session_ttl",
            "ratelimit.apps.max",
            "log.format",
            "oidc.forced",
            "colour",
        ]
    );
}

#[test]
fn settings_environment_variables_override_the_configuration_file() {
    let file = "[http]\nbind_port = 1\n[instance]\ntitle = \"File\"\nlanguages = [\"de\"]";
    let settings = with_variables(
        file,
        &[
            ("LYSAND_AUTH__HTTP__BIND_PORT", "9000"),
            ("LYSAND_AUTH__HTTP__ALLOW_INSECURE", "true"),
            ("LYSAND_AUTH__HTTP__BASE_URL", "http://social.example"),
            ("LYSAND_AUTH__INSTANCE__TITLE", "12"),
            ("LYSAND_AUTH__INSTANCE__LANGUAGES", "[\"en\", \"fr\"]"),
            ("LYSAND_AUTH__TOKENS__SESSION_TTL", "1d"),
            ("LYSAND_AUTH__FRONTEND__SETTINGS", "{ \"org.lysand.fe:theme\" = \"dark\" }"),
            ("LYSAND_AUTH__RATELIMIT__APPS__MAX", "9"),
            ("LYSAND_AUTH_CONFIG", "ignored"),
            ("HOME", "ignored"),
        ],
    )
    .unwrap();
    assert_eq!(settings.http.bind_port, 9000);
    assert_eq!(settings.http.base_url.as_str(), "http://social.example");
    assert_eq!((settings.instance.title.as_str(), settings.instance.languages.len()), ("12", 2));
    assert_eq!(settings.lifetimes.session.as_secs(), 86_400);
    assert_eq!(settings.frontend.settings["org.lysand.fe:theme"], "dark");
    let apps = settings.rate_limits.of(lysand_auth::config::Rule::Apps).unwrap();
    assert_eq!((apps.max, apps.per.as_secs()), (9, 600));
}

#[test]
fn settings_problem_from_environment_names_the_variable() {
    let problems =
        with_variables("", &[("LYSAND_AUTH__HTTP__BIND_PORT", "many"), ("LYSAND_AUTH__HTTP__BIND_PROT", "80")])
            .unwrap_err();
    assert_eq!(problems.0[0].key, "LYSAND_AUTH__HTTP__BIND_PORT");
    assert_eq!(problems.0[0].value.as_deref(), Some("\"many\""));
    assert!(problems.0[1].remedy.contains("LYSAND_AUTH__HTTP__BIND_PORT"), "{problems}");
}

#[test]
fn settings_unknown_key_names_the_nearest_known_key() {
    let problems = with("[http]\nbase_ulr = \"https://a.example\"").unwrap_err();
    assert_eq!(problems.0.len(), 1);
    assert_eq!(problems.0[0].key, "http.base_ulr");
    assert!(problems.0[0].remedy.contains("http.base_url"), "{problems}");
}

#[test]
fn settings_file_that_is_not_toml_is_one_problem() {
    assert_eq!(wrong("[http\nbind = 1"), ["the configuration file"]);
    assert!(Settings::load(Some(Path::new("/nowhere/at/all.toml")), []).is_err());
}

#[test]
fn settings_file_with_mistake_on_line_of_a_secret_does_not_show_the_line() {
    for (text, line) in [
        ("[smtp]\npassword = hunter2secret\n", 2),
        ("[smtp]\npassword = \"hunter2secret\n", 2),
        ("[smtp]\npassword = \"hunter2\"secret\"\n", 2),
        ("[smtp]\npassword = \"hunter2secret\\q\"\n", 2),
        ("[smtp]\npassword : \"hunter2secret\"\n", 2),
        ("[smtp]\npassword = 'hunter2secret\n", 2),
        ("[smtp]\npassword = \"\"\"hunter2secret\nmore", 2),
        ("[smtp]\npassword = \"x\"\npassword = \"hunter2secret\"\n", 3),
        ("[database]\nurl = postgres://ada:hunter2secret@db/x\n", 2),
        ("[database]\n\nhunter2secret\n", 3),
        ("[[oidc.providers]]\nclient_secret = [\"hunter2secret\"\n", 2),
        ("# größe\nx = hunter2secret\u{7f}\n", 2),
    ] {
        let problems = with(text).unwrap_err().to_string();
        assert!(problems.contains("It is not TOML: line ") && !problems.contains("hunter2"), "{text}: {problems}");
        assert!(
            problems.contains(&format!("line {line}")) || text.contains("\"\"\"") || text.contains('['),
            "{problems}"
        );
    }
}

#[test]
fn settings_database_url_file_is_read_and_conflicts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://u:hunter2@db.example/auth\n").unwrap();
    let file = format!("[database]\nurl_file = \"{}\"", path.display());
    let settings = with(&file).unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://u:hunter2@db.example/auth");
    assert!(settings.to_toml().contains("url_file = ") && !settings.to_toml().contains("hunter2"));

    assert_eq!(wrong(&format!("{file}\nurl = \"sqlite:x\"")), ["database.url_file"]);
    let settings = with_variables(&file, &[("LYSAND_AUTH__DATABASE__URL", "sqlite:x")]).unwrap();
    assert_eq!(settings.database.url.expose(), "sqlite:x");
    let variable = [("LYSAND_AUTH__DATABASE__URL_FILE", path.to_str().unwrap())];
    let settings = with_variables("database.url = \"sqlite:x\"", &variable).unwrap();
    assert!(settings.database.url.expose().starts_with("postgres:"));
    std::fs::write(&path, "\n").unwrap();
    assert_eq!(wrong(&file), ["database.url_file"]);
}

#[test]
fn settings_invalid_database_url_is_reported_without_password() {
    for text in [
        "database.url = \"mysql://u:hunter2@h/n\"",
        "database.url = \"postgre://u:hunter2@h/n\"",
        "database.url = [\"hunter2\"]",
        "database.url = \"hunter2\"",
    ] {
        let problems = with(text).unwrap_err();
        assert_eq!(problems.0[0].key, "database.url");
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
    }
    let settings = with("database.url = \"postgres://u:hunter2@h/n\"").unwrap();
    assert!(!settings.to_toml().contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
}

#[test]
fn settings_printed_as_toml_load_again_unchanged() {
    let text = "
        [http]
        base_url = \"https://social.example\"
        trusted_proxies = [\"10.0.0.1\", \"fd00::/8\"]
        [keys]
        jwt = [\"one.pem\", \"two.pem\"]
        [instance]
        title = \"A \\\"quoted\\\" name\"
        description = \"two\\nlines\"
        [frontend]
        mode = \"redirect\"
        url = \"https://fe.example/\"
        [frontend.routes]
        login = \" /sign-in/ \"
        [frontend.settings]
        \"org.lysand.fe:theme\" = \"dark\"
        \"org.lysand.fe:more\" = { list = [1, 2.5, true], \"a.b\" = \"c\" }
        [tokens]
        session_ttl = \"36h\"
        access_token_ttl = \"never\"
        [ratelimit.login_account]
        per = \"30m\"
        max = 3
    ";
    let first = with(text).unwrap();
    let again = with(&first.to_toml()).unwrap();
    assert_eq!(values(&first), values(&again));
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    assert_eq!(again.frontend.routes.login, "/sign-in");
    assert_eq!(again.frontend.settings["org.lysand.fe:more"]["a.b"], "c");
    let usual = with("").unwrap();
    assert_eq!(values(&usual), values(&with(&usual.to_toml()).unwrap()));
}

#[test]
fn settings_frontend_redirect_mode_requires_frontend_url() {
    assert_eq!(wrong("frontend.mode = \"redirect\""), ["frontend.url"]);
    assert_eq!(wrong("frontend.mode = \"somewhere\""), ["frontend.mode"]);
    assert_eq!(wrong("[frontend]\nmode = \"redirect\"\nurl = \"https://fe.example/path\""), ["frontend.url"]);
    let settings = with("[frontend]\nmode = \"redirect\"\nurl = \"https://fe.example\"").unwrap();
    assert_eq!(settings.frontend.origin.unwrap().as_str(), "https://fe.example");
    let settings = with("[frontend]\nurl = \"https://fe.example\"").unwrap();
    assert!(settings.frontend.origin.is_none(), "an origin counts in redirect mode only");
}

#[test]
fn settings_frontend_url_on_own_listening_address_is_refused() {
    let of = |url: &str| {
        let text = format!("http.base_url = \"https://a.example\"\n[frontend]\nmode = \"redirect\"\nurl = \"{url}\"");
        with(&format!("{text}\n[frontend.routes]\nlogin = \"/in\"\nconsent = \"/ok\""))
    };
    for url in ["http://localhost:8080", "http://[::1]:8080"] {
        let problems = of(url).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert_eq!(problems.0[0].key, "frontend.url");
        assert!(problems.0[0].remedy.contains("frontend's own origin"), "{problems}");
    }
    assert!(of("http://localhost:3000").is_ok() && of("https://fe.a.example").is_ok());
    // A proxy in front may show both on one origin.
    assert!(of("https://a.example").is_ok() && of("https://A.example:443/").is_ok());
}

#[test]
fn settings_frontend_register_and_password_reset_routes_are_validated() {
    let settings = with("").unwrap();
    let routes = &settings.frontend.routes;
    assert_eq!((routes.register.as_str(), routes.password_reset.as_str()), ("/register", "/oauth/reset"));
    let settings = with("[frontend.routes]\nregister = \" /join// \"\npassword_reset = \"/\"").unwrap();
    let routes = &settings.frontend.routes;
    assert_eq!((routes.register.as_str(), routes.password_reset.as_str()), ("/join", "/"));
    assert!(
        settings.to_toml().contains("register = \"/join\"") && settings.to_toml().contains("password_reset = \"/\"")
    );
    for bad in ["", " ", "join", "//evil.example", "/a?b", "https://evil.example"] {
        for key in ["register", "password_reset"] {
            assert_eq!(wrong(&format!("[frontend.routes]\n{key} = \"{bad}\"")), [format!("frontend.routes.{key}")]);
        }
    }
}

#[test]
fn settings_tls_requires_https_base_url_and_readable_certificate() {
    let keys = wrong("[http.tls]\nenabled = true\ncert = \"/nowhere/cert.pem\"\nkey = \"/nowhere/key.pem\"");
    assert_eq!(keys, ["http.tls.cert"]);
    let keys = wrong("[http]\nbase_url = \"http://localhost\"\ntls.enabled = true\ntls.cert = \"/nowhere\"");
    assert_eq!(keys, ["http.tls.cert", "http.base_url"]);
}

const PROVIDERS: &str = "
    [oidc]
    allow_registration = true
    [[oidc.providers]]
    id = \"example\"
    name = \"Example ID\"
    url = \"https://id.example\"
    client_id = \"c\"
    client_secret = \"hunter2\"
    callback = \"query\"
    [[oauth2.providers]]
    id = \"forge\"
    name = \"Forge\"
    authorization_url = \"https://forge.example/authorize\"
    token_url = \"https://forge.example/token\"
    userinfo_url = \"https://forge.example/user\"
    client_id = \"c\"
    client_secret = \"hunter2\"
    scopes = [\"read:user\"]
";

#[test]
fn settings_sso_providers_are_read_and_secrets_masked() {
    use lysand_auth::config::CallbackStyle;
    let settings = with(PROVIDERS).unwrap();
    let ids: Vec<_> = settings.sso.providers.iter().map(|provider| provider.id.as_str()).collect();
    assert_eq!(ids, ["example", "forge"]);
    assert_eq!(settings.sso.providers[0].scopes, ["openid", "profile", "email"]);
    assert_eq!(settings.sso.providers[0].callback, CallbackStyle::Query);
    assert!(settings.sso.allow_registration && !settings.sso.forced);
    assert!(!settings.to_toml().contains("hunter2"), "{}", settings.to_toml());
    let again = with(&settings.to_toml().replace("***", "hunter2")).unwrap();
    assert_eq!(values(&again), values(&settings));
}

#[test]
fn settings_sso_provider_errors_name_provider_or_key() {
    let problems = |text: &str| with(text).err().map(|problems| problems.to_string()).unwrap_or_default();
    let misspelt = problems(&PROVIDERS.replace("client_secret", "client_secert"));
    assert!(misspelt.contains("oidc.providers[0].client_secert") && misspelt.contains("client_secret"), "{misspelt}");
    let plain = problems(&PROVIDERS.replace("https://id.example", "http://id.example"));
    assert!(plain.contains("\"example\"") && plain.contains("https"), "{plain}");
    let twice = problems(&PROVIDERS.replace("forge\"\n    name", "example\"\n    name"));
    assert!(twice.contains("same id"), "{twice}");
    let one_pair = problems("[oidc.providers]\nid = \"a\"\nclient_secret = \"hunter2\"");
    assert!(one_pair.contains("two pairs of brackets") && !one_pair.contains("hunter2"), "{one_pair}");
    assert!(problems("oidc.trusted_roots = [\"/nowhere\"]").contains("PEM"));
}

#[test]
fn settings_of_provider_habits_are_read_and_checked() {
    use lysand_auth::config::ProviderResponseMode;
    let usual = with(PROVIDERS).unwrap().sso.providers.remove(0);
    assert_eq!(usual.response_mode, ProviderResponseMode::Query);
    assert!(usual.trusted_audiences.is_empty() && !usual.trust_text_booleans);
    let lines = "response_mode = \"form_post\"\ntrusted_audiences = [\"sibling\"]\ntrust_text_booleans = true";
    let settings = with(&PROVIDERS.replace("callback = \"query\"", lines)).unwrap();
    let given = &settings.sso.providers[0];
    assert_eq!(given.response_mode, ProviderResponseMode::FormPost);
    assert!(given.trusted_audiences == ["sibling"] && given.trust_text_booleans);
    let again = with(&settings.to_toml().replace("***", "hunter2")).unwrap();
    assert_eq!(values(&again), values(&settings));
    for (bad, word) in [
        ("response_mode = \"fragment\"", "form_post"),
        ("trusted_audiences = [\"\"]", "trusted_audiences"),
        ("trusted_audiences = \"sibling\"", "trusted_audiences"),
        ("trust_text_booleans = \"yes\"", "trust_text_booleans"),
    ] {
        let problems = with(&PROVIDERS.replace("callback = \"query\"", bad)).unwrap_err().to_string();
        assert!(problems.contains(word), "{bad}: {problems}");
    }
}

#[test]
fn settings_outgoing_proxy_is_checked_and_its_password_masked() {
    assert!(with("").unwrap().sso.outgoing_proxy.is_none());
    let settings = with("http.outgoing_proxy = \"http://squid:hunter2@proxy.example:3128\"").unwrap();
    let proxy = settings.sso.outgoing_proxy.as_ref().map(|proxy| proxy.expose().to_owned());
    assert_eq!(proxy.as_deref(), Some("http://squid:hunter2@proxy.example:3128"));
    let shown = settings.to_toml();
    assert!(!shown.contains("hunter2") && !shown.contains("squid") && shown.contains("http://***@proxy.example:3128"));
    assert!(!format!("{settings:?}").contains("hunter2"));
    for bad in ["proxy.example:3128", "socks5://hunter2@proxy.example", "http://u:hunter2@proxy.example/path"] {
        let problems = with(&format!("http.outgoing_proxy = {bad:?}")).unwrap_err().to_string();
        assert!(problems.contains("http.outgoing_proxy") && !problems.contains("hunter2"), "{bad}: {problems}");
    }
}
