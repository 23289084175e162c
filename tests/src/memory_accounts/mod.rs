//! A host's accounts in memory, right in every way or with one fault: what the conformance suite is tried on.

mod changes;
mod faults;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, AccountId, Email, Role, Standing};
use lysand_auth::host::accounts::{Accounts, AccountsError, Along, Change, Field, NewAccount};
use lysand_auth::host::testing::KnownAccount;
use lysand_auth::secret::Secret;
use lysand_auth::store::Store;

pub use self::faults::Fault;

/// How long this host takes to hash a password.
const HASHING: Duration = Duration::from_millis(3);

#[derive(Clone)]
struct Row {
    account: Account,
    passwords: Vec<String>,
    deleted: bool,
}

/// The accounts.
pub struct MemoryAccounts {
    fault: Option<Fault>,
    rows: Mutex<Vec<Row>>,
    /// In its transactions happens what goes along with a change.
    store: Store,
}

impl MemoryAccounts {
    /// A host with these accounts, and perhaps a fault.
    pub fn new(known: &[KnownAccount], fault: Option<Fault>, store: Store) -> Self {
        let rows = known.iter().map(|known| {
            let mut account = Account::new(known.id.clone(), known.username.clone());
            account.email = known.email.clone().map(|address| Email { address, confirmed: true });
            let passwords = known.password.iter().map(|password| password.expose().to_owned()).collect();
            Row { account, passwords, deleted: false }
        });
        Self { fault, rows: Mutex::new(rows.collect()), store }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self, identifier: &str) -> Option<Row> {
        let identifier = match identifier.split_once('\0') {
            Some((start, _)) if self.has(Fault::CutsNameAtNul) => start,
            _ => identifier,
        };
        let rows = self.rows();
        let is = |stored: &str| match self.fault {
            Some(Fault::CaseSensitive) => stored == identifier,
            Some(Fault::TakesBeginnings) if !identifier.is_empty() => {
                stored.to_lowercase().starts_with(&identifier.to_lowercase())
            }
            Some(Fault::TakesWildcards) if identifier.ends_with('%') => {
                stored.starts_with(identifier.trim_end_matches('%'))
            }
            Some(Fault::TakesEmptyName) if identifier.is_empty() => true,
            _ => stored.eq_ignore_ascii_case(identifier),
        };
        let mut visible = rows.iter().filter(|row| !row.deleted || self.has(Fault::FindsDeletedByName));
        visible
            .find(|row| {
                let address = row.account.email.as_ref().filter(|_| !self.has(Fault::IgnoresAddresses));
                is(&row.account.username) || address.is_some_and(|email| is(&email.address))
            })
            .cloned()
    }

    fn is_right(&self, row: &Row, password: &str) -> bool {
        let all: Vec<String> = self.rows().iter().flat_map(|row| row.passwords.clone()).collect();
        let stored = if self.has(Fault::TakesOthersPassword) { &all } else { &row.passwords };
        stored.iter().any(|stored| match self.fault {
            Some(Fault::IgnoresCaseOfPassword) => stored.eq_ignore_ascii_case(password),
            Some(Fault::TrimsPassword) => stored == password.trim(),
            Some(Fault::CutsPassword) => password.as_bytes().get(..8) == stored.as_bytes().get(..8),
            Some(Fault::CutsPasswordAtNul) => password.split('\0').next() == Some(stored),
            _ => stored == password,
        }) || self.has(Fault::TakesAnyPassword)
            || (self.has(Fault::TakesEmptyPassword) && row.passwords.is_empty() && password.is_empty())
    }

    fn taken(&self, new: &NewAccount) -> Option<Field> {
        let rows = self.rows();
        let name = |row: &Row| match self.fault {
            Some(Fault::CreatesNameTwice) => false,
            Some(Fault::CreatesNameInOtherCase) => row.account.username == new.username,
            _ => row.account.username.eq_ignore_ascii_case(&new.username),
        };
        let address = |row: &Row| match (&row.account.email, &new.email) {
            (Some(stored), Some(new)) => {
                !self.has(Fault::CreatesAddressTwice) && stored.address.eq_ignore_ascii_case(&new.address)
            }
            _ => false,
        };
        if rows.iter().any(name) {
            return Some(Field::Username);
        }
        let wrong = if self.has(Fault::TellsWrongField) { Field::Username } else { Field::Email };
        rows.iter().any(address).then_some(wrong)
    }

    fn change(&self, id: &AccountId, change: impl FnOnce(&mut Row)) -> Result<(), AccountsError> {
        match self.rows().iter_mut().find(|row| row.account.id == *id && !row.deleted) {
            Some(row) => change(row),
            None if self.has(Fault::ChangesNobody) => {}
            None => return Err(AccountsError::Invalid("there is no such account".into())),
        }
        Ok(())
    }

