//! Sample values for the pages of what acts for an account, and of its end.

use lysand_auth::host::pages::{
    AccessOnPage, AccountOnPage, EndAppsPage, EndEverythingPage, MomentOnPage, SessionOnPage, SessionsPage,
    SignOutPage, TokenRow, TrustedOnPage,
};
use serde_json::Value;

use super::{add, app};

/// The pages in each of their shapes.
pub(super) fn sign_ins(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    sessions(text, samples);
    sign_out(text, samples);
    for (wrong, tokens) in [(false, 0), (true, 2)] {
        let page = EndEverythingPage {
            action: text,
            form_token: text.to_owned(),
            username: text,
            sessions: 3,
            apps: 5,
            tokens,
            error: wrong.then_some(text),
            cancel: text.to_owned(),
        };
        add(samples, "end_everything.html", &page);
    }
    for (unused_for, number) in [(Some(90), 2), (Some(30), 0), (None, 1), (None, 0)] {
        let page = EndAppsPage {
            action: text,
            form_token: text.to_owned(),
            username: text,
            unused_for,
            apps: (0..number).map(|_| app(text)).collect(),
            error: (number == 1).then_some(text),
            cancel: text.to_owned(),
        };
        add(samples, "end_apps.html", &page);
    }
}

fn sign_out(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (has_app, broken, at_once) in [(true, false, false), (true, false, true), (false, true, false)] {
        let page = SignOutPage {
            action: text,
            form_token: text.to_owned(),
            fields: vec![(text.to_owned(), text.to_owned())],
            account: AccountOnPage { username: text, display_name: text },
            app: has_app.then(|| app(text)),
            destination: at_once.then(|| text.to_owned()),
            broken,
            at_once,
            error: broken.then_some(text),
            cancel: text.to_owned(),
        };
        add(samples, "sign_out.html", &page);
    }
}

fn sessions(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let session = |current: bool, is_known: bool| SessionOnPage {
        id: text.to_owned(),
        current,
        browser: text.to_owned(),
        system: is_known.then(|| text.to_owned()),
        network: is_known.then(|| text.to_owned()),
        since: moment(),
        last_used: moment(),
        last_used_clock: "21:04".to_owned(),
    };
    let access = |may_end: bool| AccessOnPage {
        id: text,
        app: app(text),
        since: moment(),
        last_used: may_end.then(moment),
        may_end,
    };
    let token = |is_used: bool| TokenRow {
        id: text.to_owned(),
        name: text.to_owned(),
        since: moment(),
        last_used: is_used.then(moment),
    };
    let trusted = |is_known: bool| TrustedOnPage {
        id: text.to_owned(),
        browser: text.to_owned(),
        system: is_known.then(|| text.to_owned()),
        since: moment(),
        last_used: is_known.then(moment),
        until: moment(),
    };
    let page = |wrong: bool| SessionsPage {
        action: text,
        form_token: text.to_owned(),
        username: text,
        sessions: vec![session(true, true), session(false, true), session(false, false)],
        has_more: wrong,
        apps: vec![access(true), access(false)],
        tokens: vec![token(true), token(false)],
        apps_page: text.to_owned(),
        end_everything: text.to_owned(),
        notice: (!wrong).then_some(text),
        error: wrong.then_some(text),
        account: text.to_owned(),
        trusted: vec![trusted(true), trusted(false)],
    };
    add(samples, "sessions.html", &page(false));
    add(samples, "sessions.html", &page(true));
    let alone = SessionsPage {
        sessions: vec![session(true, true)],
        apps: Vec::new(),
        tokens: Vec::new(),
        trusted: Vec::new(),
        ..page(false)
    };
    add(samples, "sessions.html", &alone);
}
