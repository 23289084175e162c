//! What the embedder supplies: accounts, mail and pages; and, if it likes, who is told what is over.

pub mod accounts;
pub mod factor;
pub mod live_settings;
pub mod mail_domains;
pub mod mailer;
mod no_mail;
pub(crate) mod offers;
pub mod pages;
mod result;
pub mod revocations;
pub mod sign_in_rules;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::no_mail::NoMail;
pub use self::result::HostResult;
