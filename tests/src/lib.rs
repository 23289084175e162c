//! The test kit: everything a test needs to treat the server as a black box.
//!
//! | module | what it gives |
//! | --- | --- |
//! | [`mod@story`] | the real server in this process, with a clock that the test moves, on both databases |
//! | [`server`] | the real `reference-server` binary, running in a folder of its own |
//! | [`client`] | people and apps as they talk to one server: register, sign in, consent, redeem |
//! | [`app`], [`person`] | an OAuth client and its forms; somebody with an account |
//! | [`http`] | requests, demands on responses, cookies, bare bytes |
//! | [`openapi`] | each answer is what the OpenAPI document says |
//! | [`postgres`] | a fresh PostgreSQL database for one test, and a cluster that a test may stop |
//! | [`tcp_proxy`] | a proxy between two programs that a test can silence or cut, and that counts connections |
//! | [`relying_party`] | an OpenID app that checks tokens, and is told of sign-outs |
//! | [`reverse_proxy`] | nginx, HAProxy and Caddy in front of the server, as the guide sets them up |
//! | [`connect_proxy`] | an HTTP proxy through which providers are asked |
//! | [`tls`] | a private certificate authority and a certificate for `localhost` |
//! | [`browser`] | a real Chromium, with scripts on or off, narrow or wide, light or dark |
//! | [`sign_in_pages`] | what a person does on the pages: sign in, approve, deny |
//! | [`authenticator`] | an authenticator app, which knows a secret and shows its codes |
//! | [`soft_passkey`] | an authenticator of software, which makes and uses a passkey |
//! | [`redirects`] | the callback of an app: the redirect that brings the code |
//! | [`site`] | a small web site on another origin: an app that a browser visits |
//! | [`frontend`] | a frontend that somebody else wrote, with some bad habits |
//! | [`embedder`] | a host of its own over a story's database |
//! | [`mail_server`] | a mail server that keeps what comes |
//! | [`name_server`] | a name server (DNS) with a few names of its own |
//! | [`misbehaving_provider`] | an identity provider with a switch for each defect |
//! | [`certified_provider`] | a certified OpenID provider with pages of its own |
//! | [`mod@canaille`] | another one, in Python |
//! | [`process`], [`folder`], [`wait`] | child processes and folders that end with the test; bounded polling |
//!
//! A test reads from top to bottom: start a server, create a person, open a browser, look at what happened. The kit
//! panics with an explanation whenever it cannot do its part, so that tests carry no error handling.

pub mod app;
pub mod authenticator;
pub mod browser;
pub mod canaille;
pub mod certified_provider;
pub mod client;
pub mod connect_proxy;
pub mod embedder;
pub mod example_host;
pub mod folder;
pub mod frontend;
pub mod http;
pub mod mail_server;
pub mod memory_accounts;
mod migrated;
pub mod misbehaving_provider;
pub mod name_server;
pub mod openapi;
pub mod person;
pub mod postgres;
pub mod process;
pub mod redirects;
pub mod relying_party;
pub mod reverse_proxy;
pub mod server;
pub mod sign_in_pages;
pub mod site;
pub mod soft_passkey;
pub mod story;
pub mod tcp_proxy;
pub mod tls;
pub mod wait;
pub mod web_socket;

pub use app::App;
pub use browser::{Appearance, Browser};
pub use client::TestClient;
pub use person::Person;
pub use redirects::Redirects;
pub use server::{Backend, ServerProcess};
