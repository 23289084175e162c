//! Sample values for the pages of the people who run the server.

use lysand_auth::host::pages::{
    AccountRow, ActOnPage, AdminAccountPage, AdminAccountsPage, AdminActPage, AdminHomePage, AdminNewAccountPage,
    AdminRequestsPage, ChartOnPage, DayOnChart, EventOnPage, FieldOnPage, MomentOnPage, NetworkOnPage, RequestOnPage,
    RoleChoice, StaffFrame, StaffPlace,
};
use serde_json::Value;

use super::add;

type Samples = Vec<(&'static str, Value)>;

/// Each page full and empty.
pub(super) fn admin(text: &'static str, samples: &mut Samples) {
    for (waiting, mode) in [(3, "approval"), (0, "open"), (0, "invitation"), (0, "closed")] {
        let page = AdminHomePage {
            frame: frame(text, waiting),
            people: 120,
            stopped: 2,
            failed_mails: 1,
            failed: text.to_owned(),
            reaches_nobody: waiting > 0,
            mode,
            charts: charts(text),
        };
        add(samples, "admin_home.html", &page);
    }
    requests(text, samples);
    accounts(text, samples);
    account(text, samples);
    act(text, samples);
    new_account(text, samples);
}

fn charts(text: &'static str) -> Vec<ChartOnPage> {
    let day = |at: usize| DayOnChart { day: text.to_owned(), number: 7, x: at * 10, height: 50 * i64::from(at == 1) };
    vec![ChartOnPage { words: text, total: 14, most: 7, days: [0, 1].map(day).into() }]
}

pub(super) fn frame(text: &'static str, waiting: u64) -> StaffFrame<'static> {
    let place = |is_current| StaffPlace { link: text.to_owned(), words: text, count: waiting, is_current };
    let link = || text.to_owned();
    StaffFrame { username: text, places: vec![place(true), place(false)], requests: link(), waiting, accounts: link() }
}

pub(super) fn moment(text: &str) -> MomentOnPage {
    MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() }
}

fn requests(text: &'static str, samples: &mut Samples) {
    let request = |confirmed: bool| RequestOnPage {
        id: text.to_owned(),
        link: text.to_owned(),
        username: text.to_owned(),
        email: text.to_owned(),
        confirmed,
        reason: confirmed.then(|| text.to_owned()),
        network: confirmed.then(|| text.to_owned()),
        since: moment(text),
    };
    let page = |requests: Vec<RequestOnPage>, wrong: bool| AdminRequestsPage {
        frame: frame(text, 3),
        action: text.to_owned(),
        form_token: text.to_owned(),
        requests,
        notice: Some(text).filter(|_| !wrong),
        error: wrong.then(|| text.to_owned()),
        message: text.to_owned(),
    };
    add(samples, "admin_requests.html", &page(vec![request(true), request(false)], true));
    add(samples, "admin_requests.html", &page(Vec::new(), false));
}

fn row(text: &'static str, is_full: bool) -> AccountRow {
    AccountRow {
        link: text.to_owned(),
        username: text.to_owned(),
        display_name: if is_full { text.to_owned() } else { String::new() },
        email: if is_full { text.to_owned() } else { String::new() },
        state: text,
        role: if is_full { text } else { "user" },
        since: is_full.then(|| moment(text)),
        network: is_full.then(|| text.to_owned()),
    }
}

fn accounts(text: &'static str, samples: &mut Samples) {
    let page = |accounts: Vec<AccountRow>, state: &'static str, role: &'static str| {
        let is_full = !accounts.is_empty();
        AdminAccountsPage {
            frame: frame(text, 0),
            action: text,
            lang: is_full.then(|| text.to_owned()),
            searched: text.to_owned(),
            state,
            role,
            accounts,
            newer: is_full.then(|| text.to_owned()),
            older: is_full.then(|| text.to_owned()),
            make: is_full.then(|| text.to_owned()),
        }
    };
    add(samples, "admin_accounts.html", &page(vec![row(text, true), row(text, false)], "active", "user"));
    add(samples, "admin_accounts.html", &page(vec![row(text, true)], "pending", "moderator"));
    add(samples, "admin_accounts.html", &page(Vec::new(), "disabled", "admin"));
    add(samples, "admin_accounts.html", &page(Vec::new(), "suspended", ""));
}

fn account(text: &'static str, samples: &mut Samples) {
    let page = |is_full: bool| AdminAccountPage {
        frame: frame(text, 0),
        account: row(text, is_full),
        confirmed: !is_full,
        reason: is_full.then(|| text.to_owned()),
        inviter: is_full.then(|| text.to_owned()),
        places: is_full.then(|| NetworkOnPage { network: text.to_owned(), last: moment(text) }).into_iter().collect(),
        form_token: text.to_owned(),
        action: text.to_owned(),
        acts: match is_full {
            true => vec![
                ActOnPage { name: text, words: text, link: None },
                ActOnPage { name: text, words: text, link: Some(text.to_owned()) },
            ],
            false => Vec::new(),
        },
        events: [true, false]
            .into_iter()
            .filter(|_| is_full)
            .map(|by_staff| EventOnPage {
                what: text,
                at: moment(text),
                clock: text.to_owned(),
                network: by_staff.then(|| text.to_owned()),
                by_staff,
            })
            .collect(),
        all_events: text.to_owned(),
        invitations: text.to_owned(),
        notice: Some(text).filter(|_| !is_full),
        error: is_full.then(|| text.to_owned()),
    };
    add(samples, "admin_account.html", &page(true));
    add(samples, "admin_account.html", &page(false));
}

fn act(text: &'static str, samples: &mut Samples) {
    let page = |takes_message: bool, asks_password: bool, sign_in: Option<String>| AdminActPage {
        frame: frame(text, 1),
        action: text.to_owned(),
        form_token: text.to_owned(),
        username: text.to_owned(),
        words: text,
        what: text,
        takes_message,
        message: text.to_owned(),
        roles: match takes_message {
            true => Vec::new(),
            false => vec![RoleChoice { name: "user", chosen: true }, RoleChoice { name: "admin", chosen: false }],
        },
        asks_password,
        sign_in,
        error: asks_password.then(|| text.to_owned()),
        back: text.to_owned(),
    };
    add(samples, "admin_act.html", &page(true, true, None));
    add(samples, "admin_act.html", &page(false, false, None));
    add(samples, "admin_act.html", &page(true, false, Some(text.to_owned())));
}

fn new_account(text: &'static str, samples: &mut Samples) {
    let field = |is_wrong: bool| FieldOnPage {
        asked: true,
        required: true,
        value: text.to_owned(),
        error: is_wrong.then(|| text.to_owned()),
    };
    let page = |name_wrong: bool, email_wrong: bool, sign_in: Option<String>| AdminNewAccountPage {
        frame: frame(text, 0),
        action: text.to_owned(),
        form_token: text.to_owned(),
        username: field(name_wrong),
        email: field(email_wrong),
        roles: match email_wrong {
            true => vec![RoleChoice { name: "user", chosen: true }, RoleChoice { name: "admin", chosen: false }],
            false => Vec::new(),
        },
        sends: name_wrong,
        asks_password: email_wrong && sign_in.is_none(),
        sign_in,
        error: name_wrong.then(|| text.to_owned()),
        back: text.to_owned(),
    };
    add(samples, "admin_new_account.html", &page(false, false, None));
    add(samples, "admin_new_account.html", &page(true, true, None));
    add(samples, "admin_new_account.html", &page(false, true, Some(text.to_owned())));
}
