//! The accounts in the library's store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use lysand_auth::Ambient;
use lysand_auth::config::BaseUrl;
use lysand_auth::error::Error;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::Language;
use lysand_auth::host::accounts::{Account, AccountId, Email, Field, Role, Standing};
use lysand_auth::host::accounts::{AccountQuery, Page};
use lysand_auth::host::accounts::{Accounts, AccountsError, Along, Change, NewAccount, Profile, rules};
use lysand_auth::keys::Keys;
use lysand_auth::on;
use lysand_auth::password::Passwords;
use lysand_auth::secret::Secret;
use lysand_auth::store::{Conn, MigrationSet, Store};

use super::changes::{self, Prepared};
use super::closed_names::ClosedNames;
use super::error::CreateError;
use super::rows::{ACTIVE, COLUMNS, NewRow, Row, account, role_name, standing_name};
use super::search;
use super::statements::{delete_setup_tokens, insert, lock_admins, no_such_account, row};
use crate::assets;

/// The migrations of the accounts' tables.
pub const MIGRATIONS: MigrationSet = diesel_migrations::embed_migrations!("migrations");

/// The accounts; cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct SqlAccounts {
    pub(super) store: Store,
    passwords: Passwords,
    pub(super) ambient: Ambient,
    host: String,
    title: RwLock<String>,
    reuses_names: bool,
    pub(super) names: ClosedNames,
}

impl SqlAccounts {
    /// Accounts in `store`, whose migrations ([`MIGRATIONS`]) have been applied. The keys stand for the names of those that were
    /// removed.
    #[must_use]
    pub fn new(store: Store, passwords: Passwords, ambient: Ambient, base_url: &BaseUrl, keys: Keys) -> Self {
        Self {
            store,
            passwords,
            ambient,
            host: base_url.host().to_owned(),
            title: RwLock::default(),
            reuses_names: false,
            names: ClosedNames::new(keys),
        }
    }

    /// The same for a server with this title, of which no password is made.
    #[must_use]
    pub fn with_title(self, title: &str) -> Self {
        Self { title: RwLock::new(title.to_owned()), ..self }
    }

    /// Gives the server another title.
    pub fn set_title(&self, title: &str) {
        title.clone_into(&mut self.title.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn title(&self) -> String {
        self.title.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same where somebody else can have the name of an account that was removed.
    #[must_use]
    pub fn with_reused_names(self, reuses_names: bool) -> Self {
        Self { reuses_names, ..self }
    }

    /// How many accounts may act.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_active(&self) -> Result<u64, Error> {
        let active = account::table.filter(account::standing.eq(ACTIVE)).count();
        let count: i64 =
            self.store.read(move |c| Box::pin(async move { Ok(on!(c, c => active.get_result(c))?) })).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Keeps the language in which the account's owner reads pages; `None` leaves it to the browser.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_language(&self, id: &AccountId, language: Option<&Language>) -> Result<(), Error> {
        let (id, tag) = (id.as_str().to_owned(), language.map(|language| language.as_str().to_owned()));
        self.store
            .write(move |c| {
                Box::pin(async move {
                    let change = diesel::update(account::table.find(id)).set(account::language.eq(tag));
                    on!(c, c => change.execute(c))?;
                    Ok(())
                })
            })
            .await
    }

    /// Lets somebody else have the name of an account that was removed; false when it is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_name(&self, name: &str) -> Result<bool, Error> {
        let name = self.names.of(&rules::username_key(&name.trim().to_lowercase()));
        self.store.write(move |c| Box::pin(async move { name.release(c).await })).await
    }

    /// Digests the names of removed accounts that an earlier version kept in the clear; how many there were (people PPL-124).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn digest_closed_names(&self) -> Result<usize, Error> {
        self.names.digest_all(&self.store).await
    }

    /// Checks a new account against the rules and hashes its password: all that needs no transaction.
    pub(super) async fn prepare(&self, new: NewAccount) -> Result<NewRow, CreateError> {
        let username = rules::username(&new.username)?;
        let email = match new.email {
            Some(email) => {
                let address = rules::email(&email.address)?;
                Some(Email { address, ..email })
            }
            None => None,
        };
        let is_confirmed = email.as_ref().is_some_and(|email| email.confirmed);
        let address = email.map(|email| email.address);
        let password_hash = match &new.password {
            Some(password) => Some(self.hash(password, &username, address.as_deref()).await?),
            None => None,
        };
        Ok(NewRow {
            id: self.ambient.id(),
            username_key: rules::username_key(&username),
            display_name: String::new(),
            email_key: address.as_deref().filter(|_| is_confirmed).map(rules::email_key),
            unconfirmed_key: address.as_deref().filter(|_| !is_confirmed).map(rules::email_key),
            email: address,
            language: new.language.map(|language| language.as_str().to_owned()),
            email_confirmed: i16::from(is_confirmed),
            password_hash,
            role: role_name(new.role),
            standing: standing_name(new.standing),
            created_at: self.ambient.now().micros(),
            username,
        })
    }

