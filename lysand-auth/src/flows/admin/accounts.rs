//! Accounts as staff sees them (people PPL-128 to PPL-131, PPL-136 to PPL-142).

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::rights::require_staff;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::AccountQuery;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::sign_up::SignUpRecord;
use crate::steps::events;
use crate::store::{events as event_rows, invitations, sign_ups};
use crate::texts;

/// How many networks of an account are told.
const MOST_NETWORKS: usize = 50;
/// How many accounts a search by network or inviter finds at most.
const MOST_FOUND: i64 = 1_000;
/// How many networks a search by a wide one looks through.
const MOST_LOOKED_AT: i64 = 100_000;
/// How many networks a search asks for at once.
const MOST_ASKED: usize = 1_000;
/// The longest text that is taken for an address.
const LONGEST_ADDRESS: usize = 64;

/// An account with what staff wants to know before deciding about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccountForStaff {
    /// The account.
    pub account: Account,
    /// How it came to be; nothing for one that an operator made.
    pub sign_up: Option<SignUpRecord>,
    /// Who invited its owner.
    pub invited_by: Option<AccountId>,
    /// From where it was used, the latest first; forgotten after a while.
    pub places: Vec<Place>,
}

/// From where an account was used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The network, as coarsely as it is kept.
    pub network: String,
    /// When it was last used from there.
    pub at: Timestamp,
}

impl Place {
    /// The first address of the network: what clients show as the address.
    #[must_use]
    pub fn first_address(&self) -> &str {
        self.network.split('/').next().unwrap_or_default()
    }
}

/// Which accounts are listed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AccountList {
    /// What the host searches by.
    pub query: AccountQuery,
    /// An address or a network from which they were used; nonsense is nobody's.
    pub ip: Option<String>,
    /// Who invited them.
    pub invited_by: Option<AccountId>,
}

/// One page of accounts, the newest first. That somebody looked is recorded once a page (people PPL-15).
///
/// # Errors
/// 403 for who is not staff; `NotFound` where the host has no lists; when host or database do not answer.
pub async fn list(
    auth: &Auth,
    staff: &Account,
    wanted: AccountList,
    caller: &Caller,
) -> Result<Vec<AccountForStaff>, Error> {
    require_staff(staff)?;
    let mut query = wanted.query;
    if let Some(inviter) = wanted.invited_by {
        let among =
            auth.store().read(move |c| Box::pin(async move { sign_ups::invited_by(c, &inviter, MOST_FOUND).await }));
        query = narrowed(query, among.await?);
    }
    if let Some(address) = wanted.ip {
        let among = used_from(auth, &address).await?;
        query = narrowed(query, among);
    }
    if query.among.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let page = auth.accounts().search(&query).await.map_err(not_listed)?;
    let seen = events::event(auth, EventKind::AccountSeen, caller).by(Actor::Account(staff.id.clone()));
    let seen = seen.with("count", page.items.len());
    auth.store().write_one(move |c| Box::pin(event_rows::add(c, seen))).await?;
    shown(auth, page.items).await
}

/// One account, as staff opens it; that is recorded (people PPL-15).
///
/// # Errors
/// 403 for who is not staff; 404; when host or database do not answer.
pub async fn see(auth: &Auth, staff: &Account, id: &str, caller: &Caller) -> Result<AccountForStaff, Error> {
    require_staff(staff)?;
    let not_found = || Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND);
    let account = auth.account(&AccountId::new(id)).await?.ok_or_else(not_found)?;
    let seen = events::event(auth, EventKind::AccountSeen, caller).by(Actor::Account(staff.id.clone()));
    let seen = seen.about(&account.id, &account.username);
    auth.store().write_one(move |c| Box::pin(event_rows::add(c, seen))).await?;
    shown(auth, vec![account]).await?.pop().ok_or_else(not_found)
}

