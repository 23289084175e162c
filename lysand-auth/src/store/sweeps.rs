//! Clean-up: a reader finds what is over, page by page, and short writes delete it by its key. It never removes what is needed
//! to recognise a replay (security DUR-6, ONE-5, faults F4).

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl};

use super::conn::Conn;
use super::schema::{
    auth_app, auth_authorization, auth_family, auth_known_browser, auth_mail, auth_mail_token, auth_refresh_token,
    auth_session, auth_sso_flow, auth_throttle, auth_token,
};
use crate::ambient::Timestamp;
use crate::error::Error;
use crate::on;

/// What is swept, each by an index of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Codes that nobody used, or whose token has ended.
    Authorizations,
    ExpiredTokens,
    RevokedTokens,
    ExpiredFamilies,
    EndedFamilies,
    /// Families whose last refresh token has expired.
    IdleFamilies,
    ExpiredSessions,
    EndedSessions,
    SsoFlows,
    /// Counters of windows that are over.
    Throttles,
    /// Browsers that were not seen for long.
    KnownBrowsers,
    /// Mails of the outbox that were sent, given up or cancelled.
    Mails,
    /// Tokens of mails whose time is over, by when they were made.
    MailTokens,
    /// Apps that nobody ever approved and that never had a token.
    UnusedApps,
}

/// The condition of the index that finds unused apps, in its words.
const UNUSED: &str = "NOT (auth_app.approved OR auth_app.had_own_token)";

/// A row, and its place in the order in which rows are looked at. The parts of a key that a table has not are empty.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    time: i64,
    text: String,
    bytes: Vec<u8>,
}

impl Row {
    /// Before all rows.
    pub(crate) fn first() -> Self {
        Self { time: i64::MIN, text: String::new(), bytes: Vec::new() }
    }
}

/// A page of rows.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that may be deleted.
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins; nothing after the last page.
    pub(crate) last: Option<Row>,
}

/// The first `page` rows after `after` whose time is before `before`, by a text that is their key.
macro_rules! by_text {
    ($conn:expr, $table:ident, $time:expr, $place:literal, $before:expr, $after:expr, $page:expr) => {{
        use $table as t;
        let rows: Vec<(i64, String)> = on!($conn, c => t::table
            .filter($time.lt($before))
            .filter(sql::<Bool>($place)
                .bind::<BigInt, _>($after.time)
                .sql(", ")
                .bind::<Text, _>(&$after.text)
                .sql(")"))
            .order(($time, t::id))
            .select(($time, t::id))
            .limit($page)
            .load(c))?;
        rows.into_iter().map(|(time, text)| Row { time, text, bytes: Vec::new() }).collect::<Vec<_>>()
    }};
}

/// A page of what was over before `before`, after the row `after`.
pub(crate) async fn find(
    conn: &mut Conn,
    kind: Kind,
    before: Timestamp,
    after: Row,
    page: i64,
) -> Result<Found, Error> {
    let before = before.micros();
    let rows = match kind {
        Kind::Authorizations => return authorizations(conn, before, after, page).await,
        Kind::Throttles => throttles(conn, before, after, page).await?,
        Kind::ExpiredTokens => {
            let time = auth_token::expires_at.assume_not_null();
            by_text!(conn, auth_token, time, "(auth_token.expires_at, auth_token.id) > (", before, after, page)
        }
        Kind::RevokedTokens => {
            let time = auth_token::revoked_at.assume_not_null();
            by_text!(conn, auth_token, time, "(auth_token.revoked_at, auth_token.id) > (", before, after, page)
        }
        Kind::ExpiredFamilies => {
            let time = auth_family::expires_at;
            by_text!(conn, auth_family, time, "(auth_family.expires_at, auth_family.id) > (", before, after, page)
        }
        Kind::EndedFamilies => {
            let time = auth_family::ended_at.assume_not_null();
            by_text!(conn, auth_family, time, "(auth_family.ended_at, auth_family.id) > (", before, after, page)
        }
        Kind::IdleFamilies => {
            let time = auth_family::rotated_at;
            by_text!(conn, auth_family, time, "(auth_family.rotated_at, auth_family.id) > (", before, after, page)
        }
        Kind::ExpiredSessions => {
            let time = auth_session::expires_at;
            by_text!(conn, auth_session, time, "(auth_session.expires_at, auth_session.id) > (", before, after, page)
        }
        Kind::EndedSessions => {
            let time = auth_session::ended_at.assume_not_null();
            by_text!(conn, auth_session, time, "(auth_session.ended_at, auth_session.id) > (", before, after, page)
        }
        Kind::KnownBrowsers => known_browsers(conn, before, after, page).await?,
        Kind::Mails | Kind::MailTokens => of_mail(conn, kind, before, after, page).await?,
        Kind::UnusedApps => unused_apps(conn, before, after, page).await?,
        Kind::SsoFlows => {
            let time = auth_sso_flow::expires_at;
            by_text!(conn, auth_sso_flow, time, "(auth_sso_flow.expires_at, auth_sso_flow.id) > (", before, after, page)
        }
    };
    let last = rows.last().cloned();
    Ok(Found { rows, last })
}

