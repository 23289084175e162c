//! Who is found by id, name or address.

use futures_util::future::join_all;

use super::suite::{KnownAccount, Suite};
use crate::host::HostResult;
use crate::model::account::{Account, AccountId};

/// Texts that are nobody's, and break what is put together carelessly.
const NOBODY: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "%",
    "_",
    "*",
    "'",
    "' OR '1'='1",
    "\"",
    "\\",
    "nobody-has-this",
    "a\0b",
    "é\u{301}",
    "🜚",
    "@",
];

pub(super) async fn check(suite: &mut Suite, known: &[KnownAccount]) {
    for account in known {
        by_id(suite, account).await;
        for identifier in account.identifiers() {
            by_identifier(suite, account, identifier).await;
        }
    }
    nobody(suite, known).await;
    at_once(suite, known).await;
}

async fn by_id(suite: &mut Suite, known: &KnownAccount) {
    let found = suite.accounts.by_id(&known.id).await;
    let Some(account) = is_found(suite, found, known, &format!("by_id({:?})", known.id.as_str())) else { return };
    suite.expect(account.username == known.username, || {
        format!("by_id({:?}): the user name is {:?} and not {:?}", known.id.as_str(), account.username, known.username)
    });
    let confirmed = account.email.as_ref().filter(|email| email.confirmed).map(|email| email.address.as_str());
    suite.expect(known.email.is_none() || confirmed == known.email.as_deref(), || {
        format!("by_id({:?}): the confirmed address is {confirmed:?} and not {:?}", known.id.as_str(), known.email)
    });
    let name = known.username.as_str();
    let again = suite.accounts.by_identifier(name).await.ok().flatten();
    suite.expect(again.as_ref() == Some(&account), || {
        format!("by_identifier({name:?}) and by_id({:?}) tell different things of one account", known.id.as_str())
    });
}

/// A name or an address is found in any case of letters, whole, and as it is.
async fn by_identifier(suite: &mut Suite, known: &KnownAccount, identifier: &str) {
    for spelling in [identifier.to_owned(), identifier.to_uppercase(), identifier.to_lowercase()] {
        let found = suite.accounts.by_identifier(&spelling).await;
        is_found(suite, found, known, &format!("by_identifier({spelling:?})"));
    }
    let part = identifier.get(..identifier.len() - 1).unwrap_or_default();
    let wildcard = format!("{}%", identifier.get(..1).unwrap_or_default());
    for other in [part.to_owned(), wildcard, format!("{identifier}x"), format!("{identifier}\0")] {
        let found = suite.accounts.by_identifier(&other).await;
        is_nobody(suite, found, &format!("by_identifier({other:?})"));
    }
}

async fn nobody(suite: &mut Suite, known: &[KnownAccount]) {
    let long = "x".repeat(10_000);
    let taken =
        |text: &str| known.iter().any(|known| known.id.as_str() == text || known.identifiers().any(|it| it == text));
    for text in NOBODY.iter().copied().chain([long.as_str()]).filter(|text| !taken(text)) {
        let shown: String = text.chars().take(20).collect();
        let found = suite.accounts.by_id(&AccountId::new(text)).await;
        is_nobody(suite, found, &format!("by_id({shown:?})"));
        let found = suite.accounts.by_identifier(text).await;
        is_nobody(suite, found, &format!("by_identifier({shown:?})"));
    }
    // A name is no key, and a key is no name.
    for account in known.iter().filter(|account| !taken_as_id(known, &account.username)) {
        let found = suite.accounts.by_id(&AccountId::new(account.username.as_str())).await;
        is_nobody(suite, found, &format!("by_id({:?}), which is a user name", account.username));
    }
}

fn taken_as_id(known: &[KnownAccount], text: &str) -> bool {
    known.iter().any(|known| known.id.as_str() == text)
}

/// Many questions at the same moment get each its own answer.
async fn at_once(suite: &mut Suite, known: &[KnownAccount]) {
    let accounts = suite.accounts.clone();
    let questions = known.iter().cycle().take(40).map(|known| {
        let accounts = accounts.clone();
        async move { (known, accounts.by_id(&known.id).await) }
    });
    for (known, found) in join_all(questions).await {
        is_found(suite, found, known, &format!("by_id({:?}) among 40 at the same moment", known.id.as_str()));
    }
}

pub(super) fn is_found(
    suite: &mut Suite,
    found: HostResult<Option<Account>>,
    known: &KnownAccount,
    asked: &str,
) -> Option<Account> {
    match found {
        Ok(Some(account)) if account.id == known.id => return Some(account),
        Ok(Some(account)) => suite.fault(format!("{asked}: found account {:?} and not {:?}", account.id, known.id)),
        Ok(None) => suite.fault(format!("{asked}: found nobody, and not account {:?}", known.id)),
        Err(error) => suite.fault(format!("{asked}: failed: {error}")),
    }
    None
}

pub(super) fn is_nobody(suite: &mut Suite, found: HostResult<Option<Account>>, asked: &str) {
    match found {
        Ok(None) => {}
        Ok(Some(account)) => suite.fault(format!("{asked}: found account {:?}, and it is nobody's", account.id)),
        Err(error) => suite.fault(format!("{asked}: failed, and \"nobody\" is the answer: {error}")),
    }
}