/// These accounts with what the library knows about them.
///
/// # Errors
/// When the database does not answer.
pub async fn shown(auth: &Auth, accounts: Vec<Account>) -> Result<Vec<AccountForStaff>, Error> {
    let ids: Vec<String> = accounts.iter().map(|account| account.id.as_str().to_owned()).collect();
    let known = auth.store().read(move |c| {
        Box::pin(async move {
            let records = sign_ups::of_accounts(c, &ids).await?;
            let invitations: Vec<String> = records.iter().filter_map(|record| record.invitation.clone()).collect();
            Ok((records, invitations::makers(c, &invitations).await?, event_rows::networks(c, &ids).await?))
        })
    });
    let (records, makers, networks) = known.await?;
    let makers: HashMap<String, AccountId> = makers.into_iter().collect();
    let mut records: HashMap<String, SignUpRecord> =
        records.into_iter().map(|record| (record.account.as_str().to_owned(), record)).collect();
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    for (account, network, at) in networks {
        let places = places.entry(account).or_default();
        if places.len() < MOST_NETWORKS {
            places.push(Place { network, at });
        }
    }
    let with = |account: Account| {
        let sign_up = records.remove(account.id.as_str());
        let invitation = sign_up.as_ref().and_then(|record| record.invitation.as_ref());
        AccountForStaff {
            invited_by: invitation.and_then(|id| makers.get(id)).cloned(),
            places: places.remove(account.id.as_str()).unwrap_or_default(),
            sign_up,
            account,
        }
    };
    Ok(accounts.into_iter().map(with).collect())
}

fn narrowed(query: AccountQuery, ids: Vec<AccountId>) -> AccountQuery {
    let among = match &query.among {
        None => ids,
        Some(former) => ids.into_iter().filter(|id| former.contains(id)).collect(),
    };
    query.with_among(among)
}

/// Which accounts were used from an address, or from a network that overlaps this one.
async fn used_from(auth: &Auth, text: &str) -> Result<Vec<AccountId>, Error> {
    let Some(wanted) = network(text) else { return Ok(Vec::new()) };
    let found = auth.store().read(move |c| {
        Box::pin(async move {
            let asked = match whole(wanted) {
                Some(kept) => kept,
                None => {
                    let all = event_rows::all_networks(c, MOST_LOOKED_AT).await?;
                    all.into_iter().filter(|kept| network(kept).is_some_and(|kept| overlap(wanted, kept))).collect()
                }
            };
            let asked: Vec<String> = asked.into_iter().take(MOST_ASKED).collect();
            event_rows::accounts_from(c, &asked, MOST_FOUND).await
        })
    });
    Ok(found.await?.into_iter().map(AccountId::new).collect())
}

/// Whether a text that somebody searches for is an address or a network.
#[must_use]
pub fn is_network(text: &str) -> bool {
    network(text).is_some()
}

/// The texts under which an address, or the network as it is usually kept, may be kept; `None` for other networks.
fn whole(wanted: IpNet) -> Option<Vec<String>> {
    let is_address = wanted.prefix_len() == wanted.max_prefix_len();
    let coarse = Caller::new(Some(wanted.addr())).network()?;
    match is_address {
        true => Some(vec![wanted.addr().to_string(), coarse]),
        false => None,
    }
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if text.len() > LONGEST_ADDRESS {
        return None;
    }
    let address = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    text.parse::<IpNet>().ok().map(|net| net.trunc()).or_else(address)
}

fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}

fn not_listed(error: crate::host::accounts::AccountsError) -> Error {
    match error {
        crate::host::accounts::AccountsError::NotOffered => Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_of_a_search_is_an_address_or_a_network_and_nothing_else() {
        for (text, wanted) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            (" 203.0.113.7/24 ", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.7", Some("203.0.113.7/32")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("", None),
            ("203.0.113", None),
            ("203.0.113.7/33", None),
            ("' OR 1=1 --", None),
            ("203.0.113.0/24/24", None),
        ] {
            assert_eq!(network(text).map(|net| net.to_string()).as_deref(), wanted, "{text}");
        }
        assert!(network(&"1".repeat(1_000)).is_none());
    }

    #[test]
    fn address_is_looked_for_by_itself_and_by_its_network() {
        let texts = |text: &str| whole(network(text).unwrap());
        assert_eq!(texts("203.0.113.7"), Some(vec!["203.0.113.7".into(), "203.0.113.0/24".into()]));
        assert_eq!(texts("2001:db8:1::7"), Some(vec!["2001:db8:1::7".into(), "2001:db8:1::/48".into()]));
        assert_eq!(texts("203.0.0.0/16"), None);
    }
}
