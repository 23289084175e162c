//! What tests of a host need: a clock that stands still, a database for one test, a browser that is signed in.
//!
//! The feature `testing` adds it; a host enables it for its `dev-dependencies` alone. The suite for a host's accounts is
//! [`host::testing`](crate::host::testing).
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use lysand_auth::testing::FrozenClock;
//!
//! let clock = Arc::new(FrozenClock::new());
//! let ambient = clock.ambient();
//! let begun = ambient.now();
//! clock.forward(Duration::from_secs(60));
//! assert_eq!(ambient.now().since(begun), Duration::from_secs(60));
//! ```

mod browser;
mod clock;
#[cfg(feature = "sqlite")]
mod scratch;

pub use self::browser::{Browser, sign_in};
pub use self::clock::FrozenClock;
#[cfg(feature = "sqlite")]
pub use self::scratch::ScratchStore;
pub use crate::work::{Work, counted};