    fn new_id(&self) -> AccountId {
        let rows = self.rows();
        let gone = rows.iter().find(|row| row.deleted && self.has(Fault::ReusesId));
        match gone.or_else(|| rows.first().filter(|_| self.has(Fault::RepeatsId))) {
            Some(row) => row.account.id.clone(),
            None => AccountId::new(format!("new-{}", rows.len())),
        }
    }
}

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        let rows = self.rows();
        let found = rows.iter().filter(|row| !row.deleted).find(|row| match self.fault {
            Some(Fault::FindsFirstById) => true,
            Some(Fault::TakesNameAsId) if row.account.username == id.as_str() => true,
            _ => row.account.id == *id,
        });
        if found.is_none() && self.has(Fault::FailsWithoutId) {
            return Err("no row".into());
        }
        let mut account = found.map(|row| row.account.clone());
        if let Some(account) = account.as_mut().filter(|_| self.has(Fault::LeavesAddressOut)) {
            account.email = None;
        }
        Ok(account)
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        match self.found(identifier) {
            None if self.has(Fault::FailsWithoutName) => Err("no row".into()),
            found => Ok(found.map(|row| row.account)),
        }
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        let found = self.found(identifier);
        let at_once = match &found {
            None => self.has(Fault::AnswersUnknownAtOnce),
            Some(row) => row.passwords.is_empty() && self.has(Fault::AnswersWithoutPasswordAtOnce),
        };
        if !at_once {
            tokio::time::sleep(HASHING).await;
        }
        if found.is_none() && self.has(Fault::FailsForUnknown) {
            return Err("no row".into());
        }
        Ok(found.filter(|row| self.is_right(row, password.expose())).map(|row| row.account))
    }

    async fn has_password(&self, id: &AccountId) -> HostResult<bool> {
        let rows = self.rows();
        let row = rows.iter().find(|row| row.account.id == *id);
        Ok(self.has(Fault::SaysPasswordForAll) || row.is_some_and(|row| !row.passwords.is_empty()))
    }

    async fn create(&self, new: NewAccount) -> Result<Account, AccountsError> {
        if let Some(field) = self.taken(&new) {
            return Err(AccountsError::Taken(field));
        }
        if self.has(Fault::CreatesInRace) {
            tokio::time::sleep(HASHING).await;
        }
        let mut account = Account::new(self.new_id(), new.username);
        account.email = new.email;
        if let Some(email) = account.email.as_mut().filter(|_| self.has(Fault::LosesConfirmation)) {
            email.confirmed = false;
        }
        (account.role, account.standing) = (new.role, new.standing);
        let kept = new.password.filter(|_| !self.has(Fault::LosesPassword));
        let passwords = kept.iter().map(|password| password.expose().to_owned()).collect();
        self.rows().push(Row { account: account.clone(), passwords, deleted: false });
        Ok(account)
    }

    async fn set_password(&self, id: &AccountId, password: &Secret) -> Result<(), AccountsError> {
        self.change(id, |row| {
            if self.has(Fault::DropsNewPassword) {
                return;
            }
            if !self.has(Fault::KeepsOldPassword) {
                row.passwords.clear();
            }
            row.passwords.push(password.expose().to_owned());
        })
    }

    async fn set_standing(&self, id: &AccountId, standing: Standing) -> Result<(), AccountsError> {
        self.change(id, |row| {
            if !self.has(Fault::DropsStanding) {
                row.account.standing = standing;
            }
        })
    }

    async fn create_along(&self, new: NewAccount, along: Along) -> Result<Account, AccountsError> {
        self.make_along(new, along).await
    }

    async fn change_along(&self, id: &AccountId, change: Change, along: Along) -> Result<(), AccountsError> {
        self.apply_along(id, change, along).await
    }

    async fn set_email(&self, id: &AccountId, email: &Email) -> Result<(), AccountsError> {
        self.move_to(id, email, Fault::SetsTakenAddress)
    }

    async fn set_role(&self, id: &AccountId, role: Role) -> Result<(), AccountsError> {
        self.give_role(id, role)
    }

    async fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let rows = self.rows();
        let mut listed: Vec<Account> = rows.iter().filter(|row| !row.deleted).map(|row| row.account.clone()).collect();
        if self.has(Fault::ListsTooFew) {
            listed.remove(0);
        }
        if self.has(Fault::ListsTwice) {
            listed.push(listed[0].clone());
        }
        Ok(listed)
    }

    async fn delete(&self, id: &AccountId) -> Result<(), AccountsError> {
        self.change(id, |row| row.deleted = true)
    }
}
