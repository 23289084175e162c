//! The set-up link: a token that makes the first admin, once, on whichever replica it is used (running contract §1,
//! security ONE-6).

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::{AccountsError, NewAccount};
use lysand_auth::model::account::{Account, Role};
use lysand_auth::on;
use lysand_auth::secret::Secret;
use lysand_auth::store::Conn;

use super::rows::{ADMIN, COLUMNS, NewRow, Row, account, setup_token};
use super::{SqlAccounts, insert, take_turn};

/// How many links may live at once: one a replica, and some that were left behind by a crash.
const MOST_LINKS: i64 = 8;

/// Why the set-up link did not make an admin.
#[derive(Debug, thiserror::Error)]
pub enum FirstAdminError {
    /// The link is unknown, replaced by a newer one, or there is an admin already.
    #[error("This set-up link is no longer valid")]
    LinkDead,
    /// The account cannot be made.
    #[error(transparent)]
    Refused(#[from] AccountsError),
}

impl From<Error> for FirstAdminError {
    fn from(error: Error) -> Self {
        Self::Refused(AccountsError::Failed(Box::new(error)))
    }
}

impl SqlAccounts {
    /// Mints the token of a new set-up link; `None` when there is an admin already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mint_setup_token(&self) -> Result<Option<Secret>, Error> {
        let token = Secret::generate(&self.ambient);
        let digest = token.digest().as_bytes().to_vec();
        let created_at = self.ambient.now().micros();
        let minted = self.store.write(move |c| {
            Box::pin(async move {
                if take_turn_and_find_admin(c).await? {
                    return Ok(false);
                }
                let row = (setup_token::digest.eq(digest), setup_token::created_at.eq(created_at));
                on!(c, c => diesel::insert_into(setup_token::table).values(row).execute(c))?;
                let newest = setup_token::table.select(setup_token::digest).order(setup_token::created_at.desc());
                let kept: Vec<Vec<u8>> = on!(c, c => newest.limit(MOST_LINKS).load(c))?;
                let others = setup_token::table.filter(setup_token::digest.ne_all(kept));
                on!(c, c => diesel::delete(others).execute(c))?;
                Ok(true)
            })
        });
        Ok(minted.await?.then_some(token))
    }

    /// Takes a set-up link back: a server that stops takes its own with it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw_setup_token(&self, token: &Secret) -> Result<(), Error> {
        let digest = token.digest().as_bytes().to_vec();
        self.store
            .write(move |c| {
                Box::pin(async move {
                    let own = setup_token::table.find(digest);
                    on!(c, c => diesel::delete(own).execute(c))?;
                    Ok(())
                })
            })
            .await
    }

    /// Whether a set-up link would work at this moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_token_lives(&self, token: &Secret) -> Result<bool, Error> {
        let digest = token.digest().as_bytes().to_vec();
        self.store
            .read(move |c| Box::pin(async move { Ok(is_live(c, digest).await? && !admin_exists(c).await?) }))
            .await
    }

    /// Makes the first admin. All set-up links die with it; of several simultaneous attempts one wins.
    ///
    /// Role, standing and confirmation of the address are set here, whatever `new` says: who holds the link runs the
    /// server.
    ///
    /// # Errors
    /// When the link is dead, or name, address or password break a rule.
    pub async fn create_first_admin(&self, token: &Secret, new: NewAccount) -> Result<Account, FirstAdminError> {
        if !self.setup_token_lives(token).await? {
            return Err(FirstAdminError::LinkDead);
        }
        let row = self.prepare(NewAccount { role: Role::Admin, ..new }).await?;
        let row = NewRow { email_confirmed: 1, standing: super::rows::ACTIVE, ..row };
        let digest = token.digest().as_bytes().to_vec();
        let made = self.store.write(move |c| {
            Box::pin(async move {
                if take_turn_and_find_admin(c).await? || !is_live(c, digest).await? {
                    return Ok(Err(FirstAdminError::LinkDead));
                }
                match insert(c, row).await? {
                    Ok(row) => {
                        end_all_links(c).await?;
                        Ok(Ok(row.into_account()))
                    }
                    Err(refused) => Ok(Err(refused.into())),
                }
            })
        });
        made.await?
    }
}

/// Ends every set-up link, in the transaction that makes an admin.
pub(super) async fn end_all_links(c: &mut Conn) -> Result<(), Error> {
    on!(c, c => diesel::delete(setup_token::table).execute(c))?;
    Ok(())
}

async fn take_turn_and_find_admin(c: &mut Conn) -> Result<bool, Error> {
    take_turn(c).await?;
    admin_exists(c).await
}

async fn admin_exists(c: &mut Conn) -> Result<bool, Error> {
    let admins = account::table.filter(account::role.eq(ADMIN)).select(COLUMNS);
    let first: Option<Row> = on!(c, c => admins.first(c)).optional()?;
    Ok(first.is_some())
}

async fn is_live(c: &mut Conn, digest: Vec<u8>) -> Result<bool, Error> {
    let token = setup_token::table.find(digest).select(setup_token::created_at);
    let found: Option<i64> = on!(c, c => token.get_result(c)).optional()?;
    Ok(found.is_some())
}
