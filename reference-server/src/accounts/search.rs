//! Lists of accounts: searched, filtered and paged (people PPL-213).

use diesel::expression_methods::EscapeExpressionMethods as _;
use diesel::sql_types::Text;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, TextExpressionMethods};
use lysand_auth::error::Error;
use lysand_auth::host::accounts::{Account, AccountQuery, Page, Role, Standing};
use lysand_auth::on;
use lysand_auth::store::Conn;

use super::rows::{COLUMNS, Row, account, role_name, standing_name};

diesel::define_sql_function! {
    /// Text without capital letters.
    fn lower(text: Text) -> Text;
}

/// How many a page has where nobody says.
const PAGE: usize = 40;
/// How many it has at most.
const LARGEST: usize = 200;

/// What is looked for, as the statement has it.
struct Wanted {
    pattern: Option<String>,
    username: Option<Beginning>,
    display_name: Option<Beginning>,
    email: Option<Beginning>,
    standings: Vec<Standing>,
    roles: Vec<Role>,
    confirmed: Option<i16>,
    among: Option<Vec<String>>,
    older_than: Option<String>,
    newer_than: Option<String>,
}

impl Wanted {
    fn new(query: &AccountQuery) -> Self {
        let id = |id: &lysand_auth::host::accounts::AccountId| id.as_str().to_owned();
        Self {
            pattern: given(&query.text).map(|text| format!("%{}%", literal(text))),
            username: given(&query.username).map(beginning),
            display_name: given(&query.display_name).map(beginning),
            email: given(&query.email).map(beginning),
            standings: query.standings.clone(),
            roles: query.roles.clone(),
            confirmed: query.confirmed.map(i16::from),
            among: query.among.as_ref().map(|ids| ids.iter().map(id).collect()),
            older_than: query.older_than.as_ref().map(id),
            newer_than: query.newer_than.as_ref().map(id),
        }
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// How a text begins that is looked for: as a pattern, and as a range, which an index of SQLite answers. PostgreSQL makes a range
/// of the pattern itself where its collation is bytewise; in others a range would be another one.
struct Beginning {
    pattern: String,
    from: String,
    to: String,
}

fn beginning(text: &str) -> Beginning {
    let from = text.replace('\0', "\u{fffd}").to_lowercase();
    Beginning { pattern: format!("{}%", literal(text)), to: format!("{from}{}", char::MAX), from }
}

/// The text in a pattern: no character of it means anything else. Nothing that is kept has a null character.
fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.replace('\0', "\u{fffd}").to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// Narrows a statement to what is wanted; a macro, since the statement has another type on each database.
macro_rules! narrowed {
    ($query:expr, $wanted:expr, $bytewise:expr) => {{
        let (mut query, wanted) = ($query, $wanted);
        if let Some(pattern) = &wanted.pattern {
            let name = lower(account::display_name).like(pattern.clone()).escape('\\');
            let username = account::username.like(pattern.clone()).escape('\\');
            query = query.filter(
                username
                    .or(name)
                    .or(account::email_key.like(pattern.clone()).escape('\\'))
                    .or(account::unconfirmed_key.like(pattern.clone()).escape('\\')),
            );
        }
        if let Some(Beginning { pattern, from, to }) = &wanted.username {
            query = match $bytewise {
                true => query.filter(account::username.between(from.clone(), to.clone())),
                false => query.filter(account::username.like(pattern.clone()).escape('\\')),
            };
        }
        if let Some(Beginning { pattern, .. }) = &wanted.display_name {
            query = query.filter(lower(account::display_name).like(pattern.clone()).escape('\\'));
        }
        if let Some(Beginning { pattern, from, to }) = &wanted.email {
            query = match $bytewise {
                true => query.filter(
                    account::email_key
                        .between(from.clone(), to.clone())
                        .or(account::unconfirmed_key.between(from.clone(), to.clone())),
                ),
                false => query.filter(
                    account::email_key
                        .like(pattern.clone())
                        .escape('\\')
                        .or(account::unconfirmed_key.like(pattern.clone()).escape('\\')),
                ),
            };
        }
        if !wanted.standings.is_empty() {
            let words: Vec<&str> = wanted.standings.iter().copied().map(standing_name).collect();
            query = match wanted.standings.contains(&Standing::Disabled) {
                true => {
                    // A word that this version does not know means the same.
                    let known = [Standing::Active, Standing::Pending, Standing::Suspended, Standing::Disabled];
                    let known = known.map(standing_name);
                    query.filter(account::standing.eq_any(words).or(account::standing.ne_all(known)))
                }
                false => query.filter(account::standing.eq_any(words)),
            };
        }
        if !wanted.roles.is_empty() {
            let words: Vec<&str> = wanted.roles.iter().copied().map(role_name).collect();
            query = match wanted.roles.contains(&Role::Member) {
                true => {
                    let staff = [Role::Admin, Role::Moderator].map(role_name);
                    query.filter(account::role.eq_any(words).or(account::role.ne_all(staff)))
                }
                false => query.filter(account::role.eq_any(words)),
            };
        }
        if let Some(among) = &wanted.among {
            query = query.filter(account::id.eq_any(among.clone()));
        }
        if let Some(confirmed) = wanted.confirmed {
            query = query.filter(account::email_confirmed.eq(confirmed));
        }
        query
    }};
}

/// One page.
pub(super) async fn page(c: &mut Conn, query: AccountQuery) -> Result<Page<Account>, Error> {
    let wanted = Wanted::new(&query);
    let most = if query.limit == 0 { PAGE } else { query.limit.min(LARGEST) };
    let limit = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
    let is_upwards = query.nearest && wanted.newer_than.is_some();
    let bytewise = matches!(c, Conn::Sqlite(_));
    let mut rows: Vec<Row> = on!(c, c => {
        let mut statement = narrowed!(account::table.select(COLUMNS).into_boxed(), &wanted, bytewise);
        if let Some(id) = &wanted.older_than {
            statement = statement.filter(account::id.lt(id.clone()));
        }
        if let Some(id) = &wanted.newer_than {
            statement = statement.filter(account::id.gt(id.clone()));
        }
        statement = match is_upwards {
            true => statement.order(account::id.asc()),
            false => statement.order(account::id.desc()),
        };
        statement.limit(limit).load(c)
    })?;
    let has_more = rows.len() > most;
    rows.truncate(most);
    if is_upwards {
        rows.reverse();
    }
    Ok(Page::new(rows.into_iter().map(Row::into_account).collect(), has_more))
}

/// How many there are; pages do not count.
pub(super) async fn count(c: &mut Conn, query: AccountQuery) -> Result<u64, Error> {
    let wanted = Wanted::new(&query);
    let bytewise = matches!(c, Conn::Sqlite(_));
    let counted: i64 = on!(c, c => {
        let statement = narrowed!(account::table.count().into_boxed(), &wanted, bytewise);
        statement.get_result(c)
    })?;
    Ok(u64::try_from(counted).unwrap_or(0))
}
