//! `GET /admin/accounts`: the accounts, searched and filtered (people PPL-152).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::frame::{ACCOUNTS, frame, looked, role_words, shown, state_words};
use super::new_account::NEW;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin::{self, AccountForStaff, AccountList};
use crate::flows::sign_up::is_offered_to_staff;
use crate::host::accounts::AccountQuery;
use crate::host::pages::{AccountRow, AdminAccountsPage, Page, Reader};
use crate::model::account::{AccountId, Role, Standing};
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::with_query;
use crate::web::wire::request as wire;

/// How many accounts a page has.
const PAGE: usize = 50;
const STATES: [(&str, Standing); 4] = [
    ("active", Standing::Active),
    ("pending", Standing::Pending),
    ("disabled", Standing::Disabled),
    ("suspended", Standing::Suspended),
];
const ROLES: [(&str, Role); 3] = [("user", Role::Member), ("moderator", Role::Moderator), ("admin", Role::Admin)];

/// What the list is narrowed to.
struct Filter {
    searched: String,
    state: &'static str,
    role: &'static str,
}

impl Filter {
    fn new(params: &Params) -> Self {
        let chosen = |name: &str| params.last_text(name).unwrap_or_default();
        let (state, role) = (chosen("state"), chosen("role"));
        Self {
            searched: chosen("q").trim().chars().take(100).collect(),
            state: STATES.iter().find(|(name, _)| *name == state).map_or("", |(name, _)| name),
            role: ROLES.iter().find(|(name, _)| *name == role).map_or("", |(name, _)| name),
        }
    }

    fn list(&self) -> AccountList {
        let mut list = AccountList::default();
        let mut query = AccountQuery::new().with_limit(PAGE);
        query.standings = STATES.iter().filter(|(name, _)| *name == self.state).map(|(_, state)| *state).collect();
        query.roles = ROLES.iter().filter(|(name, _)| *name == self.role).map(|(_, role)| *role).collect();
        match admin::is_network(&self.searched) {
            true => list.ip = Some(self.searched.clone()),
            false => query.text = Some(self.searched.clone()).filter(|text| !text.is_empty()),
        }
        list.query = query;
        list
    }

    fn address(&self, auth: &Auth, reader: &Reader, place: (&str, &str)) -> String {
        let fields = [("q", self.searched.as_str()), ("state", self.state), ("role", self.role), place];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        reader.keep(&with_query(&auth.config().base_url.join(ACCOUNTS), given))
    }
}

/// `GET /admin/accounts`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let reader = params.reader(&req).for_account(Some(&staff.account));
        let filter = Filter::new(params);
        let mut list = filter.list();
        list.query.older_than = params.last_text("max_id").map(AccountId::new);
        list.query.newer_than = params.last_text("min_id").map(AccountId::new);
        list.query.nearest = list.query.newer_than.is_some();
        let is_first = list.query.older_than.is_none() && list.query.newer_than.is_none();
        let upwards = list.query.nearest;
        let found = admin::list(&auth, &staff.account, list, &wire::caller(&req, auth.config())).await?;
        let is_full = found.len() == PAGE;
        let link = |name, entry: Option<&AccountForStaff>| {
            entry.map(|entry| filter.address(&auth, &reader, (name, entry.account.id.as_str())))
        };
        let page = Page::AdminAccounts(AdminAccountsPage {
            frame: frame(&auth, &reader, &staff.account, ACCOUNTS).await?,
            action: ACCOUNTS,
            lang: reader.asked.as_ref().map(ToString::to_string),
            searched: filter.searched.clone(),
            state: filter.state,
            role: filter.role,
            accounts: found.iter().map(|entry| row(&auth, &reader, entry)).collect(),
            newer: link("min_id", found.first()).filter(|_| !is_first && (!upwards || is_full)),
            older: link("max_id", found.last()).filter(|_| is_full || upwards),
            make: is_offered_to_staff(&auth).await.then(|| reader.keep(&auth.config().base_url.join(NEW))),
        });
        Ok::<_, Error>(shown(&auth, &req, &reader, &page, false).await)
    })
    .await
}

/// An account in a list.
pub(super) fn row(auth: &Auth, reader: &Reader, found: &AccountForStaff) -> AccountRow {
    let account = &found.account;
    let created_at = account.created_at.or(found.sign_up.as_ref().map(|record| record.created_at));
    AccountRow {
        link: reader.keep(&auth.config().base_url.join(&format!("{ACCOUNTS}/{}", account.id))),
        username: account.username.clone(),
        display_name: account.display_name.clone(),
        email: account.email.as_ref().map_or_else(String::new, |email| email.address.clone()),
        state: state_words(account),
        role: role_words(account.role),
        since: created_at.map(Into::into),
        network: found.places.first().map(|place| place.network.clone()),
    }
}
