//! Imports go down only, in both crates.

use crate::assert_none;
use crate::code_base::CodeBase;
use crate::source::Source;

/// What may import what in one crate.
struct Rules {
    /// The folder of the crate.
    name: &'static str,
    /// Where each module is, the lowest layer first. A layer may be used by itself and by those above it.
    layers: &'static [&'static [&'static str]],
    /// Modules with layers of their own. A folder's `mod.rs` is above all of them.
    inside: &'static [(&'static str, &'static [&'static [&'static str]])],
    /// Foreign crates and the only modules that may name them.
    foreign: &'static [(&'static str, &'static [&'static str])],
    /// Modules that must not name another one, although it is below them, and who does that instead.
    apart: &'static [(&'static str, &'static str, &'static str)],
    /// Modules whose children must not call one another, and where to put what they share.
    separate: &'static [(&'static str, &'static str)],
    /// Modules that do no I/O.
    pure: &'static [&'static str],
}

const LYSAND_AUTH: Rules = Rules {
    name: "lysand-auth",
    layers: &[
        &["ambient", "secret", "error", "password", "passkey", "proof_of_work", "texts", "keys", "work"],
        &["model", "config", "signing"],
        &["store", "host", "upstream"],
        &["auth"],
        &["steps"],
        &["flows"],
        &["web"],
        &["manual", "testing"],
    ],
    inside: &[(
        "web",
        &[&["wire"], &["kit"], &["lysand", "mastodon", "oauth", "pages", "people", "native", "admin"], &["site_map"]],
    )],
    foreign: &[
        ("diesel", &["store"]),
        ("diesel_async", &["store"]),
        ("diesel_migrations", &["store"]),
        ("tokio_postgres", &["store"]),
        ("actix_web", &["web"]),
        ("actix_session", &[]),
        ("reqwest", &["upstream"]),
        ("openidconnect", &["upstream"]),
        ("oauth2", &["upstream"]),
    ],
    apart: &[("web", "store", "a flow does that")],
    separate: &[("flows", "what two flows share is a step, a rule of the model or a query of the store")],
    pure: &["model"],
};

const REFERENCE_SERVER: Rules = Rules {
    name: "reference-server",
    layers: &[
        &["paths", "assets", "etag", "tls", "logging", "panics"],
        &["settings"],
        &["accounts", "mail", "pages", "database", "frontend"],
        &["live"],
        &["state"],
        &["api", "site"],
        &["server"],
        &["commands", "main"],
    ],
    inside: &[],
    foreign: &[
        ("tera", &["pages", "mail"]),
        ("diesel", &["accounts", "database"]),
        ("diesel_async", &["accounts", "database"]),
        ("diesel_migrations", &["accounts", "database"]),
        ("clap", &["commands"]),
    ],
    apart: &[],
    separate: &[],
    pure: &[],
};

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

impl Rules {
    /// Everything in the crate that is in no layer, or names what it must not.
    fn complaints(&self, code: &CodeBase) -> Vec<String> {
        let mut complaints = Vec::new();
        for (at, file) in code.files.iter().enumerate() {
            let mut complain = |what: String| complaints.push(format!("{}: {} {what}", self.name, file.name()));
            // lib.rs is the map of all layers.
            let Some(module) = file.module.first() else { continue };
            if self.layer(&file.module).is_none() {
                complain("is in no layer: give it one in tests/structure/layers.rs and in the design".to_owned());
                continue;
            }
            for reference in code.references(at) {
                let named: Vec<String> = reference.text.split("::").skip(1).map(str::to_owned).collect();
                let target = &code.files[reference.target].module;
                self.judge(&file.module, target, &reference.text, &mut complain);
                // By another name: a module hands on what it has from a lower one.
                if self.layer(&named).is_some() && !target.is_empty() && named.first() != target.first() {
                    self.judge(&file.module, &named, &reference.text, &mut complain);
                }
            }
            for path in &file.paths {
                self.judge_foreign(module, path, &mut complain);
            }
            for (from, other, instead) in self.apart {
                if module == from && file.words.contains(*other) {
                    complain(format!("calls .{other}(); {instead}"));
                }
            }
            if self.pure.contains(&module.as_str()) {
                judge_purity(file, &mut complain);
            }
        }
        complaints
    }

    /// Whether the file of `from` may name what is in `to`.
    fn judge(&self, from: &[String], to: &[String], text: &str, complain: &mut impl FnMut(String)) {
        match (self.layer(from), self.layer(to)) {
            (_, None) => complain(format!("names {text}, which is in no layer")),
            (Some(own), Some(other)) if other > own => complain(format!("reaches up to {text}")),
            _ => {}
        }
        let named = |module: &[String], name: &str| module.first().is_some_and(|first| first == name);
        for (module, other, instead) in self.apart {
            if named(from, module) && named(to, other) {
                complain(format!("touches the {other}: {text}; {instead}"));
            }
        }
        for (module, share) in self.separate {
            let apart = matches!((from.get(1), to.get(1)), (Some(own), Some(other)) if own != other);
            if named(from, module) && named(to, module) && apart {
                complain(format!("calls another of the {module}: {text}; {share}"));
            }
        }
    }

