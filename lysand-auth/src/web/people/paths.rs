//! Where the pages are.

pub(super) const REGISTER: &str = "/register";
/// Where somebody makes a passkey in place of a password.
pub(super) const REGISTER_PASSKEY: &str = "/register/passkey";
pub(super) const WAITING: &str = "/register/waiting";
pub(super) const CONFIRM: &str = "/register/confirm";
/// Where a script gets what a proof of work starts from.
pub(super) const CHALLENGE: &str = "/api/v1/auth/signup/challenge";
pub(super) const FORGOT: &str = "/account/forgot";
pub(super) const PASSWORD: &str = "/account/password";
pub(super) const INVITATIONS: &str = "/account/invitations";
pub(super) const TOKENS: &str = "/account/tokens";
pub(super) const CLOSE: &str = "/account/close";
pub(super) const EXPORT: &str = "/account/export";
pub(super) const PROFILE: &str = "/account/profile";
pub(super) const ACTIVITY: &str = "/account/activity";
/// Where somebody who is signed in confirms that it is them.
pub(super) const CONFIRM_IDENTITY: &str = "/account/confirm";
/// What is signed in to the own account, the end of all of it, and what is said afterwards.
pub(super) const SESSIONS: &str = "/account/sessions";
pub(super) const SESSIONS_END: &str = "/account/sessions/end";
pub(super) const SESSIONS_ENDED: &str = "/account/sessions/ended";
pub(super) const RESET: &str = "/oauth/reset";
/// Where the form of the page for a new password posts to (Lysand §12.6).
pub(super) const RESET_FORM: &str = "/api/auth/reset";
#[cfg(feature = "sso")]
pub(super) const FINISH: &str = "/register/finish";
/// The own address, and the links of mails about it.
pub(super) const EMAIL: &str = "/account/email";
pub(super) const EMAIL_CONFIRM: &str = "/account/email/confirm";
pub(super) const EMAIL_STOP: &str = "/account/email/stop";
pub(super) const EMAIL_UNDO: &str = "/account/email/undo";
/// Where the link of a mail stops the removal of the second factors.
pub(super) const WAY_BACK_STOP: &str = "/account/way_back/stop";
/// The own second factors.
pub(super) const SECURITY: &str = "/account/security";
