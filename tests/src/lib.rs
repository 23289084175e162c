//! The test kit: everything a story needs to treat the server as a black box.
//!
//! | module | what it gives |
//! | --- | --- |
//! | [`server`] | the real `reference-server` binary, running in a folder of its own |
//! | [`postgres`] | a fresh PostgreSQL database for one story |
//! | [`tls`] | a private certificate authority and a certificate for `localhost` |
//! | [`client`] | the application's side: registration, PKCE, the redirect that brings the code |
//! | [`site`] | a small web site on another origin: an app that a browser visits |
//! | [`frontend`] | a frontend that somebody else wrote, with some bad habits |
//! | [`browser`] | a real Chromium, with scripts on or off, narrow or wide, light or dark |
//! | [`embedder`] | a host of its own over a story's database |
//! | [`journey`] | what a person does on the pages: sign in, approve, deny |
//! | [`provider`] | an identity provider that lies when it is told to |
//! | [`certified`] | a certified OpenID provider with pages of its own |
//! | [`mod@story`] | the real server in this process, with a clock that the story moves |
//! | [`wait`] | bounded polling, the only way to wait in a test |
//! | [`wire`] | a wire between the server and its database that a story can silence or cut |
//! | [`process`] | child processes that end with the story that started them |
//!
//! A story reads from top to bottom: start a server, create a person, open a browser, look at what happened. The kit
//! panics with an explanation whenever it cannot do its part, so that stories carry no error handling.

pub mod browser;
pub mod certified;
pub mod client;
pub mod embedder;
pub mod frontend;
pub mod journey;
pub mod postgres;
pub mod process;
pub mod provider;
pub mod server;
pub mod site;
pub mod story;
pub mod tls;
pub mod wait;
pub mod wire;

pub use browser::{Browser, Look};
pub use client::{Redirects, RegisteredApp};
pub use server::{Backend, Person, ServerProcess};