/// Codes that ended; those that bought something that still lives are looked at and left.
async fn authorizations(conn: &mut Conn, before: i64, after: Row, page: i64) -> Result<Found, Error> {
    use auth_authorization as a;
    type Ended = (i64, Vec<u8>, Option<String>, Option<String>);
    let ended: Vec<Ended> = on!(conn, c => a::table
        .filter(a::expires_at.lt(before))
        .filter(sql::<Bool>("(auth_authorization.expires_at, auth_authorization.code_digest) > (")
            .bind::<BigInt, _>(after.time)
            .sql(", ")
            .bind::<Binary, _>(&after.bytes)
            .sql(")"))
        .order((a::expires_at, a::code_digest))
        .select((a::expires_at, a::code_digest, a::token_id, a::family_id))
        .limit(page)
        .load(c))?;
    let tokens: Vec<&String> = ended.iter().filter_map(|(_, _, token, _)| token.as_ref()).collect();
    let live_tokens: Vec<String> = on!(conn, c => auth_token::table
        .filter(auth_token::id.eq_any(&tokens))
        .filter(auth_token::revoked_at.is_null())
        .select(auth_token::id)
        .load(c))?;
    let families: Vec<&String> = ended.iter().filter_map(|(_, _, _, family)| family.as_ref()).collect();
    let live_families: Vec<String> = on!(conn, c => auth_family::table
        .filter(auth_family::id.eq_any(&families))
        .filter(auth_family::ended_at.is_null())
        .select(auth_family::id)
        .load(c))?;
    let live: std::collections::HashSet<String> = live_tokens.into_iter().chain(live_families).collect();
    let mut found = Found::default();
    for (time, bytes, token, family) in ended {
        let row = Row { time, text: String::new(), bytes };
        found.last = Some(row.clone());
        if ![token, family].iter().flatten().any(|bought| live.contains(bought)) {
            found.rows.push(row);
        }
    }
    Ok(found)
}

async fn known_browsers(conn: &mut Conn, before: i64, after: Row, page: i64) -> Result<Vec<Row>, Error> {
    let time = auth_known_browser::last_at;
    Ok(by_text!(
        conn,
        auth_known_browser,
        time,
        "(auth_known_browser.last_at, auth_known_browser.id) > (",
        before,
        after,
        page
    ))
}

/// Mails that ended, or tokens of mails.
async fn of_mail(conn: &mut Conn, kind: Kind, before: i64, after: Row, page: i64) -> Result<Vec<Row>, Error> {
    if kind == Kind::Mails {
        let time = auth_mail::ended_at.assume_not_null();
        Ok(by_text!(conn, auth_mail, time, "(auth_mail.ended_at, auth_mail.id) > (", before, after, page))
    } else {
        let time = auth_mail_token::created_at;
        Ok(by_text!(
            conn,
            auth_mail_token,
            time,
            "(auth_mail_token.created_at, auth_mail_token.id) > (",
            before,
            after,
            page
        ))
    }
}

async fn unused_apps(conn: &mut Conn, before: i64, after: Row, page: i64) -> Result<Vec<Row>, Error> {
    use auth_app as t;
    let rows: Vec<(i64, String)> = on!(conn, c => t::table
        .filter(sql::<Bool>(UNUSED))
        .filter(t::created_at.lt(before))
        .filter(sql::<Bool>("(auth_app.created_at, auth_app.id) > (")
            .bind::<BigInt, _>(after.time)
            .sql(", ")
            .bind::<Text, _>(&after.text)
            .sql(")"))
        .order((t::created_at, t::id))
        .select((t::created_at, t::id))
        .limit(page)
        .load(c))?;
    Ok(rows.into_iter().map(|(time, text)| Row { time, text, bytes: Vec::new() }).collect())
}

