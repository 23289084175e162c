//! Sample values for the pages of second factors.

use lysand_auth::host::pages::{
    EmailCodePage, EnrolPage, FactorOnPage, FactorPage, FieldOnPage, HostFactorOnPage, MomentOnPage, OtherWay,
    OtherWayInOnPage, OwnPasskey, PasskeyPage, PasskeySignalOnPage, RecoveryCodesPage, ReviewPage, SecurityPage,
    SignUpPasskeyPage, TotpPage, WaitingSignIn, WayBackOnPage, WayBackPage,
};
use serde_json::Value;

use super::add;
use super::common::{account, app};

/// Each page in its shapes.
pub(super) fn factors(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    step(text, samples);
    host_step(text, samples);
    own(text, samples);
    email_code(text, samples);
    enrol(text, samples);
    review(text, samples);
    way_back(text, samples);
    set_up(text, samples);
}

/// What is set up, without a mistake and with one.
fn set_up(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let sign_in = || WaitingSignIn { pending: text, enrol: text.to_owned(), cancel_action: text.to_owned() };
    for wrong in [false, true] {
        let error = || wrong.then(|| text.to_owned());
        let page = TotpPage {
            action: text.to_owned(),
            form_token: text.to_owned(),
            setup_id: text,
            username: text,
            qr_code: "<svg width=\"1\" height=\"1\"></svg>",
            address: text,
            groups: vec![text, text],
            code: FieldOnPage { asked: true, required: true, value: String::new(), error: error() },
            name: FieldOnPage { asked: true, required: false, value: text.to_owned(), error: error() },
            error: wrong.then_some(text),
            security: (!wrong).then(|| text.to_owned()),
            sign_in: wrong.then(sign_in),
        };
        add(samples, "totp.html", &page);
        let page = PasskeyPage {
            action: text.to_owned(),
            form_token: text.to_owned(),
            setup_id: text,
            options: text,
            username: text,
            name: FieldOnPage { asked: true, required: false, value: text.to_owned(), error: error() },
            asks_two_step: !wrong,
            error: wrong.then_some(text),
            security: (!wrong).then(|| text.to_owned()),
            sign_in: wrong.then(sign_in),
        };
        add(samples, "passkey.html", &page);
        let page = SignUpPasskeyPage {
            action: text.to_owned(),
            form_token: text.to_owned(),
            setup_id: text,
            options: text,
            username: text,
            fields: vec![("username", text), ("email", text)],
            error: wrong.then_some(text),
            back: text.to_owned(),
        };
        add(samples, "register_passkey.html", &page);
        let page = RecoveryCodesPage {
            codes: vec![text, text],
            username: text,
            notice: wrong.then_some(text),
            download_action: (!wrong).then(|| text.to_owned()),
            form_token: text.to_owned(),
            next: text.to_owned(),
            pending: wrong.then_some(text),
            lang: wrong.then(|| text.to_owned()),
        };
        add(samples, "recovery_codes.html", &page);
    }
}

/// The step of a sign-in, for each kind of proof, and for who can give none.
fn step(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let ways = ["passkey", "totp", "password", "email", "recovery"];
    for method in ways.into_iter().chain([""]) {
        let other = |method: &&'static str| OtherWay {
            method,
            address: text.to_owned(),
            name: (method == &"email").then(|| text.to_owned()),
        };
        let page = FactorPage {
            method,
            action: text.to_owned(),
            form_token: text.to_owned(),
            pending: text,
            app: (method != "recovery").then(|| app(text)),
            account: account(text),
            others: ways.iter().filter(|way| **way != method && !method.is_empty()).map(other).collect(),
            host: None,
            options: if method == "passkey" { text.to_owned() } else { String::new() },
            masked_email: text.to_owned(),
            sent: method == "email",
            request_action: text.to_owned(),
            error: (method != "email").then_some(text),
            cancel_action: text.to_owned(),
            may_be_trusted: !matches!(method, "" | "recovery"),
            way_back: (method == "totp").then(|| text.to_owned()),
        };
        add(samples, "factor.html", &page);
    }
}

/// The step of a sign-in that asks for a factor of the host's own: not begun, begun, begun by itself, with nothing to type.
fn host_step(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (begun, sends, types) in [(false, true, true), (true, true, true), (true, false, true), (true, true, false)] {
        let host = HostFactorOnPage {
            name: text.to_owned(),
            description: text.to_owned(),
            text: begun.then(|| text.to_owned()),
            field: types.then(|| text.to_owned()),
            state: text.to_owned(),
            start_action: sends.then(|| text.to_owned()),
        };
        let page = FactorPage {
            method: "sms",
            action: text.to_owned(),
            form_token: text.to_owned(),
            pending: text,
            app: None,
            account: account(text),
            others: Vec::new(),
            host: Some(host),
            options: String::new(),
            masked_email: String::new(),
            sent: false,
            request_action: text.to_owned(),
            error: sends.then_some(text),
            may_be_trusted: begun,
            way_back: None,
            cancel_action: text.to_owned(),
        };
        add(samples, "factor.html", &page);
    }
}

