//! Imports go down only.

use std::collections::BTreeMap;

use crate::source::Source;
use crate::{assert_none, root};

/// Where each room of the library is. What stands on one floor may be used from the same floor and from above.
const FLOORS: [&[&str]; 5] = [
    &["error", "secret", "password", "ambient"],
    &["model", "config", "signing"],
    &["store", "host", "upstream"],
    &["flows", "auth"],
    &["web"],
];

/// Crates that are at home in one room: nobody else names them.
const AT_HOME: [(&str, &str); 9] = [
    ("diesel", "store"),
    ("diesel_async", "store"),
    ("diesel_migrations", "store"),
    ("tokio_postgres", "store"),
    ("actix_web", "web"),
    ("actix_session", "web"),
    ("reqwest", "upstream"),
    ("openidconnect", "upstream"),
    ("oauth2", "upstream"),
];

/// What does I/O, or waits for it.
const OUTSIDE: [&str; 16] = [
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "tokio",
    "futures_util",
    "getrandom",
    "tracing",
];

/// Everything in the library that stands or reaches where it must not.
fn complaints(house: &[Source]) -> Vec<String> {
    let doors = doors(house);
    let mut complaints = Vec::new();
    for file in house {
        // lib.rs is the map of all floors.
        let Some(room) = file.module.first() else { continue };
        let Some(floor) = floor(room) else {
            complaints
                .push(format!("{room} stands on no floor: give it one in tests/house/floors.rs and in the design"));
            continue;
        };
        let mut complain = |what: String| complaints.push(format!("{} {what}", file.name()));
        for path in &file.paths {
            let text = path.join("::");
            match path.as_slice() {
                [own, target, ..] if own == "crate" => {
                    let target = doors.get(target).unwrap_or(target);
                    match self::floor(target) {
                        None => complain(format!("names {text}, which stands on no floor")),
                        Some(other) if other > floor => complain(format!("reaches up to {text}")),
                        Some(_) if room == "web" && target == "store" => {
                            complain(format!("touches the store: {text}; a flow does that"))
                        }
                        Some(_) => {}
                    }
                    if let ([_, flows, other, ..], [_, own, ..]) = (path.as_slice(), file.module.as_slice())
                        && room == "flows"
                        && flows == "flows"
                        && other != own
                    {
                        complain(format!("calls another flow: {text}; shared rules sink to model, queries to store"));
                    }
                }
                [foreign, ..] => {
                    let home = AT_HOME.iter().find(|(name, home)| name == foreign && home != room);
                    if let Some((_, home)) = home {
                        complain(format!("names {text}, which is at home in {home} alone"));
                    }
                }
                [] => {}
            }
        }
        if room == "web" && file.words.contains("store") {
            complain("calls .store(); a flow does that".to_owned());
        }
        if room == "model" {
            model_complaints(file, &mut complain);
        }
    }
    complaints
}

