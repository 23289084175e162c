//! Sample values for the pages of passwords.

use lysand_auth::host::pages::{
    ActivityOnPage, ActivityPage, AddressPage, ConfirmIdentityPage, EmailPage, FieldOnPage, ForgotPage, LanguageOnPage,
    MomentOnPage, PasswordPage, ProfilePage, ResetPage,
};
use serde_json::Value;

use super::{add, app};

/// The pages of passwords, in each of their shapes.
pub(super) fn recovery(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let field = |wrong: bool| FieldOnPage {
        asked: true,
        required: true,
        value: text.to_owned(),
        error: wrong.then(|| text.to_owned()),
    };
    let forgot = |wrong| ForgotPage {
        action: text.to_owned(),
        form_token: text.to_owned(),
        app: Some(app(text)),
        identifier: field(wrong),
        notice: None,
        sign_in: text.to_owned(),
    };
    add(samples, "forgot.html", &forgot(false));
    add(samples, "forgot.html", &ForgotPage { app: None, ..forgot(true) });
    add(samples, "forgot.html", &ForgotPage { action: String::new(), notice: Some(text), ..forgot(false) });
    let reset = |wrong| ResetPage {
        action: text,
        form_token: text.to_owned(),
        token: text,
        username: text,
        demanded: wrong,
        password: field(wrong),
        error: Some(text).filter(|_| wrong),
    };
    add(samples, "reset.html", &reset(false));
    add(samples, "reset.html", &reset(true));
    let password = |exists, fresh, wrong| PasswordPage {
        action: text,
        form_token: text.to_owned(),
        username: text,
        exists,
        fresh,
        current_password: FieldOnPage { asked: exists, ..field(wrong) },
        password: field(wrong),
        offers_apps: wrong,
        notice: Some(text).filter(|_| !wrong),
        error: Some(text).filter(|_| wrong),
        account: text.to_owned(),
    };
    for (exists, fresh, wrong) in [(true, true, false), (true, false, true), (false, true, false), (false, false, true)]
    {
        add(samples, "password.html", &password(exists, fresh, wrong));
    }
    profile(text, samples);
    activity(text, samples);
    addresses(text, samples);
    confirming(text, samples);
}

/// The page of the profile: as it was saved, with mistakes, and where the host keeps nothing but one of both.
fn profile(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let language = |chosen| LanguageOnPage { tag: text.to_owned(), name: text.to_owned(), chosen };
    let page = |wrong: bool, asks_language: bool| ProfilePage {
        action: text,
        form_token: text.to_owned(),
        username: text,
        display_name: FieldOnPage {
            asked: wrong || asks_language,
            required: false,
            value: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
        },
        asks_language,
        languages: vec![language(!wrong), language(false)],
        language_error: wrong.then(|| text.to_owned()),
        notice: Some(text).filter(|_| !wrong),
        error: Some(text).filter(|_| wrong),
        account: text.to_owned(),
    };
    for (wrong, asks_language) in [(false, true), (true, true), (true, false)] {
        add(samples, "profile.html", &page(wrong, asks_language));
    }
}

/// The page of what happened to an account.
fn activity(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let done = |whole: bool, count| ActivityOnPage {
        what: text,
        count,
        at: MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() },
        clock: text.to_owned(),
        app: whole.then(|| text.to_owned()),
        network: whole.then(|| text.to_owned()),
        browser: whole.then(|| text.to_owned()),
        system: whole.then(|| text.to_owned()),
        by: whole.then_some(text),
    };
    let page = |activity: Vec<ActivityOnPage>, password: bool| ActivityPage {
        username: text,
        activity,
        password: password.then(|| text.to_owned()),
        account: text.to_owned(),
    };
    add(samples, "activity.html", &page(vec![done(true, 1), done(false, 1), done(true, 3)], true));
    add(samples, "activity.html", &page(Vec::new(), false));
}

/// The page where somebody confirms that it is them.
fn confirming(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (asked, wrong) in [(true, false), (true, true), (false, false)] {
        let page = ConfirmIdentityPage {
            action: text,
            form_token: text.to_owned(),
            then: text,
            username: text,
            current_password: FieldOnPage {
                asked,
                required: true,
                value: text.to_owned(),
                error: wrong.then(|| text.to_owned()),
            },
            otp: FieldOnPage {
                asked: wrong,
                required: true,
                value: String::new(),
                error: wrong.then(|| text.to_owned()),
            },
            error: wrong.then_some(text),
            sign_in: text.to_owned(),
            account: text.to_owned(),
        };
        add(samples, "confirm_identity.html", &page);
    }
}

/// The pages of addresses, in each of their shapes.
fn addresses(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let field = |asked: bool, wrong: bool| FieldOnPage {
        asked,
        required: true,
        value: text.to_owned(),
        error: wrong.then(|| text.to_owned()),
    };
    let page = |pending: bool, wrong: bool, confirms: bool| EmailPage {
        action: text,
        form_token: text.to_owned(),
        username: text,
        email: Some(text).filter(|_| !confirms),
        confirmed: pending,
        pending: Some(text).filter(|_| pending),
        undo_until: pending.then(moment),
        new_email: field(true, wrong),
        current_password: field(wrong, wrong),
        confirm: confirms.then(|| text.to_owned()),
        may_give_up_old: pending,
        code: field(pending, wrong),
        notice: Some(text).filter(|_| !wrong),
        error: wrong.then(|| text.to_owned()),
        account: text.to_owned(),
    };
    for (pending, wrong, confirms) in
        [(false, false, false), (true, false, false), (true, true, false), (false, false, true)]
    {
        add(samples, "email.html", &page(pending, wrong, confirms));
    }
    for asks in ["confirm", "stop", "undo"] {
        let page = AddressPage {
            asks,
            action: text,
            form_token: text.to_owned(),
            token: text,
            username: text,
            old: Some(text).filter(|_| asks != "confirm"),
            new: text,
            day: moment(),
        };
        add(samples, "address.html", &page);
    }
}
