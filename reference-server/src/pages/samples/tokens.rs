//! Sample values for the page of personal tokens.

use lysand_auth::host::pages::{
    Access, FieldOnPage, LifetimeOnPage, MadeTokenOnPage, MomentOnPage, Permission, ScopeOnPage, TokenOnPage,
    TokensPage,
};
use serde_json::Value;

use super::add;

fn scope(text: &'static str, is_common: bool, chosen: bool) -> ScopeOnPage {
    let permission = Permission {
        subject: text.to_owned(),
        access: Access::Read,
        meaning: text.to_owned(),
        clauses: vec![text],
        grave: chosen,
        takes_over: false,
    };
    ScopeOnPage { word: text, permission, is_common, chosen }
}

/// The page with a token that was just made, with mistakes, and for somebody who was not proven lately.
pub(super) fn tokens(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let words = vec![text.to_owned(), text.to_owned()];
    let token = |is_old: bool| TokenOnPage {
        id: text,
        name: text,
        scopes: &words,
        made: moment(),
        expires: (!is_old).then(moment),
        last_used: is_old.then(moment),
        networks: if is_old { vec![text.to_owned(), text.to_owned()] } else { Vec::new() },
    };
    let page = |wrong: bool, fresh: bool| {
        let field = || FieldOnPage {
            asked: true,
            required: true,
            value: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
        };
        let lifetime = |days| LifetimeOnPage { days, seconds: days * 86_400, chosen: days == 90 };
        TokensPage {
            action: text,
            form_token: text.to_owned(),
            username: text,
            tokens: vec![token(false), token(true)],
            made: Some(MadeTokenOnPage { name: text, value: text }).filter(|_| !wrong),
            may_make: true,
            fresh,
            scopes: vec![scope(text, true, false), scope(text, false, wrong)],
            scopes_error: wrong.then(|| text.to_owned()),
            name: field(),
            expires_in: field(),
            lifetimes: vec![lifetime(30), lifetime(90)],
            may_never_end: wrong,
            networks: field(),
            current_password: FieldOnPage { asked: !fresh, ..field() },
            confirm: text.to_owned(),
            notice: Some(text).filter(|_| !wrong),
            error: wrong.then(|| text.to_owned()),
            account: text.to_owned(),
        }
    };
    add(samples, "tokens.html", &page(false, true));
    add(samples, "tokens.html", &page(true, false));
    let none = TokensPage { tokens: Vec::new(), made: None, may_make: false, ..page(false, false) };
    add(samples, "tokens.html", &none);
}
