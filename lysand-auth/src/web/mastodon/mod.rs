//! Routes of Mastodon's API: apps and tokens.

pub(crate) mod tokens;
