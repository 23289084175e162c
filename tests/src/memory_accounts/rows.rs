//! The accounts, and what they are found by.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lysand_auth::host::accounts::{Account, AccountId, AccountsError, Email, Field, NewAccount};
use lysand_auth::host::testing::KnownAccount;
use lysand_auth::store::Store;

use super::faults::Fault;

/// How long this host takes to hash a password.
pub(super) const HASHING: Duration = Duration::from_millis(3);

#[derive(Clone)]
pub(super) struct Row {
    pub(super) account: Account,
    pub(super) passwords: Vec<String>,
    pub(super) deleted: bool,
}

/// The accounts.
pub struct MemoryAccounts {
    pub(super) fault: Option<Fault>,
    rows: Mutex<Vec<Row>>,
    /// In its transactions happens what goes along with a change.
    pub(super) store: Store,
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

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn found(&self, identifier: &str) -> Option<Row> {
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

    pub(super) fn is_right(&self, row: &Row, password: &str) -> bool {
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

    pub(super) fn taken(&self, new: &NewAccount) -> Option<Field> {
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

    pub(super) fn change(&self, id: &AccountId, change: impl FnOnce(&mut Row)) -> Result<(), AccountsError> {
        match self.rows().iter_mut().find(|row| row.account.id == *id && !row.deleted) {
            Some(row) => change(row),
            None if self.has(Fault::ChangesNobody) => {}
            None => return Err(AccountsError::Invalid("there is no such account".into())),
        }
        Ok(())
    }

    pub(super) fn new_id(&self) -> AccountId {
        let rows = self.rows();
        let gone = rows.iter().find(|row| row.deleted && self.has(Fault::ReusesId));
        match gone.or_else(|| rows.first().filter(|_| self.has(Fault::RepeatsId))) {
            Some(row) => row.account.id.clone(),
            None => AccountId::new(format!("new-{}", rows.len())),
        }
    }
}
