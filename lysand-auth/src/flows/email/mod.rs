//! Changing the address of an account, with the former one able to stop and to undo it.

mod ask;
mod confirm;
mod links;
mod undo;

pub use self::ask::{AddressError, AddressState, NewAddress, Pending, ask, cancel, require, send_again, state};
pub use self::confirm::{confirm, confirm_by_code, look, set, stop};
pub use self::links::{AddressLink, AddressQuestion};
pub use self::undo::undo;
pub use crate::model::session::ActingToken;
pub use crate::steps::owner::Owner;
