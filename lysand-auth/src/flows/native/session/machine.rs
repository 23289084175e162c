//! The machine that a session begins on, as far as it says which one it is.

use super::wanted::{BegunSession, SessionLogin};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::native::{Dialect, Program};
use crate::model::resonite::{Salted, SessionTerms};
use crate::secret::Secret;
use crate::steps::native_sign_in::NativeTokens;
use crate::store::{native_sign_ins, resonite_sessions};

/// What stands before all that a machine is known by, under a key that is for something else as well.
const KEY: &str = "machine of a native client";

/// What a session is told of its machine.
pub(super) struct Machine {
    terms: SessionTerms,
    machine: Salted,
    key: Secret,
}

impl Machine {
    pub(super) fn of(auth: &Auth, login: &SessionLogin, absolute_at: Option<Timestamp>) -> Self {
        let ambient = auth.ambient();
        let terms = SessionTerms {
            remembered: login.remember,
            machine_bound: auth.config().native.resonite.machine_bound,
            uid: Salted::of(ambient, &login.uid),
            absolute_at,
        };
        // A key of its own, by the word in front.
        let named = [KEY.as_bytes(), login.uid.expose().as_bytes(), login.machine.expose().as_bytes()];
        let key = Secret::derive(&auth.challenge_key(), &named);
        Self { terms, machine: Salted::of(ambient, &login.machine), key }
    }

    pub(super) fn program(&self) -> Program {
        let program = Program::of(Dialect::Resonite).on_device(Some(self.key.expose().to_owned()));
        program.with_session(self.terms.clone())
    }

    /// The session that these tokens are of.
    pub(super) async fn begun(
        self,
        auth: &Auth,
        account: Account,
        tokens: NativeTokens,
    ) -> Result<BegunSession, Error> {
        let family = tokens.sign_in.clone();
        let found = auth.store().look_up(move |c| {
            Box::pin(async move {
                let sign_in = native_sign_ins::of_family(c, &family).await?;
                Ok(sign_in.zip(resonite_sessions::of_family(c, &family).await?))
            })
        });
        let (sign_in, session) = found.await?.ok_or_else(|| Error::failed("a session that began is not there"))?;
        Ok(BegunSession {
            account,
            token: tokens.access_token,
            created_at: sign_in.created_at,
            expires_at: sign_in.expires_at,
            remembered: session.remembered,
            machine_bound: session.machine_bound,
            uid: self.terms.uid,
            machine: self.machine,
        })
    }
}
