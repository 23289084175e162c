//! The table of accounts, and what its rows mean.

use diesel::prelude::{Insertable, Queryable};
use lysand_auth::ambient::Timestamp;
use lysand_auth::host::accounts::Language;
use lysand_auth::host::accounts::{Account, AccountId, Email, Role, Standing};

diesel::table! {
    account_closed_name (name_key) {
        name_key -> Text,
        closed_at -> BigInt,
    }
}

diesel::table! {
    account (id) {
        id -> Text,
        username -> Text,
        username_key -> Text,
        display_name -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_confirmed -> SmallInt,
        password_hash -> Nullable<Text>,
        role -> Text,
        standing -> Text,
        created_at -> BigInt,
        language -> Nullable<Text>,
        unconfirmed_key -> Nullable<Text>,
    }
}

diesel::table! {
    account_turn (id) {
        id -> SmallInt,
        taken -> BigInt,
    }
}

diesel::table! {
    setup_token (digest) {
        digest -> Binary,
        created_at -> BigInt,
    }
}

/// What a [`Row`] is read from.
pub(super) const COLUMNS: (
    account::id,
    account::username,
    account::display_name,
    account::email,
    account::email_confirmed,
    account::role,
    account::standing,
    account::language,
    account::created_at,
) = (
    account::id,
    account::username,
    account::display_name,
    account::email,
    account::email_confirmed,
    account::role,
    account::standing,
    account::language,
    account::created_at,
);

/// One account as it is kept, without its password.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) email_confirmed: i16,
    pub(super) role: String,
    pub(super) standing: String,
    pub(super) language: Option<String>,
    pub(super) created_at: i64,
}

/// One account as it is inserted.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = account)]
pub(super) struct NewRow {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) username_key: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) email_key: Option<String>,
    pub(super) unconfirmed_key: Option<String>,
    pub(super) email_confirmed: i16,
    pub(super) language: Option<String>,
    pub(super) password_hash: Option<String>,
    pub(super) role: &'static str,
    pub(super) standing: &'static str,
    pub(super) created_at: i64,
}

impl Row {
    /// The account. A role or standing that this version does not know counts as the weakest one.
    pub(super) fn into_account(self) -> Account {
        let email = self.email.map(|address| Email { address, confirmed: self.email_confirmed != 0 });
        Account::new(AccountId::new(self.id), self.username)
            .with_display_name(self.display_name)
            .with_email(email)
            .with_standing(standing(&self.standing))
            .with_role(role(&self.role))
            .with_language(self.language.as_deref().and_then(Language::parse))
            .with_created_at(Timestamp::from_micros(self.created_at))
    }
}

pub(super) const ADMIN: &str = "admin";
pub(super) const ACTIVE: &str = "active";

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => ADMIN,
        Role::Moderator => "moderator",
        _ => "member",
    }
}

pub(super) fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => ACTIVE,
        Standing::Pending => "pending",
        Standing::Suspended => "suspended",
        _ => "disabled",
    }
}

/// A word that only a later version knows means that nobody may do anything (migrations/README).
fn standing(word: &str) -> Standing {
    let known = [Standing::Active, Standing::Pending, Standing::Suspended];
    known.into_iter().find(|standing| standing_name(*standing) == word).unwrap_or(Standing::Disabled)
}

/// A word that only a later version knows means an ordinary person.
fn role(word: &str) -> Role {
    [Role::Admin, Role::Moderator].into_iter().find(|role| role_name(*role) == word).unwrap_or(Role::Member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_words_are_read_as_written_and_unknown_ones_as_the_weakest() {
        for known in [Standing::Active, Standing::Pending, Standing::Disabled, Standing::Suspended] {
            assert_eq!(standing(standing_name(known)), known);
        }
        for known in [Role::Member, Role::Moderator, Role::Admin] {
            assert_eq!(role(role_name(known)), known);
        }
        for unknown in ["", "Active", "ADMIN", "owner", "frozen"] {
            assert_eq!((standing(unknown), role(unknown)), (Standing::Disabled, Role::Member), "{unknown}");
        }
    }
}
