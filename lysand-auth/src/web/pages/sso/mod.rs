//! Single sign-on in the browser: to the provider, back, and the confirmation of a link.

pub(crate) mod callback;
pub(crate) mod confirm_link;
mod link_result;