    /// Creates an account and does `along`, both or none.
    async fn create_with(&self, new: NewAccount, along: Option<Along>) -> Result<Account, AccountsError> {
        let is_admin = new.role == Role::Admin;
        let row = self.prepare(new).await?;
        let name = (!self.reuses_names).then(|| self.names.of(&row.username_key));
        let made = self.store.write(move |c| {
            Box::pin(async move {
                if is_admin {
                    lock_admins(c).await?;
                }
                let made = insert(c, row, name).await?;
                if is_admin && made.is_ok() {
                    delete_setup_tokens(c).await?;
                }
                if let (Ok(row), Some(along)) = (&made, along) {
                    along.run(c, &AccountId::new(&*row.id)).await?;
                }
                Ok(made.map(Row::into_account).map_err(AccountsError::from))
            })
        });
        made.await.map_err(failed)?
    }

    /// Does what needs no transaction: checks the values, and hashes a password.
    async fn prepare_change(&self, id: &str, change: Change) -> Result<Prepared, AccountsError> {
        Ok(match change {
            Change::Password(password) => Prepared::Password(Some(self.hash_for(id, &password).await?)),
            Change::NoPassword => Prepared::Password(None),
            Change::Email(email) => {
                let address = rules::email(&email.address)?;
                Prepared::Email(Email { address, ..email })
            }
            Change::Standing(standing) => Prepared::Standing(standing),
            Change::Role(role) => Prepared::Role(role),
            Change::DisplayName(name) => Prepared::DisplayName(name),
            Change::Language(language) => Prepared::Language(language.map(|language| language.as_str().to_owned())),
            Change::Delete => Prepared::Delete((!self.reuses_names).then(|| self.names.clone())),
            _ => return Err(AccountsError::NotOffered),
        })
    }

    async fn hash_for(&self, id: &str, password: &Secret) -> Result<String, AccountsError> {
        let wanted = id.to_owned();
        let found = self.store.look_up(move |c| Box::pin(async move { row(c, wanted).await }));
        let row = found.await.map_err(failed)?.ok_or_else(no_such_account)?;
        Ok(self.hash(password, &row.username, row.email.as_deref()).await?)
    }

    /// Makes a change and does `along`, both or neither.
    async fn change(&self, id: &AccountId, change: Change, along: Option<Along>) -> Result<(), AccountsError> {
        let (id, now) = (id.clone(), self.ambient.now().micros());
        let prepared = self.prepare_change(id.as_str(), change).await?;
        let taken = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&taken);
        let made = self.store.write(move |c| {
            Box::pin(async move {
                let made = changes::make(c, id.as_str(), prepared, now, &told).await?;
                if let (Ok(()), Some(along)) = (&made, along) {
                    along.run(c, &id).await?;
                }
                Ok(made)
            })
        });
        let lost = |error| match taken.load(Ordering::Acquire) {
            true => AccountsError::Taken(Field::Email),
            false => failed(error),
        };
        made.await.map_err(lost)?
    }

    /// Hashes a password that is about to be set, if it may be set.
    pub(super) async fn hash(
        &self,
        password: &Secret,
        username: &str,
        email: Option<&str>,
    ) -> Result<String, CreateError> {
        rules::password(password.expose(), rules::related(username, email, &self.host, &self.title()))?;
        self.passwords.hash(password).await.map_err(|busy| CreateError::Failed(Box::new(busy)))
    }

    /// Puts a hash with today's parameters in the place of `old`, unless the password was changed meanwhile.
    async fn renew_hash(&self, id: &str, password: &Secret, old: &str) -> HostResult<()> {
        let new = self.passwords.hash(password).await?;
        let (id, old) = (id.to_owned(), old.to_owned());
        let renewed = self.store.write(move |c| {
            Box::pin(async move {
                let row = account::table.find(id).filter(account::password_hash.eq(old));
                let change = diesel::update(row).set(account::password_hash.eq(new));
                on!(c, c => change.execute(c))?;
                Ok(())
            })
        });
        Ok(renewed.await?)
    }

    /// The account and its password hash; blank identifiers match nothing (security AS-12).
    pub(super) async fn find(&self, identifier: &str) -> Result<Option<(Row, Option<String>)>, Error> {
        let key = rules::email_key(identifier);
        // Longer than any name or address; and a NUL, which PostgreSQL cannot take, is in neither.
        if key.is_empty() || key.len() > 320 || key.contains('\0') {
            return Ok(None);
        }
        self.store
            .look_up(move |c| {
                Box::pin(async move {
                    let found = match key.contains('@') {
                        true => by_address(c, key).await?,
                        false => {
                            let query = account::table
                                .filter(account::username.eq(key))
                                .select((COLUMNS, account::password_hash));
                            on!(c, c => query.get_result(c)).optional()?
                        }
                    };
                    Ok(found)
                })
            })
            .await
    }

    async fn find_by_id(&self, id: &AccountId) -> Result<Option<Account>, Error> {
        let id = id.as_str().to_owned();
        // No key has a NUL, and PostgreSQL takes none.
        if id.contains('\0') {
            return Ok(None);
        }
        self.store
            .look_up(move |c| Box::pin(async move { row(c, id).await.map(|row| row.map(Row::into_account)) }))
            .await
    }
}

