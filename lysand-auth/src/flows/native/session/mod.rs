//! Sessions of native clients that have one token, which is extended with its use: they begin with a password and a code of a second
//! factor at once, with the token of another one, or with the token of a mail and a new password (native 3.2 to 3.6).

mod begin;
mod extend;
mod login;
mod machine;
mod named;
mod renew;
mod reset;
mod wanted;

pub use self::begin::begin_session;
pub use self::extend::{end_session, extend_session, is_of_machine};
pub use self::wanted::{BegunSession, SessionLogin, SessionName, SessionProof, SessionRefused};
pub use crate::model::resonite::{account_of, user_id};
