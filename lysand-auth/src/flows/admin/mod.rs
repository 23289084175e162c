//! What the people who run a server see of accounts, and who of them may do what to whom.

mod accounts;
mod counts;
mod dashboard;
mod rights;

pub use self::accounts::{AccountForStaff, AccountList, Place, is_network, list, see, shown};
pub use self::counts::{Counts, counts, waiting};
pub use self::dashboard::{Dashboard, DayNumbers, dashboard, last_days};
pub use self::rights::{
    Act, require, require_deletable, require_proof, require_proof_of_browser, require_staff, target,
};
