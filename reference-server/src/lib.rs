//! The reference server: a small server with `lysand-auth` in it, and accounts, pages and mail of its own.
//!
//! It is the library's first embedder and uses nothing that another could not. Imports go down only:
//!
//! | layer | modules |
//! | --- | --- |
//! | the program | `commands` (the command line), `server` (listens, serves, drains; `server/app.rs` lists what is mounted) |
//! | routes | `site` (what a person sees), `api` (what a program asks) |
//! | the parts | `state` |
//! | what the parts are | `accounts`, `mail`, `pages`, `database`, `frontend` (what talks to a frontend) |
//! | what the admin decided | `settings` |
//! | small things | `paths`, `assets`, `tls`, `logging`, `panics` |

pub mod accounts;
pub mod api;
pub mod assets;
pub mod commands;
pub mod database;
pub mod etag;
pub mod frontend;
pub mod live;
pub mod logging;
pub mod mail;
pub mod pages;
pub mod panics;
pub mod paths;
pub mod server;
pub mod settings;
pub mod site;
pub mod state;
pub mod tls;
