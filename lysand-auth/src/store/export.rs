//! All that is kept about an account, for its owner: no digest, no secret, no code is even read (people PPL-125).

use diesel::{ExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::{auth_email_change, auth_known_browser, auth_mail};
use super::{
    events, factors, grants, identities, invitations, native_sign_ins, passkeys, personal_tokens, sessions, sign_ups,
    trusted_browsers, way_back,
};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::event::Event;
use crate::model::identity::LinkedIdentity;
use crate::model::list_page::RowSpan;
use crate::model::native::NativeSignIn;
use crate::model::passkeys::StoredPasskey;
use crate::model::personal_token::PersonalToken;
use crate::model::session::Session;
use crate::model::sign_up::{Invitation, SignUpRecord};
use crate::model::trusted_browser::TrustedBrowser;
use crate::model::way_back::WayBack;
use crate::on;

/// How much of what can be many is given.
const MOST: i64 = 10_000;

/// What is kept.
pub(crate) struct Kept {
    pub(crate) sign_up: Option<SignUpRecord>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) native: Vec<NativeSignIn>,
    pub(crate) browsers: Vec<(Timestamp, Timestamp)>,
    pub(crate) trusted: Vec<TrustedBrowser>,
    pub(crate) ways_back: Vec<WayBack>,
    pub(crate) grants: Vec<grants::Grant>,
    pub(crate) apps: Vec<App>,
    pub(crate) personal_tokens: Vec<PersonalToken>,
    pub(crate) identities: Vec<LinkedIdentity>,
    pub(crate) factors: Vec<factors::NamedFactor>,
    pub(crate) passkeys: Vec<StoredPasskey>,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) events: Vec<Event>,
    pub(crate) mails: Vec<SentMail>,
}

/// A change of the address.
pub(crate) struct Address {
    pub(crate) old: Option<String>,
    pub(crate) new: String,
    pub(crate) asked_at: Timestamp,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) undo_until: Option<Timestamp>,
}

/// A mail.
pub(crate) struct SentMail {
    pub(crate) kind: String,
    pub(crate) address: String,
    pub(crate) state: String,
    pub(crate) made_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// Reads it.
pub(crate) async fn of_account(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<Kept, Error> {
    let everything = RowSpan { after: String::new(), before: None, oldest_first: false, most: MOST };
    let (grants, apps) = grants::all(conn, account, now).await?;
    Ok(Kept {
        sign_up: sign_ups::of_account(conn, account).await?,
        addresses: addresses(conn, account).await?,
        sessions: sessions::live_of_account(conn, account, now).await?,
        native: native_sign_ins::live_of_account(conn, account, now).await?,
        browsers: browsers(conn, account).await?,
        trusted: trusted_browsers::kept(conn, account).await?,
        ways_back: way_back::since(conn, account, Timestamp::from_micros(0)).await?,
        grants,
        apps,
        personal_tokens: personal_tokens::some(conn, account, &everything, now).await?,
        identities: identities::of_account(conn, account).await?,
        factors: factors::names(conn, account).await?,
        passkeys: passkeys::of_account(conn, account).await?,
        invitations: invitations::list(conn, Some(account), MOST).await?,
        events: events::of_account(conn, account, Timestamp::from_micros(0), MOST).await?,
        mails: mails(conn, account).await?,
    })
}

/// Changes of the address, the newest first.
async fn addresses(conn: &mut Conn, account: &AccountId) -> Result<Vec<Address>, Error> {
    use auth_email_change as table;
    type Row = (Option<String>, String, i64, Option<i64>, Option<i64>);
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::created_at.desc(), table::id.desc()))
        .select((table::old_address, table::new_address, table::created_at, table::confirmed_at, table::undo_until))
        .limit(MOST)
        .load(c))?;
    let address = |(old, new, asked_at, confirmed_at, undo_until): Row| Address {
        old,
        new,
        asked_at: Timestamp::from_micros(asked_at),
        confirmed_at: confirmed_at.map(Timestamp::from_micros),
        undo_until: undo_until.map(Timestamp::from_micros),
    };
    Ok(rows.into_iter().map(address).collect())
}

/// When the browsers that the account knows were first and last there.
async fn browsers(conn: &mut Conn, account: &AccountId) -> Result<Vec<(Timestamp, Timestamp)>, Error> {
    use auth_known_browser as table;
    let rows: Vec<(i64, i64)> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::last_at.desc(), table::id.desc()))
        .select((table::first_at, table::last_at))
        .load(c))?;
    let times = |(first, last)| (Timestamp::from_micros(first), Timestamp::from_micros(last));
    Ok(rows.into_iter().map(times).collect())
}

/// The mails, the newest first.
async fn mails(conn: &mut Conn, account: &AccountId) -> Result<Vec<SentMail>, Error> {
    use auth_mail as table;
    type Row = (String, String, String, i64, Option<i64>);
    let rows: Vec<Row> = on!(conn, c => table::table
        .filter(table::account_id.eq(account.as_str()))
        .order((table::created_at.desc(), table::id.desc()))
        .select((table::kind, table::address, table::state, table::created_at, table::ended_at))
        .limit(MOST)
        .load(c))?;
    let mail = |(kind, address, state, made_at, ended_at): Row| SentMail {
        kind,
        address,
        state,
        made_at: Timestamp::from_micros(made_at),
        ended_at: ended_at.map(Timestamp::from_micros),
    };
    Ok(rows.into_iter().map(mail).collect())
}