/// The model is pure: it neither reaches outside nor waits.
fn model_complaints(file: &Source, complain: &mut impl FnMut(String)) {
    for path in &file.paths {
        let text = path.join("::");
        if OUTSIDE.iter().any(|outside| text == *outside || text.starts_with(&format!("{outside}::"))) {
            complain(format!("does I/O: {text}"));
        }
    }
    for word in ["async", "await"] {
        if file.words.contains(word) {
            complain(format!("waits: {word}"));
        }
    }
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Short names at the crate's root (`crate::Auth`, `crate::on`) and the rooms that they lead to.
fn doors(house: &[Source]) -> BTreeMap<String, String> {
    let lib = house.iter().filter(|file| file.module.is_empty());
    let exports = lib.flat_map(|lib| &lib.paths).filter_map(|path| match path.as_slice() {
        [room, .., name] => Some((name.clone(), room.clone())),
        _ => None,
    });
    let macros = house.iter().filter_map(|file| Some((file.module.first()?, &file.macros)));
    let macros = macros.flat_map(|(room, names)| names.iter().map(move |name| (name.clone(), room.clone())));
    exports.chain(macros).filter(|(name, _)| floor(name).is_none()).collect()
}

#[test]
fn imports_go_down_only() {
    assert_none(&complaints(&Source::crate_at(&root().join("lysand-auth/src"))));
}

const LIB: &str = "pub mod auth; pub use auth::{Auth, AuthBuilder}; pub use error::Error;";
const STORE: &str = "#[macro_export] macro_rules! on { () => {} }";

/// What is said of a house with one more file in it.
fn judged(module: &[&str], text: &str) -> Vec<String> {
    complaints(&[Source::read(&[], LIB), Source::read(&["store"], STORE), Source::read(module, text)])
}

#[test]
fn what_reaches_up_is_noticed() {
    for (module, text, word) in [
        (&["model", "app"][..], "use crate::store::Store;", "reaches up"),
        (&["model", "app"], "fn f(auth: &crate::auth::Auth) {}", "reaches up"),
        (&["model", "app"], "use crate::Auth;", "reaches up"),
        (&["model", "app"], "use crate::on;", "reaches up"),
        (&["model", "app"], "use super::super::flows::apps::Registered;", "reaches up"),
        (&["model", "app"], "fn f() { let x = crate::flows::apps::list(); }", "reaches up"),
        (&["error"], "use crate::model::scope::Scopes;", "reaches up"),
        (&["store", "apps"], "use crate::{error::Error, flows::{apps}};", "reaches up"),
        (&["host", "pages"], "use crate::web::reply;", "reaches up"),
        (&["flows", "apps"], "use crate::web;  fn f() { crate::web::json(1) }", "reaches up"),
        (&["attic"], "", "no floor"),
        (&["flows", "apps"], "use crate::attic::Old;", "no floor"),
    ] {
        let found = judged(module, text);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "{module:?} {text}: {found:?}");
    }
}

#[test]
fn what_is_in_the_wrong_room_is_noticed() {
    for (module, text, word) in [
        (&["web", "pages"][..], "use crate::store::apps;", "touches the store"),
        (&["web", "pages"], "fn f(auth: &Auth) { auth.store().read(|c| x(c)) }", ".store()"),
        (&["web", "pages"], "fn f() { crate::on!(c, c => x) }", "touches the store"),
        (&["web", "pages"], "use diesel::QueryDsl;", "at home in store"),
        (&["flows", "login"], "use diesel::QueryDsl;", "at home in store"),
        (&["flows", "login"], "use actix_web::HttpRequest;", "at home in web"),
        (&["flows", "login"], "fn f() -> ::actix_web::HttpResponse {}", "at home in web"),
        (&["flows", "login"], "use crate::flows::sessions;", "another flow"),
        (&["flows", "login"], "use super::sessions::end_all;", "another flow"),
        (&["flows", "login"], "use crate::flows::{token::issue};", "another flow"),
        (&["model", "app"], "use std::fs;  fn f() { std::fs::read(1) }", "does I/O"),
        (&["model", "app"], "use std::{fmt, io::Read};", "does I/O"),
        (&["model", "app"], "use std::time::{Duration, SystemTime};", "does I/O"),
        (&["model", "app"], "fn f() { tokio::spawn(x) }", "does I/O"),
        (&["model", "app"], "pub async fn f() {}", "waits"),
    ] {
        let found = judged(module, text);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "{module:?} {text}: {found:?}");
    }
}

#[test]
fn what_stands_right_is_left_alone() {
    for (module, text) in [
        (&["web", "pages"][..], "use crate::flows::{login, sessions}; use actix_web::HttpRequest;"),
        (&["flows", "login"], "use crate::store::{apps, tokens}; use crate::flows::login::helper; use crate::Error;"),
        (&["store", "apps"], "use diesel::QueryDsl; use super::Conn; use crate::on;"),
        (&["model", "app"], "use std::net::IpAddr; use std::time::Duration; use super::scope::Scopes;"),
        (&["model", "app"], "#[cfg(test)] mod tests { use crate::Auth; async fn f() { std::fs::read(1) } }"),
        (&["model", "app"], "/// See [`crate::flows::login`].\nfn f() { let x = \"crate::web::x\"; }"),
        (&["config"], "use crate::model::throttle::Rule;"),
    ] {
        assert_none(&judged(module, text));
    }
}
