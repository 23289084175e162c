//! Mail: what it says (`texts`, `sentences`, `templates`), how it is put together (`message`), and where it goes: by SMTP
//! ([`SmtpMailer`]), or into files ([`FileMailer`]). Whether a domain takes mail, its MX records tell ([`MxRecords`]).

mod domains;
mod factor_texts;
mod file;
mod load;
mod message;
mod place;
mod sentences;
mod smtp;
#[cfg(test)]
mod snapshots;
mod staff_texts;
mod switched;
mod templates;
mod texts;

pub use self::domains::MxRecords;
pub use self::file::FileMailer;
pub use self::load::MailError;
pub(crate) use self::load::load_mailer;
pub use self::message::{Messages, Sender};
pub use self::smtp::SmtpMailer;
pub use self::switched::SwitchedMailer;
pub use self::templates::{Instance, MailTemplates};
#[cfg(test)]
pub(crate) use self::texts::tests::all as mail_texts;
