//! The set-up link: a token that makes the first admin, once, on whichever replica it is used (running contract §1,
//! security ONE-6).

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::NewAccount;
use lysand_auth::host::accounts::{Account, Role};
use lysand_auth::on;
use lysand_auth::secret::Secret;
use lysand_auth::store::Conn;

use super::error::FirstAdminError;
use super::rows::{ACTIVE, NewRow, setup_token};
use super::sql::SqlAccounts;
use super::statements::{admin_exists, delete_setup_tokens, insert, lock_admins};

/// How many links may be valid at once: one a replica, and some that were left behind by a crash.
const MAX_LINKS: i64 = 8;

impl SqlAccounts {
    /// Creates the token of a new set-up link; `None` when there is an admin already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn create_setup_token(&self) -> Result<Option<Secret>, Error> {
        let token = Secret::generate(&self.ambient);
        let digest = token.digest().as_bytes().to_vec();
        let created_at = self.ambient.now().micros();
        let created = self.store.write(move |c| {
            Box::pin(async move {
                if lock_and_find_admin(c).await? {
                    return Ok(false);
                }
                let row = (setup_token::digest.eq(digest), setup_token::created_at.eq(created_at));
                on!(c, c => diesel::insert_into(setup_token::table).values(row).execute(c))?;
                let newest = setup_token::table.select(setup_token::digest).order(setup_token::created_at.desc());
                let kept: Vec<Vec<u8>> = on!(c, c => newest.limit(MAX_LINKS).load(c))?;
                let others = setup_token::table.filter(setup_token::digest.ne_all(kept));
                on!(c, c => diesel::delete(others).execute(c))?;
                Ok(true)
            })
        });
        Ok(created.await?.then_some(token))
    }

    /// Deletes the token of a set-up link: a server that stops deletes its own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_setup_token(&self, token: &Secret) -> Result<(), Error> {
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

    /// Whether a set-up link works at this moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_token_is_valid(&self, token: &Secret) -> Result<bool, Error> {
        let digest = token.digest().as_bytes().to_vec();
        self.store
            .read(move |c| Box::pin(async move { Ok(is_known(c, digest).await? && !admin_exists(c).await?) }))
            .await
    }

    /// Makes the first admin. All set-up links end with it; of several simultaneous attempts one wins.
    ///
    /// Role, standing and confirmation of the address are set here, whatever `new` says: who holds the link runs the
    /// server.
    ///
    /// # Errors
    /// When the link is invalid, or name, address or password break a rule.
    pub async fn create_first_admin(&self, token: &Secret, new: NewAccount) -> Result<Account, FirstAdminError> {
        if !self.setup_token_is_valid(token).await? {
            return Err(FirstAdminError::InvalidLink);
        }
        let row = self.prepare(new.with_role(Role::Admin)).await?;
        let row = NewRow { email_confirmed: 1, standing: ACTIVE, ..row };
        let name = Some(self.names.of(&row.username_key));
        let digest = token.digest().as_bytes().to_vec();
        let made = self.store.write(move |c| {
            Box::pin(async move {
                if lock_and_find_admin(c).await? || !is_known(c, digest).await? {
                    return Ok(Err(FirstAdminError::InvalidLink));
                }
                match insert(c, row, name).await? {
                    Ok(row) => {
                        delete_setup_tokens(c).await?;
                        Ok(Ok(row.into_account()))
                    }
                    Err(refused) => Ok(Err(refused.into())),
                }
            })
        });
        made.await?
    }
}

async fn lock_and_find_admin(c: &mut Conn) -> Result<bool, Error> {
    lock_admins(c).await?;
    admin_exists(c).await
}

async fn is_known(c: &mut Conn, digest: Vec<u8>) -> Result<bool, Error> {
    let token = setup_token::table.find(digest).select(setup_token::created_at);
    let found: Option<i64> = on!(c, c => token.get_result(c)).optional()?;
    Ok(found.is_some())
}
