//! The accounts that were signed in to with one browser, the one used last first (factors section 13). A browser keeps the list; it
//! names sessions and signs nobody in.

use crate::model::account::AccountId;
use crate::model::session::{ListedAccount, SessionId};

/// The list once somebody has signed in, or goes on as this account: it comes first, and the one unused longest makes room.
pub(crate) fn with_first(list: &[ListedAccount], first: ListedAccount, most: usize) -> Vec<ListedAccount> {
    let others = list.iter().filter(|listed| listed.account != first.account).cloned();
    std::iter::once(first.clone()).chain(others).take(most).collect()
}

/// What a session that begins for an account does to those of its browser: the one whose place it takes, and others that end. The
/// session of another account stays, unless it is one too many (FAC-124).
pub(crate) fn making_room(
    (current, list): (Option<&SessionId>, &[ListedAccount]),
    account: &AccountId,
    most: usize,
) -> (Option<SessionId>, Vec<ListedAccount>) {
    let is_listed = |session: &SessionId| list.iter().any(|listed| listed.session == *session);
    // One that nobody knows the account of ends, as the only one of a browser does.
    let unlisted = current.filter(|session| most <= 1 || !is_listed(session)).cloned();
    if most <= 1 {
        return (unlisted, Vec::new());
    }
    let (mut own, others): (Vec<_>, Vec<_>) = list.iter().cloned().partition(|listed| listed.account == *account);
    let replaced = unlisted.or_else(|| (!own.is_empty()).then(|| own.remove(0).session));
    (replaced, own.into_iter().chain(others.into_iter().skip(most - 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> ListedAccount {
        ListedAccount::new(AccountId::new(name), SessionId::new(format!("of {name}")))
    }

    fn names(list: &[ListedAccount]) -> Vec<&str> {
        list.iter().map(|listed| listed.account.as_str()).collect()
    }

    #[test]
    fn browser_has_so_many_accounts_and_the_one_unused_longest_makes_room() {
        let list = ["ada", "bob", "eve"].map(listed);
        assert_eq!(names(&with_first(&list, listed("bob"), 3)), ["bob", "ada", "eve"]);
        assert_eq!(names(&with_first(&list, listed("grace"), 3)), ["grace", "ada", "bob"]);
        assert_eq!(names(&with_first(&list, listed("grace"), 1)), ["grace"]);
    }

    #[test]
    fn session_takes_the_place_of_the_one_of_its_account_alone() {
        let list = ["ada", "bob", "eve"].map(listed);
        let of = |name: &str| SessionId::new(format!("of {name}"));
        let room = |current: &str, account: &str, most| {
            making_room((Some(&of(current)), &list), &AccountId::new(account), most)
        };
        assert_eq!(room("ada", "bob", 5), (Some(of("bob")), vec![]));
        assert_eq!(room("ada", "ada", 5), (Some(of("ada")), vec![]));
        assert_eq!(room("ada", "grace", 5), (None, vec![]));
        assert_eq!(room("ada", "grace", 3), (None, vec![listed("eve")]));
        assert_eq!(room("ada", "grace", 1), (Some(of("ada")), vec![]));
        assert_eq!(room("nobody", "grace", 5), (Some(of("nobody")), vec![]));
    }
}
