//! One file a flow. A flow takes what the web took apart, asks model, store and host, and answers with what is to be
//! shown. No flow calls another.

pub mod admin;
pub mod api_rate_limits;
pub mod apps;
pub mod authorize;
pub mod authorized_applications;
pub mod bearer;
pub mod blocks;
pub mod closing;
pub mod confirm_email;
pub mod credentials;
pub mod email;
pub mod emails;
pub mod end_apps;
pub mod events;
pub mod export;
pub mod factors;
pub mod introspect;
pub mod invitations;
pub mod login;
pub mod outbox;
pub mod own_sessions;
pub mod personal_tokens;
pub mod profile;
pub mod reset;
pub mod reviews;
pub mod revoke;
pub mod sessions;
pub mod settings;
pub mod sign_up;
#[cfg(feature = "sso")]
pub mod sso;
pub mod staff;
pub mod sweep;
pub mod token;
pub mod waiting;
