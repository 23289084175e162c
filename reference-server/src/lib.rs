//! The reference server: `lysand-auth` in a small house of its own, with accounts, pages and mail.
//!
//! It is the library's first embedder and uses no private door. `settings` reads what the admin decided, `state` puts
//! the parts together, `server` serves them, `commands` is the command line. `accounts` answers who somebody is, `pages`
//! shows the pages of a sign-in, `mailer` writes mail, `frontend` asks a frontend for what is not here, `nowhere` says that nothing is. `home`, `your_account`, `setup`, `demo` and `instance` are routes of this server's
//! own.

pub mod accounts;
pub mod assets;
pub mod commands;
pub mod demo;
pub mod frame;
pub mod frontend;
pub mod health;
pub mod home;
pub mod instance;
pub mod keys;
pub mod logging;
pub mod mailer;
pub mod nowhere;
pub mod pages;
pub mod server;
pub mod settings;
pub mod setup;
pub mod state;
pub mod tls;
pub mod your_account;
