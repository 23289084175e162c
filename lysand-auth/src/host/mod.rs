//! What the embedder supplies: accounts, mail and pages; and, if it likes, who is told what is over.

pub mod accounts;
pub mod mailer;
pub mod pages;
mod result;
pub mod revocations;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::result::HostResult;