/// Signing in with a code by mail: for whom, and the code.
fn email_code(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (is_asked, has_error) in [(false, false), (false, true), (true, false), (true, true)] {
        let value = if has_error { text.to_owned() } else { String::new() };
        let page = EmailCodePage {
            action: text.to_owned(),
            form_token: text.to_owned(),
            pending: is_asked.then_some(text),
            app: is_asked.then(|| app(text)),
            identifier: FieldOnPage { asked: !is_asked, required: true, value, error: None },
            error: has_error.then_some(text),
            notice: is_asked.then_some(text),
            again: if is_asked { text.to_owned() } else { String::new() },
            sign_in: text.to_owned(),
        };
        add(samples, "email_code.html", &page);
    }
}

/// The step of a sign-in that has a factor set up: both kinds, one of them, one that is there already.
fn enrol(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let action = |there: bool| there.then(|| text.to_owned());
    for (passkey, totp, has_factor, later) in
        [(true, true, false, true), (true, false, false, false), (false, true, false, false), (true, true, true, false)]
    {
        let page = EnrolPage {
            form_token: text.to_owned(),
            pending: text,
            app: later.then(|| app(text)),
            account: account(text),
            passkey_action: action(passkey),
            totp_action: action(totp),
            two_step_action: action(has_factor),
            later_until: later.then(moment),
            for_app: false,
            later_action: text.to_owned(),
            error: totp.then_some(text),
            cancel_action: text.to_owned(),
        };
        add(samples, "enrol.html", &page);
    }
}

fn request(text: &'static str) -> WayBackOnPage {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    WayBackOnPage { asked: moment(), ripe: moment(), until: moment() }
}

/// The pages of whoever lost all second factors: each stage, with a request and without one.
fn way_back(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (stage, has_request) in [
        ("ask", false),
        ("ask", true),
        ("code", false),
        ("code", true),
        ("wait", true),
        ("paused", false),
        ("claim", true),
        ("stop", true),
        ("stopped", false),
    ] {
        let is_of_sign_in = !stage.starts_with("stop");
        let page = WayBackPage {
            stage,
            action: text.to_owned(),
            form_token: text.to_owned(),
            pending: is_of_sign_in.then_some(text),
            code: text,
            token: text,
            app: is_of_sign_in.then(|| app(text)),
            username: text,
            request_action: text.to_owned(),
            masked_email: text.to_owned(),
            days: 7,
            request: has_request.then(|| request(text)),
            paused_until: (stage == "paused").then(|| MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() }),
            error: (is_of_sign_in && !has_request).then_some(text),
            back: text.to_owned(),
            forgot: (stage == "stopped").then(|| text.to_owned()),
        };
        add(samples, "way_back.html", &page);
    }
}

/// The step of a sign-in that asks what of the other ways in stays: all kinds, and one alone.
fn review(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let way = |kind, is_used: bool| OtherWayInOnPage {
        id: text,
        kind,
        name: text,
        label: (kind == "provider").then_some(text),
        made: moment(),
        last_used: is_used.then(moment),
    };
    for is_whole in [true, false] {
        let kinds: &[&'static str] = if is_whole { &["passkey", "totp", "provider"] } else { &["passkey"] };
        let page = ReviewPage {
            action: text.to_owned(),
            form_token: text.to_owned(),
            pending: text,
            app: is_whole.then(|| app(text)),
            account: account(text),
            ways: kinds.iter().map(|kind| way(*kind, is_whole && *kind != "provider")).collect(),
            error: is_whole.then_some(text),
            cancel_action: text.to_owned(),
        };
        add(samples, "review.html", &page);
    }
}

/// The page of the own factors: on, off, and for somebody who was not proven lately.
fn own(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let app = |is_used: bool| FactorOnPage {
        id: text,
        name: text,
        made: moment(),
        last_used: is_used.then(moment),
        rename_action: text.to_owned(),
        remove_action: text.to_owned(),
    };
    let passkey =
        |factor, number| OwnPasskey { factor, can_be_synced: number > 0, synced: number > 1, copied: number > 2 };
    for (apps, two_step, fresh) in [(4, true, true), (1, false, true), (0, false, true), (2, true, false)] {
        let page = SecurityPage {
            form_token: text.to_owned(),
            username: text,
            two_step,
            passkeys: (1..apps).map(|number| passkey(app(true), number)).collect(),
            add_passkey_action: fresh.then(|| text.to_owned()),
            apps: (0..apps).map(|number| app(number == 0)).collect(),
            add_action: (apps < 2).then(|| text.to_owned()),
            email: apps == 1,
            email_action: text.to_owned(),
            two_step_action: text.to_owned(),
            recovery_action: text.to_owned(),
            recovery_left: 7,
            fresh,
            confirm: text.to_owned(),
            notice: two_step.then_some(text),
            error: (!two_step).then(|| text.to_owned()),
            account: text.to_owned(),
            only_passkeys: apps == 4,
            only_passkeys_action: text.to_owned(),
            signal: two_step.then(|| PasskeySignalOnPage {
                rp_id: text.to_owned(),
                user: text.to_owned(),
                credentials: text.to_owned(),
                name: text.to_owned(),
                display_name: text.to_owned(),
            }),
            way_back: (apps == 4).then(|| request(text)),
            way_back_action: text.to_owned(),
        };
        add(samples, "security.html", &page);
    }
}
