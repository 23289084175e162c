//! What a kind of grant has to say for itself. All that is the same for every kind stands in [`exchange`](super::exchange).

use super::issue::IssuedToken;
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::store::apps::StoredApp;
use crate::store::{Conn, Work};

/// How the client proves to be itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientProof {
    /// By its secret; a public app has none, and proves nothing (security AS-11).
    SecretUnlessPublic,
    /// By its secret in any case.
    Secret,
}

/// What one look-up finds for a request.
pub(super) struct Presented<G> {
    /// The grant that the request presents, if there is such a one.
    pub(super) grant: Option<G>,
    /// The app that the request names, if there is such a one.
    pub(super) caller: Option<StoredApp>,
}

/// Whether a grant can be exchanged for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantStatus {
    /// It can.
    Valid,
    /// It was used at this time, and comes back with all proofs.
    Used(Timestamp),
    /// It cannot, for a reason that is nobody's business.
    Invalid,
}

/// What becomes of a grant that comes back with all proofs after its use.
pub(super) enum Repeated {
    /// The first answer may have been lost: here is another.
    Issued(IssuedToken),
    /// It may, but there was another already. Nothing ends.
    Refused,
    /// One of two holders is a thief.
    Replay,
}

/// A grant that is exchanged by a proven client.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) auth: &'a Auth,
    pub(super) request: &'a TokenRequest,
    pub(super) app: &'a App,
    /// The account that the grant speaks for; may act at present.
    pub(super) account: Option<&'a Account>,
    pub(super) now: Timestamp,
}

/// A kind of grant. The methods are called in the order in which they stand here.
pub(super) trait Grant: Sized + Send + 'static {
    /// `grant_type`.
    const TYPE: &'static str;
    /// How the client proves to be itself.
    const CLIENT: ClientProof;

    /// Finds the grant and the calling app, with one look-up.
    fn look_up(auth: &Auth, request: &TokenRequest) -> impl Future<Output = Result<Presented<Self>, Error>> + Send;

    /// Refuses a request that lacks something, before the client has to prove anything.
    fn check_request(auth: &Auth, request: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error>;

    /// Whether the proven client may exchange it.
    fn status(&self, request: &TokenRequest, app: &App, now: Timestamp) -> GrantStatus;

    /// The account that it speaks for.
    fn account(&self) -> Option<&AccountId>;

    /// Spends the grant and keeps what it buys, or does neither: `None` when somebody was faster.
    fn exchange(&self, exchange: Exchange<'_>) -> impl Future<Output = Result<Option<IssuedToken>, Error>> + Send;

    /// Answers a grant that was used before, where the answer may have been lost (faults A9).
    fn repeat(&self, _: Exchange<'_>) -> impl Future<Output = Result<Repeated, Error>> + Send {
        async { Ok(Repeated::Replay) }
    }

    /// Ends what the grant bought, and names it, if it was not over before: somebody presents the grant again.
    fn revoke_issued<'c>(&'c self, c: &'c mut Conn, now: Timestamp) -> Work<'c, Option<Revoked>>;
}
