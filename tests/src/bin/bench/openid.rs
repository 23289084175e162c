//! What OpenID Connect costs: an id token signed by RS256, in processor time of the server's process, and the end of a session that
//! fifty apps are to be told of.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::http::{BlockingConnection, Reply, encode, raw_parameter, request};
use crate::options::Length;
use crate::prepare::{PASSWORD, Prepared};
use crate::report::{Row, Verdict};
use crate::server::Running;

const LIMIT: Duration = Duration::from_secs(20);
const SIGNED: &str = "an id token by RS256: processor time beside the token answer without one";
const SIGNED_TARGET: &str = "≤ 1.5 ms";
const SIGNED_LIMIT_MS: f64 = 1.5;
const ENDED: &str = "signing out of a session with 50 apps that are told";
const ENDED_TARGET: &str = "≤ 50 ms";
const ENDED_LIMIT_MS: f64 = 50.0;
const APPS: usize = 50;
const CALLBACK: &str = "https://app.example/cb";

/// An app, as it redeems codes.
struct App {
    id: String,
    secret: String,
}

/// Measures on a running server.
pub(crate) fn measure(server: &Running, prepared: &Prepared, length: &Length) -> Vec<Row> {
    let failed = |work, target| move |fault: crate::Failure| Row::failed(work, target, &fault.to_string());
    vec![
        signed(server, prepared, length).unwrap_or_else(failed(SIGNED, SIGNED_TARGET)),
        ended(prepared, length).unwrap_or_else(failed(ENDED, ENDED_TARGET)),
    ]
}

fn signed(server: &Running, prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    // The key is made in the first seconds of a server.
    let ready = request("GET", "/.well-known/jwks.json", &prepared.authority, &[], "");
    while connection.exchange(&ready)?.status == 503 {}
    let app = register(&mut connection, prepared)?;
    let cookie = session(&mut connection, prepared, &app)?;
    let number = length.compared.min(50);
    let mut each = Vec::new();
    for scope in ["profile", "openid profile"] {
        let codes: Vec<String> =
            (0..number).map(|_| code(&mut connection, prepared, (&app, scope), &cookie)).collect::<Outcome<_>>()?;
        let before = server.processor_ms()?;
        for code in &codes {
            redeem(&mut connection, prepared, &app, code)?;
        }
        each.push((server.processor_ms()? - before) / f64::from(u32::try_from(number)?));
    }
    let (plain, with) = (each[0], each[1]);
    Ok(Row {
        work: SIGNED,
        figure: format!("{:.2} ms", with - plain),
        target: SIGNED_TARGET,
        verdict: Verdict::of(with - plain <= SIGNED_LIMIT_MS),
        detail: format!("{with:.2} ms with it, {plain:.2} ms without, {number} codes each, one after the other"),
        numbers: vec![("with_id_token_ms", with), ("without_ms", plain)],
    })
}

fn ended(prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let mut millis = Vec::new();
    let apps: Vec<App> = (0..APPS).map(|_| register(&mut connection, prepared)).collect::<Outcome<_>>()?;
    for _ in 0..length.starts.clamp(1, 5) {
        let cookie = session(&mut connection, prepared, &apps[0])?;
        for app in &apps {
            let code = code(&mut connection, prepared, (app, "openid profile"), &cookie)?;
            redeem(&mut connection, prepared, app, &code)?;
        }
        let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", &*cookie)];
        let out = request("POST", "/api/auth/mastodon-logout", &prepared.authority, &headers, "");
        let begun = Instant::now();
        let reply = connection.exchange(&out)?;
        millis.push(begun.elapsed().as_secs_f64() * 1000.0);
        if reply.status != 303 {
            return Err(format!("sign-out: {}", reply.summary()).into());
        }
    }
    let worst = millis.iter().copied().fold(0.0, f64::max);
    let each: Vec<String> = millis.iter().map(|time| format!("{time:.1}")).collect();
    Ok(Row {
        work: ENDED,
        figure: format!("{worst:.1} ms"),
        target: ENDED_TARGET,
        verdict: Verdict::of(worst <= ENDED_LIMIT_MS),
        detail: format!("the slowest of {} ms", each.join(", ")),
        numbers: vec![("milliseconds", worst)],
    })
}

