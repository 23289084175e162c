//! What the embedder supplies: accounts, mail and pages.

pub mod accounts;
pub mod mailer;
pub mod pages;

/// What a host's method answers. Any error counts as the server's failure: it is logged once and shown as such.
pub type HostResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
