//! What a second proof costs beside the password, and what a sign-in with a passkey costs: processor time of the server's process,
//! which noise hardly moves.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tests::authenticator::Authenticator;
use tests::soft_passkey::SoftPasskey;

use crate::Outcome;
use crate::http::{BlockingConnection, Reply, encode, raw_parameter, request};
use crate::options::Length;
use crate::prepare::{PASSWORD, Prepared, signed_in};
use crate::report::{Row, Verdict};
use crate::server::{Installation, Running};

const LIMIT: Duration = Duration::from_secs(10);
const SECOND: &str = "a code of an app after the password: processor time beside the password alone";
const PASSKEY: &str = "a passkey that signs somebody in: processor time beside one that nobody registered";
const TARGET: &str = "≤ 2 ms";
const LIMIT_MS: f64 = 2.0;
/// The difference has the verification, and the session and the code that a right answer begins.
const PASSKEY_TARGET: &str = "≤ 1 ms";
const PASSKEY_LIMIT_MS: f64 = 1.0;
const SCOPES: &str = "auth:read auth:write";

/// Somebody with an authenticator app, whose setup used the code of `set_up_at`.
struct Enrolled {
    name: String,
    app: Authenticator,
    set_up_at: i64,
}

fn now() -> Outcome<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

/// Measures on a running server, with so many people.
pub(crate) fn measure(installation: &Installation, server: &Running, prepared: &Prepared, length: &Length) -> Vec<Row> {
    let failed = |work, target| move |fault: crate::Failure| Row::failed(work, target, &fault.to_string());
    vec![
        second_proofs(installation, server, prepared, length).unwrap_or_else(failed(SECOND, TARGET)),
        passkeys(installation, server, prepared, length).unwrap_or_else(failed(PASSKEY, PASSKEY_TARGET)),
    ]
}

fn second_proofs(installation: &Installation, server: &Running, prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let number = length.compared / 2;
    let mut enrolled = Vec::new();
    for one in 0..number {
        enrolled.push(enrol(installation, prepared, format!("two{one}"))?);
    }
    // A code counts once: wait for the step after the last one that a setup used.
    let last = enrolled.iter().map(|one| one.set_up_at).max().unwrap_or_default();
    while now()? / 30 <= last / 30 {
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let before = server.processor_ms()?;
    for one in &enrolled {
        let reply = connection.exchange(&prepared.sign_in_as("bench", PASSWORD))?;
        if !signed_in(&reply) {
            return Err(format!("sign-in of {}: {}", one.name, reply.summary()).into());
        }
    }
    let between = server.processor_ms()?;
    for one in &enrolled {
        let reply = connection.exchange(&prepared.sign_in_as(&one.name, PASSWORD))?;
        let location = reply.header("location").unwrap_or_default();
        let id = raw_parameter(&location, "pending").ok_or_else(|| format!("sign-in: {}", reply.summary()))?.to_owned();
        let cookie = cookies(&reply);
        let form = encode(&[("pending", &id), ("code", &one.app.code(now()?))]);
        let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", &*cookie)];
        let answer = request("POST", "/api/auth/factor/totp", &prepared.authority, &headers, &form);
        let reply = connection.exchange(&answer)?;
        if !signed_in(&reply) {
            return Err(format!("the code of {}: {}", one.name, reply.summary()).into());
        }
    }
    let after = server.processor_ms()?;
    let each = |from: f64, to: f64| (to - from) / f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let (password, both) = (each(before, between), each(between, after));
    Ok(Row {
        work: SECOND,
        figure: format!("{:.2} ms", both - password),
        target: TARGET,
        verdict: Verdict::of(both - password <= LIMIT_MS),
        detail: format!(
            "{both:.2} ms with the code, {password:.2} ms without, {number} sign-ins each, one after the other"
        ),
        numbers: vec![("with_code_ms", both), ("password_ms", password)],
    })
}

fn passkeys(installation: &Installation, server: &Running, prepared: &Prepared, length: &Length) -> Outcome<Row> {
    let mut passkey = SoftPasskey::new(&format!("http://{}", prepared.authority));
    let token = account(installation, "keys")?;
    let proof = encode(&[("current_password", PASSWORD)]);
    let setup = called(prepared, &token, "passkeys/start", &proof)?;
    let credential = passkey.create(&setup["options"]).to_string();
    let id = setup["setup_id"].as_str().unwrap_or_default();
    let made = [("setup_id", id), ("credential", &*credential), ("current_password", PASSWORD)];
    called(prepared, &token, "passkeys", &encode(&made))?;
    let mut stranger = SoftPasskey::new(&format!("http://{}", prepared.authority));
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let number = length.compared;
    let before = server.processor_ms()?;
    for _ in 0..number {
        let reply = answered(prepared, &mut connection, &mut stranger)?;
        if signed_in(&reply) {
            return Err("a passkey that nobody registered signed somebody in".into());
        }
    }
    let between = server.processor_ms()?;
    for _ in 0..number {
        let reply = answered(prepared, &mut connection, &mut passkey)?;
        if !signed_in(&reply) {
            return Err(format!("sign-in with a passkey: {}", reply.summary()).into());
        }
    }
    let after = server.processor_ms()?;
    let each = |from: f64, to: f64| (to - from) / f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let (refused, accepted) = (each(before, between), each(between, after));
    Ok(Row {
        work: PASSKEY,
        figure: format!("{:.2} ms", accepted - refused),
        target: PASSKEY_TARGET,
        verdict: Verdict::of(accepted - refused <= PASSKEY_LIMIT_MS),
        detail: format!(
            "{accepted:.2} ms a sign-in, {refused:.2} ms a refusal, {number} each, one after the other, two requests each"
        ),
        numbers: vec![("accepted_ms", accepted), ("refused_ms", refused)],
    })
}

/// The answer to a passkey: the challenge, and what it says to that.
fn answered<'a>(
    prepared: &Prepared,
    connection: &'a mut BlockingConnection,
    passkey: &mut SoftPasskey,
) -> Outcome<Reply<'a>> {
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Accept", "application/json")];
    let reply = connection.exchange(&request("POST", "/api/auth/passkey/start", &prepared.authority, &headers, ""))?;
    let cookie = cookies(&reply);
    let started: Value = serde_json::from_slice(&reply.body)?;
    let credential = passkey.get(&started["options"]).to_string();
    let target = prepared.sign_in_target("/api/auth/passkey/finish");
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", &*cookie)];
    let finish = request("POST", &target, &prepared.authority, &headers, &encode(&[("credential", &credential)]));
    Ok(connection.exchange(&finish)?)
}

