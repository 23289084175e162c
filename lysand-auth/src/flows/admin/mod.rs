//! What the people who run a server see of accounts, and who of them may do what to whom.

mod accounts;
mod apps;
mod counts;
mod dashboard;
mod mails;
mod names;
mod rights;

pub use self::accounts::{AccountForStaff, AccountList, Place, is_network, list, see, shown};
pub use self::apps::{AppForStaff, apps, removable_app, remove_app, see_app};
pub use self::counts::{Counts, counts, waiting};
pub use self::dashboard::{Dashboard, DayNumbers, dashboard, last_days};
pub use self::mails::{mails, see_mail};
pub use self::names::{Names, names};
pub use self::rights::{
    Act, admit_change, require, require_admin, require_deletable, require_proof, require_proof_of_browser,
    require_staff, target,
};