    fn judge_foreign(&self, module: &str, path: &[String], complain: &mut impl FnMut(String)) {
        for (name, homes) in self.foreign {
            if path.first().is_some_and(|first| first == name) && !homes.contains(&module) {
                complain(format!("names {}, which {} alone may do", path.join("::"), homes.join(" and ")));
            }
        }
    }

    /// The layer of a module, and the layer within its folder.
    fn layer(&self, module: &[String]) -> Option<(usize, usize)> {
        let position = |layers: &[&[&str]], name: &String| layers.iter().position(|all| all.contains(&name.as_str()));
        let Some(first) = module.first() else { return Some((self.layers.len(), 0)) };
        let layer = position(self.layers, first)?;
        let Some((_, layers)) = self.inside.iter().find(|(folder, _)| folder == first) else { return Some((layer, 0)) };
        match module.get(1) {
            None => Some((layer, layers.len())),
            Some(child) => Some((layer, position(layers, child)?)),
        }
    }
}

/// What is pure neither reaches outside nor waits.
fn judge_purity(file: &Source, complain: &mut impl FnMut(String)) {
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

#[test]
fn imports_of_lysand_auth_go_down_only() {
    assert_none(&LYSAND_AUTH.complaints(&CodeBase::at("lysand-auth")));
}

#[test]
fn imports_of_the_reference_server_go_down_only() {
    assert_none(&REFERENCE_SERVER.complaints(&CodeBase::at("reference-server")));
}

/// What is said of a library with one more file in it.
fn library(module: &[&str], text: &str) -> Vec<String> {
    let given = [
        (
            &[][..],
            "pub mod auth; pub mod error; pub use auth::{Auth, AuthBuilder}; pub use error::Error; pub const NAME: u8 = 1;",
        ),
        (&["error"], "pub struct Error;"),
        (&["auth"], "pub struct Auth; pub struct AuthBuilder;"),
        (&["store"], "#[macro_export] macro_rules! on { () => {} } pub struct Store;"),
        (&["steps"], "pub use crate::store::Store;"),
        (&["flows"], "pub mod sessions;"),
        (&["flows", "sessions"], "pub fn end_all() {} pub use crate::model::Shared;"),
        (&["model"], "pub struct Shared;"),
        (&["web"], "pub mod wire; pub fn mount() {}"),
        (&["web", "wire"], ""),
        (&["web", "kit"], "pub fn bearer() {}"),
        (&["web", "mastodon"], ""),
        (&["attic"], ""),
    ];
    with_one_more(&LYSAND_AUTH, &given, module, text)
}

/// What is said of a reference server with one more file in it.
fn server(module: &[&str], text: &str) -> Vec<String> {
    let given = [
        (&[][..], "pub mod state; pub mod pages;"),
        (&["settings"], "pub struct Settings;"),
        (&["pages"], "pub struct Tera;"),
        (&["accounts"], ""),
        (&["state"], "pub struct State;"),
        (&["site"], ""),
        (&["server"], ""),
        (&["commands"], "pub fn run() {}"),
    ];
    with_one_more(&REFERENCE_SERVER, &given, module, text)
}

/// What is said of the last file; the others are what it can name.
fn with_one_more(rules: &Rules, given: &[(&[&str], &str)], module: &[&str], text: &str) -> Vec<String> {
    let others = given.iter().filter(|(other, _)| *other != module);
    let mut files: Vec<Source> = others.map(|(module, text)| Source::read(module, text)).collect();
    let last = Source::read(module, text);
    let start = format!("{}: {} ", rules.name, last.name());
    files.push(last);
    let found = rules.complaints(&CodeBase::new(rules.name, files));
    found.into_iter().filter(|complaint| complaint.starts_with(&start)).collect()
}

#[track_caller]
fn assert_one(found: &[String], word: &str, of: &str) {
    assert!(found.iter().any(|complaint| complaint.contains(word)), "{of}: {found:?}");
}

#[test]
fn what_reaches_up_in_the_library_is_noticed() {
    for (module, text, word) in [
        (&["model", "app"][..], "use crate::store::Store;", "reaches up"),
        (&["model", "app"], "fn f(auth: &crate::auth::Auth) {}", "reaches up"),
        (&["model", "app"], "use crate::Auth;", "reaches up"),
        (&["model", "app"], "use crate::on;", "reaches up"),
        (&["model", "app"], "use crate::NAME;", "reaches up"),
        (&["model", "app"], "use super::super::flows::sessions::end_all;", "reaches up"),
        (&["model", "app"], "use crate::flows; fn f() { flows::sessions::end_all() }", "reaches up"),
        (&["model", "app"], "fn f() { let x = crate::flows::sessions::end_all(); }", "reaches up"),
        (&["model", "app"], "use crate::flows::sessions::Shared;", "reaches up"),
        (&["error"], "use crate::model::Shared;", "reaches up"),
        (&["store", "apps"], "use crate::{error::Error, flows::{sessions}};", "reaches up"),
        (&["host", "pages"], "use crate::web::kit;", "reaches up"),
        (&["steps", "session"], "use crate::flows::sessions;", "reaches up"),
        (&["auth"], "use crate::steps::Store;", "reaches up"),
        (&["flows", "apps"], "use crate::web;  fn f() { crate::web::json(1) }", "reaches up"),
        (&["web", "wire", "params"], "use crate::web::kit::bearer;", "reaches up"),
        (&["web", "wire"], "use super::kit;", "reaches up"),
        (&["web", "kit", "forms"], "use crate::web::mastodon;", "reaches up"),
        (&["web", "mastodon"], "use super::mount;", "reaches up"),
        (&["cellar"], "", "no layer"),
        (&["web", "cellar"], "", "no layer"),
        (&["flows", "apps"], "use crate::attic::Old;", "no layer"),
    ] {
        assert_one(&library(module, text), word, text);
    }
}

#[test]
fn what_reaches_up_in_the_reference_server_is_noticed() {
    for (module, text, word) in [
        (&["pages", "samples"][..], "use crate::state::State;", "reaches up"),
        (&["pages"], "use crate::site;", "reaches up"),
        (&["accounts"], "use crate::server;", "reaches up"),
        (&["settings"], "use super::site;", "reaches up"),
        (&["state"], "use crate::server;", "reaches up"),
        (&["server"], "use crate::commands::run;", "reaches up"),
        (&["tls"], "use crate::settings::Settings;", "reaches up"),
        (&["home"], "", "no layer"),
        (&["site", "home"], "use tera::Context;", "pages and mail alone"),
        (&["site", "home"], "use diesel::QueryDsl;", "accounts and database alone"),
        (&["settings"], "use clap::Parser;", "commands alone"),
    ] {
        assert_one(&server(module, text), word, text);
    }
}

#[test]
fn what_is_done_in_the_wrong_module_is_noticed() {
    for (module, text, word) in [
        (&["web", "pages"][..], "use crate::store::Store;", "touches the store"),
        (&["web", "pages"], "use crate::steps::Store;", "touches the store"),
        (&["web", "pages"], "fn f(auth: &Auth) { auth.store().read(|c| x(c)) }", ".store()"),
        (&["web", "pages"], "fn f() { crate::on!(c, c => x) }", "touches the store"),
        (&["web", "pages"], "use diesel::QueryDsl;", "store alone"),
        (&["flows", "login"], "use diesel::QueryDsl;", "store alone"),
        (&["flows", "login"], "use actix_web::HttpRequest;", "web alone"),
        (&["steps", "session"], "fn f() -> ::actix_web::HttpResponse {}", "web alone"),
        (&["flows", "login"], "use crate::flows::sessions;", "another of the flows"),
        (&["flows", "login"], "use super::sessions::end_all;", "another of the flows"),
        (&["flows", "login"], "use crate::flows::{sessions::end_all};", "another of the flows"),
        (&["model", "app"], "use std::fs;  fn f() { std::fs::read(1) }", "does I/O"),
        (&["model", "app"], "use std::{fmt, io::Read};", "does I/O"),
        (&["model", "app"], "use std::time::{Duration, SystemTime};", "does I/O"),
        (&["model", "app"], "fn f() { tokio::spawn(x) }", "does I/O"),
        (&["model", "app"], "pub async fn f() {}", "waits"),
    ] {
        assert_one(&library(module, text), word, text);
    }
}

#[test]
fn what_is_in_its_place_is_left_alone() {
    for (module, text) in [
        (&["web", "pages"][..], "use crate::flows::{login, sessions}; use actix_web::HttpRequest; use super::wire;"),
        (
            &["web", "kit"],
            "use super::wire::params; use crate::steps::session; use actix_web::web; fn f() { web::get() }",
        ),
        (&["web"], "mod wire; mod mastodon; use self::mastodon::routes; use crate::Auth;"),
        (&["flows", "login"], "use crate::store::{apps, tokens}; use crate::flows::login::helper; use crate::Error;"),
        (&["flows", "login"], "use crate::steps::session; use crate::Auth;"),
        (&["store", "apps"], "use diesel::QueryDsl; use super::Store; use crate::on;"),
        (&["model", "app"], "use std::net::IpAddr; use std::time::Duration; use super::scope::Scopes;"),
        (&["model", "app"], "#[cfg(test)] mod tests { use crate::Auth; async fn f() { std::fs::read(1) } }"),
        (&["model", "app"], "/// See [`crate::flows::login`].\nfn f() { let x = \"crate::web::x\"; }"),
        (&["config"], "use crate::model::rate_limit::Rule;"),
    ] {
        assert_none(&library(module, text));
    }
    for (module, text) in [
        (&["site", "home"][..], "use crate::state::State; use crate::pages::Tera;"),
        (&["main"], "fn main() { reference_server::commands::run() }"),
        (&["pages"], "use tera::Tera; use super::settings::Settings;"),
        (&["accounts", "rows"], "use diesel::QueryDsl;"),
    ] {
        assert_none(&server(module, text));
    }
}
