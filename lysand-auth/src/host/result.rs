//! What a host's method answers.

/// What a host's method answers. Any error counts as the server's failure: it is logged once and shown as such.
pub type HostResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
