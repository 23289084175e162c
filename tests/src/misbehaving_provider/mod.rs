//! An identity provider that behaves well until a test makes it misbehave, one switch for each defect, or gives it the habits
//! of another.

mod answers;
mod defect;
mod habit;
mod id_token;
mod provider;
mod routes;
mod signer;
mod state;

pub use self::defect::{Defect, IN_THE_TOKEN, OF_THE_USER_ENDPOINT};
pub use self::habit::{Difference, Part};
pub use self::provider::{Provider, entries};
pub use self::state::{CLIENT_ID, CLIENT_SECRET, ProviderUser};
