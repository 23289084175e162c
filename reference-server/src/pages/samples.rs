//! Sample values for every template: what the start-up check and the tests render.

mod about;
mod accounts;
mod admin;
mod admin_lists;
mod admin_settings;
mod api_docs;
mod common;
mod devices;
mod factors;
mod invitations;
mod leaving;
mod people;
mod recovery;
mod sign_ins;
mod tokens;

use lysand_auth::host::pages::{
    Access, AppOnPage, AuthorizedAppOnPage, AuthorizedApplicationsPage, CodePage, ConfirmLinkPage, ConsentPage,
    CurrentAccount, Destination, EndAppsOnPage, ErrorPage, FormPostPage, LinkOnPage, LongListOnPage, MomentOnPage,
    PasskeyOnPage, Permission, ProviderOnPage, SignInPage,
};
use serde_json::Value;

use self::common::{account, add, app};
use super::contexts::{
    AccountPage, Actions, DemoOffer, DemoPage, FieldErrors, HomePage, Identity, LanguageChoice, Links, Message, Notice,
    NoticeKind, Parameter, PublicProfilePage, SetupPage, Step,
};

/// Every template but the frame, in each of its shapes, with `text` for every text from outside.
pub(super) fn all(text: &'static str) -> Vec<(&'static str, Value)> {
    let mut samples = Vec::new();
    sign_in(text, &mut samples);
    accounts::accounts(text, &mut samples);
    consent(text, &mut samples);
    devices::devices(text, &mut samples);
    add(&mut samples, "code.html", &CodePage { code: text });
    confirm_link(text, &mut samples);
    form_post(text, &mut samples);
    authorized_applications(text, &mut samples);
    trouble(text, &mut samples);
    people::sign_up(text, &mut samples);
    recovery::recovery(text, &mut samples);
    invitations::invitations(text, &mut samples);
    admin::admin(text, &mut samples);
    admin_settings::settings(text, &mut samples);
    admin_lists::admin_lists(text, &mut samples);
    sign_ins::sign_ins(text, &mut samples);
    tokens::tokens(text, &mut samples);
    leaving::leaving(text, &mut samples);
    factors::factors(text, &mut samples);
    setup(text, &mut samples);
    home(text, &mut samples);
    about::about(text, &mut samples);
    api_docs::api_docs(text, &mut samples);
    your_account(text, &mut samples);
    add(&mut samples, "demo.html", &demo(text));
    add(
        &mut samples,
        "public_profile.html",
        &PublicProfilePage { account: account(text), host: text, home: text.to_owned() },
    );
    samples
}

fn sign_in(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let provider = |icon| ProviderOnPage { name: text, icon, start: text.to_owned() };
    let page = |current, password| SignInPage {
        action: text.to_owned(),
        form_token: text.to_owned(),
        app: Some(app(text)),
        error: Some(text.to_owned()),
        typed: Some(text.to_owned()),
        current,
        password,
        passkey: Some(PasskeyOnPage {
            action: text.to_owned(),
            options: text.to_owned(),
            unknown: Some(text.to_owned()),
        }),
        email_code: Some(text.to_owned()),
        providers: vec![provider(Some(text)), provider(None)],
        sign_up: Some(text.to_owned()),
        forgot: Some(text.to_owned()),
    };
    add(samples, "sign_in.html", &page(None, true));
    for continue_action in [Some(text.to_owned()), None] {
        add(samples, "sign_in.html", &page(Some(CurrentAccount { account: account(text), continue_action }), true));
    }
    add(samples, "sign_in.html", &SignInPage { error: None, typed: None, ..page(None, false) });
    add(
        samples,
        "sign_in.html",
        &SignInPage {
            passkey: None,
            email_code: None,
            providers: Vec::new(),
            sign_up: None,
            forgot: None,
            ..page(None, false)
        },
    );
}

fn confirm_link(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    for (password, takes_password) in [(true, true), (true, false), (false, true)] {
        let page = ConfirmLinkPage {
            action: text,
            form_token: text.to_owned(),
            flow_id: text,
            provider: text,
            label: Some(text).filter(|_| password),
            account: account(text),
            password,
            takes_password,
            cancel: text.to_owned(),
            error: Some(text.to_owned()).filter(|_| takes_password),
        };
        add(samples, "confirm_link.html", &page);
    }
}

fn consent(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let row = |access| Permission {
        subject: text.into(),
        access,
        meaning: text.into(),
        clauses: vec![text],
        grave: access == Access::ReadWrite,
        takes_over: true,
    };
    for destination in [
        Destination::Site(text.to_owned()),
        Destination::Unprotected(text.to_owned()),
        Destination::ThisDevice(text.to_owned()),
        Destination::Scheme(text.to_owned()),
        Destination::Copy,
    ] {
        add(
            samples,
            "consent.html",
            &ConsentPage {
                notice: matches!(destination, Destination::Copy).then_some(text),
                allow_action: text.to_owned(),
                deny_action: text.to_owned(),
                code: text,
                client_id: text,
                redirect_uri: text,
                form_token: text.to_owned(),
                app: app(text),
                account: account(text),
                switch_account: text.to_owned(),
                destination,
                permissions: vec![row(Access::Read), row(Access::Write), row(Access::ReadWrite)],
                links: vec![LinkOnPage::new(text, text), LinkOnPage::new(text, text)],
                signal: None,
            },
        );
    }
}

fn form_post(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    add(samples, "form_post.html", &FormPostPage { action: text, fields: &[(text, text)] });
}