async fn throttles(conn: &mut Conn, before: i64, after: Row, page: i64) -> Result<Vec<Row>, Error> {
    use auth_throttle as t;
    let rows: Vec<(i64, String, Vec<u8>)> = on!(conn, c => t::table
        .filter(t::window_start.lt(before))
        .filter(sql::<Bool>("(auth_throttle.window_start, auth_throttle.rule, auth_throttle.subject) > (")
            .bind::<BigInt, _>(after.time)
            .sql(", ")
            .bind::<Text, _>(&after.text)
            .sql(", ")
            .bind::<Binary, _>(&after.bytes)
            .sql(")"))
        .order((t::window_start, t::rule, t::subject))
        .select((t::window_start, t::rule, t::subject))
        .limit(page)
        .load(c))?;
    Ok(rows.into_iter().map(|(time, text, bytes)| Row { time, text, bytes }).collect())
}

/// Deletes these rows, and says how many there still were. What was counted anew meanwhile stays.
pub(crate) async fn delete(conn: &mut Conn, kind: Kind, before: Timestamp, rows: Vec<Row>) -> Result<usize, Error> {
    use {auth_authorization as a, auth_family as f, auth_session as s, auth_sso_flow as o, auth_token as k};
    let texts: Vec<&String> = rows.iter().map(|row| &row.text).collect();
    let bytes: Vec<&Vec<u8>> = rows.iter().map(|row| &row.bytes).collect();
    Ok(match kind {
        Kind::Authorizations => {
            on!(conn, c => diesel::delete(a::table.filter(a::code_digest.eq_any(&bytes))).execute(c))?
        }
        Kind::ExpiredTokens | Kind::RevokedTokens => {
            on!(conn, c => diesel::delete(k::table.filter(k::id.eq_any(&texts))).execute(c))?
        }
        Kind::ExpiredFamilies | Kind::EndedFamilies | Kind::IdleFamilies => {
            on!(conn, c => diesel::delete(f::table.filter(f::id.eq_any(&texts))).execute(c))?
        }
        Kind::ExpiredSessions | Kind::EndedSessions => {
            on!(conn, c => diesel::delete(s::table.filter(s::id.eq_any(&texts))).execute(c))?
        }
        Kind::SsoFlows => on!(conn, c => diesel::delete(o::table.filter(o::id.eq_any(&texts))).execute(c))?,
        Kind::KnownBrowsers => {
            use auth_known_browser as b;
            let unseen = b::id.eq_any(&texts).and(b::last_at.lt(before.micros()));
            on!(conn, c => diesel::delete(b::table.filter(unseen)).execute(c))?
        }
        Kind::Mails => {
            use auth_mail as m;
            let ended = m::id.eq_any(&texts).and(m::ended_at.lt(before.micros()));
            on!(conn, c => diesel::delete(m::table.filter(ended)).execute(c))?
        }
        Kind::MailTokens => {
            use auth_mail_token as m;
            let over = m::expires_at.is_null().or(m::expires_at.lt(before.micros()));
            on!(conn, c => diesel::delete(m::table.filter(m::id.eq_any(&texts)).filter(over)).execute(c))?
        }
        Kind::UnusedApps => {
            use auth_app as p;
            on!(conn, c => diesel::delete(p::table.filter(p::id.eq_any(&texts)).filter(sql::<Bool>(UNUSED))).execute(c))?
        }
        Kind::Throttles => {
            use auth_throttle as t;
            let mut deleted = 0;
            for rule in texts.iter().collect::<std::collections::BTreeSet<_>>() {
                let of_rule: Vec<&Vec<u8>> =
                    rows.iter().filter(|row| row.text == **rule).map(|row| &row.bytes).collect();
                deleted += on!(conn, c => diesel::delete(t::table
                    .filter(t::rule.eq(rule))
                    .filter(t::subject.eq_any(&of_rule))
                    .filter(t::window_start.lt(before.micros())))
                    .execute(c))?;
            }
            deleted
        }
    })
}

/// Some of the refresh tokens of these families: they go before their family, which would take all of them at once.
pub(crate) async fn refresh_tokens(conn: &mut Conn, families: Vec<Row>, page: i64) -> Result<Vec<Vec<u8>>, Error> {
    use auth_refresh_token as r;
    let ids: Vec<&String> = families.iter().map(|row| &row.text).collect();
    Ok(on!(conn, c => r::table.filter(r::family_id.eq_any(&ids)).select(r::digest).limit(page).load(c))?)
}

/// Deletes these refresh tokens.
pub(crate) async fn delete_refresh_tokens(conn: &mut Conn, digests: Vec<Vec<u8>>) -> Result<usize, Error> {
    use auth_refresh_token as r;
    Ok(on!(conn, c => diesel::delete(r::table.filter(r::digest.eq_any(&digests))).execute(c))?)
}
