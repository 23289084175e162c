//! The table of accounts, and what its rows mean.

use diesel::prelude::{Insertable, Queryable};
use lysand_auth::model::account::{Account, AccountId, Email, Role, Standing};
use lysand_auth::model::language::Language;

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
) = (
    account::id,
    account::username,
    account::display_name,
    account::email,
    account::email_confirmed,
    account::role,
    account::standing,
    account::language,
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
    pub(super) email_confirmed: i16,
    pub(super) password_hash: Option<String>,
    pub(super) role: &'static str,
    pub(super) standing: &'static str,
    pub(super) created_at: i64,
}

impl Row {
    /// The account. A role or standing that this version does not know counts as the weakest one.
    pub(super) fn into_account(self) -> Account {
        let email = self.email.map(|address| Email { address, confirmed: self.email_confirmed != 0 });
        Account {
            id: AccountId::new(self.id),
            username: self.username,
            display_name: self.display_name,
            email,
            standing: match self.standing.as_str() {
                "active" => Standing::Active,
                "pending" => Standing::Pending,
                _ => Standing::Disabled,
            },
            role: if self.role == ADMIN { Role::Admin } else { Role::Member },
            language: self.language.as_deref().and_then(Language::parse),
        }
    }
}

pub(super) const ADMIN: &str = "admin";
pub(super) const ACTIVE: &str = "active";

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => ADMIN,
    }
}

pub(super) fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => ACTIVE,
        Standing::Pending => "pending",
        Standing::Disabled => "disabled",
    }
}
