//! What a program asks, beside the library's routes.

pub mod discovery;
mod document;
pub mod mastodon;
pub mod not_found;
pub mod openapi;
