//! Sign-in for the federated web: Mastodon-compatible OAuth and Lysand's frontend API, for any actix-web server.
//!
//! A **host** brings accounts, mail and pages. **Flows** do the work, one file per journey. **Model** knows the rules,
//! **store** knows SQL, **web** speaks HTTP. Imports go down only; to change a journey, open the file with its name.
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`web`] | HTTP: the site map, taking requests apart, replying |
//! | [`flows`] | the journeys: register an app, sign in, authorize, get a token, revoke it |
//! | [`auth`] | [`Auth`], the one handle that the flows share |
//! | [`store`] | the database: SQLite and PostgreSQL from one query text |
//! | [`host`] | what the embedder supplies: accounts, mail, pages; who is told what is over |
//! | `model` | facts and rules, without I/O: scopes, redirect URIs, PKCE, limits |
//! | [`keys`] | the key files of a server |
//! | `signing` | what is signed: the session cookie, id tokens |
//! | [`config`] | what the embedder decides |
//! | `passkey` | passkeys: what browsers get, and whether what they send is right |
//! | [`password`] | argon2id with bounded slots and queue, for hosts |
//! | [`error`] | refusals and failures, and the table of their names and statuses |
//! | [`secret`] | values that are never printed |
//! | [`ambient`] | time and randomness |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `sqlite` | yes | databases in a file; the bundled SQLite, whose version is any that your own `sqlx` or `rusqlite` needs |
//! | `postgres` | yes | PostgreSQL, without libpq and OpenSSL |
//! | `actix` | yes | the module `web`: routes, pages and extractors for actix-web. Without it there are the flows |
//! | `sso` | yes | signing in with identity providers |
//! | `passkeys` | yes | signing in with passkeys |
//! | `native` | no | clients that send name and password themselves: `flows::native`, `flows::tickets`, and with `actix` the routes of the dialects of toki-sync and Resonite |
//! | `opaque` | no | nothing yet; implies `native` |
//! | `testing` | no | what tests of a host need |
//!
//! At least one database must be there. Only one copy of SQLite can be in a program: `rusqlite` 0.32 to 0.40 and `sqlx` 0.8
//! and 0.9 find one together with this crate; `rusqlite` from 0.41 on needs a `libsqlite3-sys` that Diesel 2.3 refuses. In
//! a host that has one of those, leave `sqlite` out and keep the library's rows in PostgreSQL.
//!
//! # Embedding
//!
//! The [manual] is one walk from `cargo add` to an app that is signed in; `examples/` has whole hosts to read at once.

#![warn(missing_docs, unnameable_types, clippy::exhaustive_enums, clippy::exhaustive_structs)]
// What only a part that is left out calls stays as it is, so that no function has to list the features of its callers.
#![cfg_attr(
    not(all(
        feature = "sqlite",
        feature = "postgres",
        feature = "actix",
        feature = "sso",
        feature = "passkeys",
        feature = "native"
    )),
    allow(dead_code, unreachable_pub)
)]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("lysand-auth keeps its rows in a database: enable its feature `sqlite`, `postgres`, or both");

pub mod ambient;
pub mod auth;
pub mod config;
pub mod error;
pub mod flows;
pub mod host;
pub mod keys;
#[cfg(all(feature = "sqlite", feature = "actix"))]
pub mod manual;
pub(crate) mod model;
mod passkey;
pub mod password;
mod proof_of_work;
pub mod secret;
pub(crate) mod signing;
mod steps;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod texts;
#[cfg(feature = "sso")]
mod upstream;
#[cfg(feature = "actix")]
pub mod web;
#[cfg(feature = "testing")]
mod work;

pub use ambient::Ambient;
pub use auth::{Auth, AuthBuilder};
pub use config::Config;
pub use error::Error;
pub use keys::Keys;
pub use secret::Secret;
