//! What a host may use for its own routes: bearer tokens, form tokens, headers, rate limits.

pub mod bearer;
pub mod form_tokens;
pub mod forms;
pub mod headers;
pub mod limits;
