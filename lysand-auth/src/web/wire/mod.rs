//! HTTP as bytes: parameters and bodies in, replies and cookies out. Knows no route.

pub(crate) mod body;
pub(crate) mod cookies;
pub(crate) mod extract;
pub(crate) mod params;
pub(crate) mod reply;
