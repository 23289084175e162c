//! The browser comes back from a provider (Lysand §9), in three stages: [`identify`] which flow it is, [`redeem`] the
//! provider's answer, [`finish`] what the flow was begun for. Each stage reports its errors in one place.
//!
//! Between the first two the caller reads the cookie of the flow that was identified.

mod finish;
mod identify;
#[cfg(all(feature = "native", feature = "actix"))]
pub(crate) mod native;
mod outcome;
mod redeem;

pub use self::finish::finish;
pub use self::identify::{Callback, IdentifiedFlow, identify};
pub use self::outcome::{AwaitsSignUp, CallbackError, CallbackOutcome, ReportTo};
pub use self::redeem::{RedeemedFlow, redeem};
pub use crate::steps::sign_in::SignedIn;
