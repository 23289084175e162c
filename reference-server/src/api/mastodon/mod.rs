//! The few Mastodon routes that clients need around a sign-in (Mastodon §13 to §15, Lysand §12.2).

pub mod accounts;
pub mod instance;