#[async_trait]
impl Accounts for SqlAccounts {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        Ok(self.find_by_id(id).await?)
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        Ok(self.find(identifier).await?.map(|(row, _)| row.into_account()))
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        let found = self.find(identifier).await?;
        let stored = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let right = self.passwords.verify(password, stored).await?;
        if let (true, Some((row, Some(old)))) = (right, &found)
            && !self.passwords.is_current(old)
            && let Err(error) = self.renew_hash(&row.id, password, old).await
        {
            tracing::warn!(%error, "a password keeps its hash of before; the next sign-in renews it");
        }
        Ok(found.filter(|_| right).map(|(row, _)| row.into_account()))
    }

    fn profile(&self, account: &Account, base_url: &BaseUrl) -> Profile {
        Profile::new(&account.username, base_url)
            .with_picture(base_url.join(&assets::path("avatar.png")))
            .with_header(base_url.join(&assets::path("header.png")))
    }

    async fn create(&self, new: NewAccount) -> Result<Account, AccountsError> {
        self.create_with(new, None).await
    }

    async fn create_along(&self, new: NewAccount, along: Along) -> Result<Account, AccountsError> {
        self.create_with(new, Some(along)).await
    }

    async fn has_password(&self, id: &AccountId) -> HostResult<bool> {
        let query = account::table.find(id.as_str().to_owned()).select(account::password_hash);
        let hash: Option<Option<String>> = self
            .store
            .look_up(move |c| Box::pin(async move { Ok(on!(c, c => query.get_result(c)).optional()?) }))
            .await?;
        Ok(hash.flatten().is_some())
    }

    async fn change_along(&self, id: &AccountId, change: Change, along: Along) -> Result<(), AccountsError> {
        self.change(id, change, Some(along)).await
    }

    async fn set_password(&self, id: &AccountId, password: &Secret) -> Result<(), AccountsError> {
        self.change(id, Change::Password(password.clone()), None).await
    }

    async fn set_standing(&self, id: &AccountId, standing: Standing) -> Result<(), AccountsError> {
        self.change(id, Change::Standing(standing), None).await
    }

    async fn set_email(&self, id: &AccountId, email: &Email) -> Result<(), AccountsError> {
        self.change(id, Change::Email(email.clone()), None).await
    }

    async fn set_role(&self, id: &AccountId, role: Role) -> Result<(), AccountsError> {
        self.change(id, Change::Role(role), None).await
    }

    async fn search(&self, query: &AccountQuery) -> Result<Page<Account>, AccountsError> {
        let query = query.clone();
        self.store.read(move |c| Box::pin(search::page(c, query))).await.map_err(failed)
    }

    async fn count(&self, query: &AccountQuery) -> Result<u64, AccountsError> {
        let query = query.clone();
        self.store.read(move |c| Box::pin(search::count(c, query))).await.map_err(failed)
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let all = account::table.order((account::created_at, account::id)).select(COLUMNS);
        let rows: Vec<Row> =
            self.store.read(move |c| Box::pin(async move { Ok(on!(c, c => all.load(c))?) })).await.map_err(failed)?;
        Ok(rows.into_iter().map(Row::into_account).collect())
    }

    async fn delete(&self, id: &AccountId) -> Result<(), AccountsError> {
        self.change(id, Change::Delete, None).await
    }
}

/// The account of an address: the one that confirmed it, else the newest that waits with it (people PPL-208).
async fn by_address(c: &mut Conn, key: String) -> Result<Option<(Row, Option<String>)>, Error> {
    let columns = (COLUMNS, account::password_hash);
    let owner = account::table.filter(account::email_key.eq(key.clone())).select(columns);
    if let Some(owner) = on!(c, c => owner.get_result(c)).optional()? {
        return Ok(Some(owner));
    }
    let waiting = account::table
        .filter(account::unconfirmed_key.eq(key))
        .order((account::created_at.desc(), account::id.desc()))
        .select(columns);
    Ok(on!(c, c => waiting.first(c)).optional()?)
}

fn failed(error: Error) -> AccountsError {
    AccountsError::Failed(Box::new(error))
}
