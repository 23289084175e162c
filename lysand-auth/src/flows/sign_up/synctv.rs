//! Who may sign up with a SyncTV client, as it is told before it tries (native 1.4).

use super::{NativeMode, is_offered_with_passkey, native_mode};
use crate::auth::Auth;

/// How people can sign up with a SyncTV client.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SynctvSettings {
    /// With a password.
    pub password: NativeMode,
    /// With a mailed code alone.
    pub email: NativeMode,
    /// With a passkey.
    pub passkey: NativeMode,
    /// Whether mail to some domains alone is taken.
    pub email_domains_are_listed: bool,
}

/// How people can sign up with a SyncTV client now, without more than it asks of itself.
pub async fn synctv_settings(auth: &Auth) -> SynctvSettings {
    let password = native_mode(auth).await;
    let passkey = if is_offered_with_passkey(auth).await { password } else { NativeMode::Closed };
    let email_domains_are_listed = !auth.signups().email_domains_allowed.is_empty();
    SynctvSettings { password, email: NativeMode::Closed, passkey, email_domains_are_listed }
}
