//! Mail: what is written (`texts`), how a mail is put together (`message`), and where it goes ([`FileMailer`]).

mod file;
mod message;
mod texts;

pub use self::file::FileMailer;
