//! A host's accounts in memory, right in every way or with one fault: what the conformance suite is tried on.

mod changes;
mod faults;
mod rows;

use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, AccountId, Email, Role, Standing};
use lysand_auth::host::accounts::{Accounts, AccountsError, Along, Change, NewAccount};
use lysand_auth::secret::Secret;

pub use self::faults::Fault;
pub use self::rows::MemoryAccounts;
use self::rows::{HASHING, Row};

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