fn register(connection: &mut BlockingConnection, prepared: &Prepared) -> Outcome<App> {
    let wish = encode(&[
        ("client_name", "Bench"),
        ("redirect_uris", CALLBACK),
        ("scope", "openid profile"),
        ("token_endpoint_auth_method", "client_secret_post"),
        ("id_token_signed_response_alg", "RS256"),
        ("backchannel_logout_uri", "https://app.example/told"),
    ]);
    let call = request("POST", "/oauth/register", &prepared.authority, &[], &wish);
    let reply = connection.exchange(&call)?;
    if reply.status != 201 {
        return Err(format!("registration: {}", reply.summary()).into());
    }
    let app: Value = serde_json::from_slice(&reply.body)?;
    let member = |name: &str| app[name].as_str().map(str::to_owned).ok_or_else(|| format!("the app has no {name}"));
    Ok(App { id: member("client_id")?, secret: member("client_secret")? })
}

fn asked<'a>(app: &'a App, scope: &'a str) -> [(&'static str, &'a str); 4] {
    [("client_id", &app.id), ("redirect_uri", CALLBACK), ("response_type", "code"), ("scope", scope)]
}

/// Signs in; the cookie of the session.
fn session(connection: &mut BlockingConnection, prepared: &Prepared, app: &App) -> Outcome<String> {
    let target = format!("/api/auth/login?{}", encode(&asked(app, "openid profile")));
    let form = encode(&[("identifier", "bench"), ("password", PASSWORD)]);
    let call = request("POST", &target, &prepared.authority, &[("Sec-Fetch-Site", "same-origin")], &form);
    let reply = connection.exchange(&call)?;
    let cookies = reply.headers("set-cookie");
    let found = cookies.iter().find(|cookie| cookie.starts_with("jwt=")).and_then(|cookie| cookie.split(';').next());
    found.map(str::to_owned).ok_or_else(|| format!("sign-in: {}", reply.summary()).into())
}

/// An approved code of the session, consented to where that is asked.
fn code(
    connection: &mut BlockingConnection,
    prepared: &Prepared,
    (app, scope): (&App, &str),
    cookie: &str,
) -> Outcome<String> {
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", cookie)];
    let target = format!("/oauth/authorize?{}", encode(&asked(app, scope)));
    let there = location(&connection.exchange(&request("GET", &target, &prepared.authority, &headers, ""))?)?;
    let first = raw_parameter(&there, "code").ok_or_else(|| format!("no code in {there}"))?.to_owned();
    if !there.contains("/oauth/consent?") {
        return Ok(first);
    }
    let consent = encode(&[("client_id", &app.id), ("redirect_uri", CALLBACK), ("code", &first)]);
    let call = request("POST", &format!("/api/auth/redirect?{consent}"), &prepared.authority, &headers, "");
    let there = location(&connection.exchange(&call)?)?;
    Ok(raw_parameter(&there, "code").ok_or_else(|| format!("no code in {there}"))?.to_owned())
}

fn location(reply: &Reply<'_>) -> Outcome<String> {
    let there = reply.header("location");
    there.ok_or_else(|| format!("no redirect: {}", reply.summary()).into())
}

fn redeem(connection: &mut BlockingConnection, prepared: &Prepared, app: &App, code: &str) -> Outcome<()> {
    let form = encode(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("client_id", &app.id),
        ("client_secret", &app.secret),
    ]);
    let reply = connection.exchange(&request("POST", "/oauth/token", &prepared.authority, &[], &form))?;
    if reply.status == 200 { Ok(()) } else { Err(format!("token: {}", reply.summary()).into()) }
}
