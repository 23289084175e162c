//! Changes of an account, and what the library does along with them.

use lysand_auth::host::accounts::{Account, AccountId, Email, Role, Standing};
use lysand_auth::host::accounts::{Accounts, AccountsError, Along, Change, Field, NewAccount};

use super::faults::Fault;
use super::rows::MemoryAccounts;

impl MemoryAccounts {
    /// Does what goes along, for this account; its failure undoes what `undo` undoes.
    async fn run(&self, along: Along, id: AccountId) -> Result<(), AccountsError> {
        let done = self.store.write(move |c| Box::pin(async move { along.run(c, &id).await }));
        done.await.map_err(|error| AccountsError::Failed(error.into()))
    }

    pub(super) async fn make_along(&self, new: NewAccount, along: Along) -> Result<Account, AccountsError> {
        let mut new = new;
        if self.has(Fault::CreatesTakenAlong) && self.found(&new.username).is_some() {
            new.username.push('2');
        }
        let created = self.create(new).await?;
        if self.has(Fault::CreatesWithoutAlong) {
            return Ok(created);
        }
        let id = match self.has(Fault::CreatesAlongForAnother) {
            true => AccountId::new("another"),
            false => created.id.clone(),
        };
        match self.run(along, id).await {
            Err(error) if !self.has(Fault::CreatesDespiteFailedAlong) => {
                self.rows().pop();
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(created),
        }
    }

    pub(super) async fn apply_along(&self, id: &AccountId, change: Change, along: Along) -> Result<(), AccountsError> {
        let before = self.rows().clone();
        match change {
            Change::Password(password) => self.set_password(id, &password).await?,
            Change::NoPassword => self.change(id, |row| {
                if !self.has(Fault::KeepsPasswordTakenAway) {
                    row.passwords.clear();
                }
            })?,
            Change::Email(email) => self.move_to(id, &email, Fault::ChangesToTakenAddress)?,
            Change::Standing(standing) => self.set_standing(id, standing).await?,
            Change::Role(role) => self.give_role(id, role)?,
            Change::Language(language) => self.change(id, |row| {
                if !self.has(Fault::DropsLanguage) {
                    row.account.language = language;
                }
            })?,
            Change::DisplayName(name) => self.change(id, |row| {
                if !self.has(Fault::DropsDisplayName) {
                    row.account.display_name = name;
                }
            })?,
            Change::Delete => self.change(id, |row| row.deleted = !self.has(Fault::KeepsDeletedAlong))?,
            _ => return Err(AccountsError::NotOffered),
        }
        if self.has(Fault::ChangesWithoutAlong) {
            return Ok(());
        }
        match self.run(along, id.clone()).await {
            Ok(()) => Ok(()),
            Err(error) => {
                if !self.has(Fault::ChangesDespiteFailedAlong) {
                    *self.rows() = before;
                }
                if self.has(Fault::TellsFailedChangeAsDone) { Ok(()) } else { Err(error) }
            }
        }
    }

    /// Sets another address, unless it is confirmed for somebody else.
    pub(super) fn move_to(&self, id: &AccountId, email: &Email, fault: Fault) -> Result<(), AccountsError> {
        let is_other = |account: &Account| account.id != *id;
        let is_taken = self.rows().iter().any(|row| {
            let stored = row.account.email.as_ref().filter(|stored| stored.confirmed && is_other(&row.account));
            !row.deleted && stored.is_some_and(|stored| stored.address.eq_ignore_ascii_case(&email.address))
        });
        if is_taken && !self.has(fault) {
            return Err(AccountsError::Taken(Field::Email));
        }
        self.change(id, |row| {
            if !self.has(Fault::DropsAddress) {
                let confirmed = email.confirmed || self.has(Fault::ConfirmsByItself);
                row.account.email = Some(Email { confirmed, ..email.clone() });
            }
        })
    }

    pub(super) fn give_role(&self, id: &AccountId, role: Role) -> Result<(), AccountsError> {
        let acts = |account: &Account| account.role == Role::Admin && account.standing == Standing::Active;
        let admins: Vec<AccountId> = {
            let rows = self.rows();
            let admins = rows.iter().filter(|row| !row.deleted && acts(&row.account));
            admins.map(|row| row.account.id.clone()).collect()
        };
        if role != Role::Admin && admins == [id.clone()] && !self.has(Fault::LeavesNoAdmin) {
            return Err(AccountsError::LastAdmin);
        }
        if self.has(Fault::GivesRoleToFirst) {
            self.rows()[0].account.role = role;
            return Ok(());
        }
        self.change(id, |row| {
            if !self.has(Fault::DropsRole) {
                row.account.role = role;
            }
        })
    }
}
