//! What the embedder supplies: accounts, mail and pages; and, if it likes, who is told what is over.

pub mod accounts;
pub mod mailer;
pub mod pages;
pub mod revocations;

/// What a host's method answers. Any error counts as the server's failure: it is logged once and shown as such.
pub type HostResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