fn authorized_applications(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let row = |access| Permission {
        subject: text.into(),
        access,
        meaning: text.into(),
        clauses: vec![text],
        grave: access == Access::ReadWrite,
        takes_over: true,
    };
    let granted = |app, last_used, remove_action| AuthorizedAppOnPage {
        app,
        permissions: vec![row(Access::Read), row(Access::Write), row(Access::ReadWrite)],
        authorized: moment(),
        last_used,
        remove_action,
    };
    let list = |number| LongListOnPage {
        search_action: text,
        lang: Some(text.to_owned()),
        searched: text.to_owned(),
        number,
        count: 2,
        previous: (number == 2).then(|| text.to_owned()),
        next: (number == 1).then(|| text.to_owned()),
        all: Some(text.to_owned()),
    };
    let page = |apps, list| AuthorizedApplicationsPage {
        account: account(text),
        notice: Some(text),
        apps,
        list,
        form_token: text.to_owned(),
        end: Some(EndAppsOnPage { unused: text.to_owned(), all: text.to_owned(), lang: Some(text.to_owned()) }),
        home: text.to_owned(),
    };
    let apps = vec![
        granted(app(text), Some(moment()), Some(text.to_owned())),
        granted(AppOnPage { name: text, website: None, website_host: None }, None, None),
    ];
    let many = (0..5).map(|_| granted(app(text), None, Some(text.to_owned()))).collect();
    let one = || vec![granted(app(text), None, Some(text.to_owned()))];
    for (apps, list) in [
        (apps, None),
        (many, None),
        (Vec::new(), None),
        (one(), Some(list(1))),
        (one(), Some(list(2))),
        (Vec::new(), Some(list(1))),
    ] {
        add(samples, "authorized_applications.html", &page(apps, list));
    }
}

fn trouble(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let page = ErrorPage {
        status: 400,
        title: text,
        message: text,
        error: text,
        error_description: text,
        start_over: Some(text.to_owned()),
        app: Some(LinkOnPage::new(text, text)),
    };
    add(samples, "trouble.html", &page);
    add(samples, "trouble.html", &ErrorPage { error: "", error_description: "", start_over: None, app: None, ..page });
}

fn setup(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let page =
        |errors| SetupPage { action: text, token: text, username: text, email: text, host: text, error: None, errors };
    let fault = || Some(text.to_owned());
    let all = FieldErrors { username: fault(), email: fault(), password: fault(), confirmation: fault() };
    add(samples, "setup.html", &page(all));
    add(samples, "setup.html", &SetupPage { error: fault(), ..page(FieldErrors::default()) });
}

fn home(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let page = |account, demo| HomePage {
        description: text,
        describes_itself: true,
        notices: vec![Notice { kind: NoticeKind::Good, text }, Notice { kind: NoticeKind::Bad, text }],
        account,
        sign_out_action: text.to_owned(),
        account_page: text.to_owned(),
        sign_in_page: text.to_owned(),
        authorized_applications: text.to_owned(),
        form_token: text.to_owned(),
        host: text,
        demo,
        software: text,
        contact_email: text,
    };
    add(samples, "home.html", &page(Some(account(text)), Some(DemoOffer { action: text.to_owned() })));
    add(samples, "home.html", &HomePage { describes_itself: false, ..page(None, None) });
}

fn your_account(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let identity = |label| Identity { id: text, name: text, label };
    let page = |fresh: bool, has_more: bool| AccountPage {
        mail_refused: fresh.then(|| MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() }),
        notices: vec![Notice { kind: NoticeKind::Good, text }],
        account: Some(account(text)),
        form_token: text.to_owned(),
        linked: vec![identity(Some(text)), identity(None)],
        offered: vec![identity(None)],
        languages: vec![
            LanguageChoice { tag: text, name: text, chosen: fresh },
            LanguageChoice { tag: text, name: text, chosen: false },
        ],
        actions: Actions { link: text.to_owned(), unlink: text.to_owned(), language: text.to_owned() },
        links: Links {
            profile: text.to_owned(),
            invitations: has_more.then(|| text.to_owned()),
            tokens: has_more.then(|| text.to_owned()),
            apps: text.to_owned(),
            password: has_more.then(|| text.to_owned()),
            security: text.to_owned(),
            email: text.to_owned(),
            sessions: text.to_owned(),
            activity: text.to_owned(),
            export: text.to_owned(),
            close: text.to_owned(),
            confirm: text.to_owned(),
            home: text.to_owned(),
            admin: has_more.then(|| text.to_owned()),
        },
        fresh,
    };
    for (fresh, has_more) in [(true, true), (false, true), (false, false)] {
        add(samples, "account.html", &page(fresh, has_more));
    }
    add(samples, "account.html", &AccountPage { linked: Vec::new(), ..page(true, true) });
    add(samples, "account.html", &AccountPage { account: None, ..page(false, false) });
}

fn demo(text: &'static str) -> DemoPage<'static> {
    let message =
        || Message { text: text.to_owned(), note: Some(text), parameters: vec![Parameter::new(text, text, text)] };
    DemoPage {
        heading: text,
        summary: text,
        trouble: Some(text.to_owned()),
        account: Some(account(text)),
        steps: vec![Step {
            number: 1,
            title: text,
            explanation: text,
            request: Some(message()),
            answer: Some(message()),
        }],
        again: text.to_owned(),
        home: text.to_owned(),
        form_token: text.to_owned(),
    }
}
