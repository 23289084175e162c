//! What a person sees beside the library's pages: the home page, the page about this server, the one about its API, the own account, set-up, the demo, error pages, and the
//! pages of a frontend.

pub mod about;
pub mod account;
pub mod api_docs;
pub mod assets;
pub mod demo;
mod error_page;
pub mod frontend_fallback;
pub mod home;
pub mod not_found;
pub mod public_profile;
pub mod server_sign_in;
pub mod setup;
mod texts;

#[cfg(test)]
mod tests;
