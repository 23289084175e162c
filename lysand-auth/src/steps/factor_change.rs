//! A change of somebody's second factors: what it ends, and whom it tells, in its transaction (FAC-38, security ID-7).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::credentials::Credentials;
use crate::model::event::NewEvent;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::owner::{ActsIn, Owner};
use crate::steps::revocation;
use crate::steps::session::NewSession;
use crate::store::tokens::SparedTokens;
use crate::store::{Conn, Work, credentials, events};
use crate::texts;

/// What a change costs and ends.
pub(crate) struct FactorChange {
    pub(crate) account: AccountId,
    /// What was known when it was proven that the owner is there.
    pub(crate) known: Credentials,
    acts_in: ActsIn,
    spared: Spared,
    /// The session that takes the place of the owner's.
    pub(crate) session: Option<NewSession>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) notices: Vec<Outgoing>,
    now: Timestamp,
}

impl FactorChange {
    /// A change by its owner. What they act in stays, and so do tokens of apps that no refresh replaces, unless the person signs
    /// those out, too.
    pub(crate) fn new(auth: &Auth, owner: &Owner, known: Credentials, signs_out_apps: bool) -> Self {
        let acts_in = owner.acts_in();
        let (session, mut tokens) = (owner.session(), SparedTokens { lasting: !signs_out_apps, ..Default::default() });
        if let Some(token) = owner.token() {
            tokens.id = Some(token.id.clone());
            tokens.family = token.family.clone();
        }
        Self {
            account: owner.account.id.clone(),
            known,
            acts_in,
            spared: Spared { session, tokens },
            session: None,
            events: Vec::new(),
            notices: Vec::new(),
            now: auth.ambient().now(),
        }
    }

    /// Makes the change with `work`, once everything else is known to stand, and ends the rest of the account.
    ///
    /// # Errors
    /// `Conflict` when something else of the account was changed at the same moment; what `work` refuses.
    pub(crate) async fn make<T: Send + 'static>(
        self,
        auth: &Auth,
        work: impl for<'c> FnOnce(&'c mut Conn) -> Work<'c, T> + Send + 'static,
    ) -> Result<T, Error> {
        let account = self.account.clone();
        let made = revocation::revoke(
            auth,
            move |c| {
                Box::pin(async move {
                    self.begin(c).await?;
                    let done = work(c).await?;
                    self.finish(c).await?;
                    Ok(done)
                })
            },
            move |_| Some(Revoked::Account(account)),
        );
        let made = made.await?;
        mail::wake(auth);
        Ok(made)
    }

    /// Of two changes that were proven at the same moment one is made (FAC-120).
    async fn begin(&self, c: &mut Conn) -> Result<(), Error> {
        if !credentials::advance_from(c, &self.account, self.known).await? {
            return Err(Error::refused(Code::Conflict, texts::CHANGED_MEANWHILE));
        }
        self.acts_in.require_live(c, self.now).await
    }

    async fn finish(self, c: &mut Conn) -> Result<(), Error> {
        let spared = match &self.session {
            // Another takes its place.
            Some(_) => Spared { session: None, ..self.spared },
            None => self.spared,
        };
        ending::end_rest(c, &self.account, &spared, self.now).await?;
        self.acts_in.follow(c, self.known).await?;
        if let Some(session) = &self.session {
            session.insert(c).await?;
        }
        for notice in self.notices {
            mail::enqueue(c, notice).await?;
        }
        for event in self.events {
            events::add(c, event).await?;
        }
        Ok(())
    }
}
