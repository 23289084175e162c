//! Whose password is right (security ID-1).

use std::time::{Duration, Instant};

use super::finding::{is_found, is_nobody};
use super::suite::{KnownAccount, Suite};
use crate::secret::Secret;

/// How often durations are measured; the shortest counts, since whatever disturbs makes it longer.
const FEWEST_ROUNDS: usize = 3;
/// How often, as long as they differ.
const MOST_ROUNDS: usize = 30;
/// An answer about nobody that takes less than this part of the time for a wrong password tells that there is nobody.
const TELLING: f64 = 0.5;
/// Durations below this say nothing: the host hashes with parameters for tests.
const MEASURABLE: Duration = Duration::from_millis(1);

pub(super) async fn check(suite: &mut Suite, known: &[KnownAccount]) {
    for account in known {
        match &account.password {
            Some(password) => with_password(suite, known, account, password).await,
            None => without_password(suite, account).await,
        }
    }
    unknown(suite, known).await;
    takes_as_long(suite, known).await;
}

async fn with_password(suite: &mut Suite, known: &[KnownAccount], account: &KnownAccount, password: &Secret) {
    for identifier in account.identifiers() {
        for spelling in [identifier.to_owned(), identifier.to_uppercase()] {
            let found = suite.accounts.check_password(&spelling, password).await;
            is_found(suite, found, account, &format!("check_password({spelling:?}, the right one)"));
        }
    }
    let others = known.iter().filter(|other| other.id != account.id).filter_map(|other| other.password.clone());
    for wrong in near(password.expose()).chain(others) {
        let found = suite.accounts.check_password(&account.username, &wrong).await;
        is_nobody(suite, found, &format!("check_password({:?}, {})", account.username, kind_of(&wrong, password)));
    }
    has_password(suite, account, true).await;
}

/// Passwords that are not this one, however near.
fn near(right: &str) -> impl Iterator<Item = Secret> {
    let swapped: String =
        right.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    let cut: String = right.chars().take(right.chars().count() - 1).collect();
    let long = format!("{right}{}", "x".repeat(1_024 - right.len().min(1_024)));
    [
        String::new(),
        " ".into(),
        swapped,
        cut,
        format!("{right} "),
        format!(" {right}"),
        format!("{right}\0"),
        long,
        "%".into(),
    ]
    .into_iter()
    .map(Secret::new)
}

/// What a wrong password has in common with the right one. Neither is printed: a host's test may run on real data.
fn kind_of(wrong: &Secret, right: &Secret) -> String {
    let (wrong, right) = (wrong.expose(), right.expose());
    match wrong {
        "" => "the empty password".into(),
        _ if wrong.eq_ignore_ascii_case(right) => "the right one in another case of letters".into(),
        _ if wrong.trim() == right => "the right one with a blank".into(),
        _ if right.starts_with(wrong) => "the beginning of the right one".into(),
        _ if wrong.starts_with(right) => format!("the right one and {} bytes more", wrong.len() - right.len()),
        _ => "another account's, or nobody's".into(),
    }
}

async fn without_password(suite: &mut Suite, account: &KnownAccount) {
    for wrong in ["", " ", "null", "password", account.username.as_str()] {
        let found = suite.accounts.check_password(&account.username, &Secret::new(wrong)).await;
        is_nobody(
            suite,
            found,
            &format!("check_password({:?}, {wrong:?}), an account without a password", account.username),
        );
    }
    has_password(suite, account, false).await;
}

/// A host that does not tell says no, which is safe.
async fn has_password(suite: &mut Suite, account: &KnownAccount, has: bool) {
    match suite.accounts.has_password(&account.id).await {
        Ok(told) => suite
            .expect(!told || has, || format!("has_password({:?}): yes, and the account has none", account.id.as_str())),
        Err(error) => suite.fault(format!("has_password({:?}): failed: {error}", account.id.as_str())),
    }
}

async fn unknown(suite: &mut Suite, known: &[KnownAccount]) {
    let passwords = known.iter().filter_map(|known| known.password.clone()).chain([Secret::new("")]);
    for password in passwords {
        for name in ["nobody-has-this", "", "a\0b"] {
            let found = suite.accounts.check_password(name, &password).await;
            is_nobody(suite, found, &format!("check_password({name:?}, somebody's password)"));
        }
    }
}

/// A wrong password and an unknown name take the same work, or strangers learn who has an account here.
async fn takes_as_long(suite: &mut Suite, known: &[KnownAccount]) {
    let Some(account) = known.iter().find(|known| known.password.is_some()) else { return };
    let without = known.iter().find(|known| known.password.is_none()).map(|known| known.username.as_str());
    for (name, who) in [(Some("nobody-has-this"), "nobody"), (without, "an account without a password")] {
        let Some(name) = name else { continue };
        let (mut wrong, mut taken) = (Duration::MAX, Duration::MAX);
        for round in 0..MOST_ROUNDS {
            // In turns, so that a busy machine disturbs both.
            wrong = wrong.min(duration(suite, &account.username).await);
            taken = taken.min(duration(suite, name).await);
            let is_telling = wrong >= MEASURABLE && taken.as_secs_f64() < wrong.as_secs_f64() * TELLING;
            if !is_telling && round >= FEWEST_ROUNDS {
                break;
            }
            if round + 1 == MOST_ROUNDS {
                let times = format!("{taken:?} for {who} and {wrong:?} for a wrong password");
                suite.fault(format!("check_password takes {times}: strangers can tell (ID-1)"));
            }
        }
    }
}

async fn duration(suite: &Suite, name: &str) -> Duration {
    #[allow(clippy::disallowed_methods, reason = "how long the host takes is what is measured")]
    let began = Instant::now();
    let _ = suite.accounts.check_password(name, &Secret::new("not the password")).await;
    began.elapsed()
}