/// An account, and a token that changes its factors.
fn account(installation: &Installation, name: &str) -> Outcome<String> {
    let address = format!("{name}@example.org");
    let create = ["account", "create", name, "--email", &address, "--password-stdin"];
    installation.administer(&create, &format!("{PASSWORD}\n"))?;
    let printed = installation.administer(&["token", "create", name, "--scopes", SCOPES], "")?;
    let token = printed.lines().map(str::trim).rfind(|line| !line.is_empty());
    Ok(token.ok_or("`token create` printed nothing")?.to_owned())
}

fn enrol(installation: &Installation, prepared: &Prepared, name: String) -> Outcome<Enrolled> {
    let token = account(installation, &name)?;
    let setup = called(prepared, &token, "totp", &encode(&[("current_password", PASSWORD)]))?;
    let app = Authenticator::new(setup["secret"].as_str().unwrap_or_default());
    let set_up_at = now()?;
    let code = app.code(set_up_at);
    let id = setup["setup_id"].as_str().unwrap_or_default();
    called(
        prepared,
        &token,
        "totp/confirm",
        &encode(&[("setup_id", id), ("code", &code), ("current_password", PASSWORD)]),
    )?;
    Ok(Enrolled { name, app, set_up_at })
}

/// Calls a route of the own factors.
fn called(prepared: &Prepared, token: &str, path: &str, form: &str) -> Outcome<Value> {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", &*bearer), ("Accept", "application/json")];
    let call = request("POST", &format!("/api/v1/auth/factors/{path}"), &prepared.authority, &headers, form);
    let mut connection = BlockingConnection::new(prepared.address, LIMIT);
    let reply = connection.exchange(&call)?;
    match reply.status {
        200 | 201 => Ok(serde_json::from_slice(&reply.body)?),
        _ => Err(format!("{path}: {}", reply.summary()).into()),
    }
}

/// What the browser sends back of an answer's cookies.
fn cookies(reply: &Reply<'_>) -> String {
    let pairs = reply.headers("set-cookie").into_iter();
    pairs.filter_map(|cookie| Some(cookie.split_once(';')?.0.to_owned())).collect::<Vec<_>>().join("; ")
}
