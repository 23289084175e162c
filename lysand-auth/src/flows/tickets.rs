//! Tickets: what opens one stream once, where a program cannot send its token, such as a `WebSocket` of a page. A ticket may stand in
//! an address, and a token may not.
//!
//! A host makes one for whoever shows a token, and takes it from the request that opens the stream:
//!
//! ```
//! use lysand_auth::flows::bearer::Bearer;
//! use lysand_auth::flows::tickets::{self, TicketFor};
//! use lysand_auth::{Auth, Error, Secret};
//!
//! async fn ticket(auth: &Auth, bearer: &Bearer, room: &str) -> Result<Secret, Error> {
//!     tickets::issue(auth, bearer, room).await
//! }
//!
//! async fn open(auth: &Auth, shown: &Secret, room: &str) -> Result<Option<TicketFor>, Error> {
//!     tickets::redeem(auth, shown, room).await
//! }
//! ```

pub use crate::steps::tickets::{LIFETIME, TicketFor, issue, redeem};
