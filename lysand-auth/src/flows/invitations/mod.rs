//! Invitations: making, listing and ending them.

mod by_people;
mod making;

pub use self::by_people::{
    MayInvite, create_by, end_all, end_any, end_own, may_end, may_invite, of_all, of_person, require, require_staff,
};
pub use self::making::{NewInvitation, Shown, create, end, link, list, show};
pub use crate::model::list_page::{ListPage, ListSpan};
pub use crate::model::sign_up::Invitation;
