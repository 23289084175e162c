//! Where the pages are.

pub(super) const REGISTER: &str = "/register";
pub(super) const WAITING: &str = "/register/waiting";
pub(super) const CONFIRM: &str = "/register/confirm";
#[cfg(feature = "sso")]
pub(super) const FINISH: &str = "/register/finish";
