//! An identity provider that behaves well until a test makes it misbehave: one switch for each defect.

mod defect;
mod id_token;
mod provider;
mod routes;
mod state;

pub use self::defect::{Defect, IN_THE_TOKEN};
pub use self::provider::{Provider, entries};
pub use self::state::{CLIENT_ID, CLIENT_SECRET, ProviderUser};
