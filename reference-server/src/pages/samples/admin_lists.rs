//! Sample values for the pages of the people who run the server about all but accounts.

use lysand_auth::host::pages::{
    AdminAppPage, AdminAppsPage, AdminBlocksPage, AdminConfirmPage, AdminEventsPage, AdminInvitationsPage,
    AdminMailPage, AdminMailsPage, AppRow, BlockFields, BlockRow, ChoiceOnPage, EventFields, EventRow, FieldOnPage,
    InvitationFields, InvitationOnPage, InvitationRow, MailRow, NeighboursOnPage, SubjectOnPage,
};
use serde_json::Value;

use super::add;
use super::admin::{frame, moment};

type Samples = Vec<(&'static str, Value)>;

/// Each page full, empty and with mistakes.
pub(super) fn admin_lists(text: &'static str, samples: &mut Samples) {
    invitations(text, samples);
    apps(text, samples);
    mails(text, samples);
    events(text, samples);
    confirm(text, samples);
    blocks(text, samples);
}

fn neighbours(text: &'static str, are_there: bool) -> NeighboursOnPage {
    let link = || are_there.then(|| text.to_owned());
    NeighboursOnPage { newer: link(), older: link() }
}

fn invitation(text: &'static str, state: &'static str, is_full: bool) -> InvitationRow<'static> {
    InvitationRow {
        invitation: InvitationOnPage {
            id: text,
            link: (!is_full).then(|| text.to_owned()),
            email: is_full.then_some(text),
            comment: is_full.then_some(text),
            uses: 2,
            max_uses: is_full.then_some(3),
            made: moment(text),
            expires: is_full.then(|| moment(text)),
            state,
        },
        maker: is_full.then_some(text),
        account: is_full.then(|| text.to_owned()),
        others: is_full.then(|| text.to_owned()),
        skips_review: is_full,
        may_end: !is_full,
    }
}

fn invitations(text: &'static str, samples: &mut Samples) {
    let page = |is_full: bool, wrong: bool| {
        let field = || FieldOnPage {
            asked: true,
            required: false,
            value: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
        };
        let states = ["usable", "used_up", "expired", "ended"].into_iter().zip([false, true, true, false]);
        AdminInvitationsPage {
            frame: frame(text, 1),
            action: text.to_owned(),
            form_token: text.to_owned(),
            maker: is_full.then(|| text.to_owned()),
            all: is_full.then(|| text.to_owned()),
            end_all: is_full.then(|| text.to_owned()),
            invitations: match (is_full, wrong) {
                (true, _) => states.map(|(state, is_full)| invitation(text, state, is_full)).collect(),
                (false, true) => vec![invitation(text, "usable", true)],
                (false, false) => Vec::new(),
            },
            neighbours: neighbours(text, is_full),
            may_make: is_full || wrong,
            fields: InvitationFields { max_uses: field(), expires_in: field(), comment: field(), email: field() },
            skips_review: is_full,
            notice: Some(text).filter(|_| !wrong),
            error: wrong.then(|| text.to_owned()),
        }
    };
    add(samples, "admin_invitations.html", &page(true, false));
    add(samples, "admin_invitations.html", &page(false, true));
    add(samples, "admin_invitations.html", &page(false, false));
}

fn confirm(text: &'static str, samples: &mut Samples) {
    let page = |asks_password: bool, sign_in: Option<String>| AdminConfirmPage {
        frame: frame(text, 0),
        action: text.to_owned(),
        form_token: text.to_owned(),
        words: text,
        what: text,
        subject: if asks_password { String::new() } else { text.to_owned() },
        formats: match asks_password {
            true => vec![choice(text, true), choice(text, false)],
            false => Vec::new(),
        },
        asks_password,
        sign_in,
        error: asks_password.then(|| text.to_owned()),
        back: text.to_owned(),
    };
    add(samples, "admin_confirm.html", &page(true, None));
    add(samples, "admin_confirm.html", &page(false, None));
    add(samples, "admin_confirm.html", &page(false, Some(text.to_owned())));
}

const fn choice(text: &'static str, chosen: bool) -> ChoiceOnPage {
    ChoiceOnPage { name: text, words: text, chosen }
}

fn app_row(text: &'static str, is_full: bool) -> AppRow<'static> {
    AppRow {
        link: text.to_owned(),
        name: text,
        website: is_full.then_some(text),
        website_host: is_full.then(|| text.to_owned()),
        first_party: !is_full,
        public: is_full,
        since: moment(text),
        network: is_full.then_some(text),
        live_tokens: 4,
        people: 3,
        has_more: is_full,
        last_used: is_full.then(|| moment(text)),
    }
}

fn apps(text: &'static str, samples: &mut Samples) {
    let page = |is_full: bool| AdminAppsPage {
        frame: frame(text, 0),
        action: text,
        lang: is_full.then(|| text.to_owned()),
        searched: text.to_owned(),
        apps: [true, false].into_iter().filter(|_| is_full).map(|is_full| app_row(text, is_full)).collect(),
        neighbours: neighbours(text, is_full),
        notice: is_full.then_some(text),
    };
    add(samples, "admin_apps.html", &page(true));
    add(samples, "admin_apps.html", &page(false));
    let page = |app: AppRow<'static>, may_remove: bool| AdminAppPage {
        frame: frame(text, 0),
        app,
        redirect_uris: vec![text, text],
        scopes: vec![text.to_owned(), text.to_owned()],
        remove: may_remove.then(|| text.to_owned()),
        back: text.to_owned(),
    };
    add(samples, "admin_app.html", &page(app_row(text, true), true));
    add(samples, "admin_app.html", &page(app_row(text, false), false));
    let with_secret = AppRow { first_party: false, ..app_row(text, false) };
    add(samples, "admin_app.html", &page(with_secret, false));
}

fn mail_row(text: &'static str, state: &'static str) -> MailRow<'static> {
    MailRow {
        link: text.to_owned(),
        what: text,
        address: text,
        state,
        state_words: text,
        tries: if state == "waiting" { 2 } else { 1 },
        made: moment(text),
        clock: text.to_owned(),
        reply: (state != "cancelled").then_some(text),
    }
}

fn mails(text: &'static str, samples: &mut Samples) {
    let page = |is_full: bool, is_admin: bool| AdminMailsPage {
        frame: frame(text, 0),
        action: text,
        lang: is_full.then(|| text.to_owned()),
        states: vec![choice(text, true), choice(text, false)],
        mails: match is_full {
            true => ["waiting", "failed", "sent", "cancelled"].map(|state| mail_row(text, state)).into(),
            false => Vec::new(),
        },
        neighbours: neighbours(text, is_full),
        reaches_nobody: !is_full,
        test_action: is_admin.then(|| text.to_owned()),
        form_token: text.to_owned(),
        test_to: is_full.then_some(text),
        error: (!is_full).then(|| text.to_owned()),
    };
    add(samples, "admin_mails.html", &page(true, true));
    add(samples, "admin_mails.html", &page(false, true));
    add(samples, "admin_mails.html", &page(true, false));
    let page = |state: &'static str, is_wrong: bool| {
        let act = || (state == "waiting").then(|| text.to_owned());
        AdminMailPage {
            frame: frame(text, 0),
            mail: mail_row(text, state),
            account: act(),
            next: (state == "waiting").then(|| (moment(text), text.to_owned())),
            ended: (state != "waiting").then(|| (moment(text), text.to_owned())),
            retry: act(),
            form_token: text.to_owned(),
            cancel: act(),
            notice: (!is_wrong).then_some(text),
            error: is_wrong.then(|| text.to_owned()),
            back: text.to_owned(),
        }
    };
    add(samples, "admin_mail.html", &page("waiting", true));
    add(samples, "admin_mail.html", &page("cancelled", false));
}

fn events(text: &'static str, samples: &mut Samples) {
    let subject = |words: bool, link: bool| SubjectOnPage {
        name: text.to_owned(),
        words: words.then_some(text),
        link: link.then(|| text.to_owned()),
    };
    let event = |number: usize| EventRow {
        what: text.to_owned(),
        refused: number == 0,
        at: moment(text),
        clock: text.to_owned(),
        by: subject(number == 0, number == 1),
        target: (number > 0).then(|| subject(number.is_multiple_of(2), number < 3)),
        app: (number > 2).then(|| subject(false, number == 3)),
        network: (number > 1).then(|| text.to_owned()),
        device: (number > 1).then(|| text.to_owned()),
        details: vec![(text.to_owned(), text.to_owned()); number.min(2)],
    };
    let page = |is_full: bool| {
        let field = || FieldOnPage {
            asked: true,
            required: false,
            value: text.to_owned(),
            error: (!is_full).then(|| text.to_owned()),
        };
        AdminEventsPage {
            frame: frame(text, 0),
            action: text,
            lang: is_full.then(|| text.to_owned()),
            kinds: vec![choice(text, true), choice(text, false)],
            outcomes: vec![choice(text, true), choice(text, false)],
            fields: EventFields { actor: field(), target: field(), network: field(), since: field(), until: field() },
            is_narrow: !is_full,
            events: (0..5).filter(|_| is_full).map(event).collect(),
            neighbours: neighbours(text, is_full),
            export: is_full.then(|| text.to_owned()),
        }
    };
    add(samples, "admin_events.html", &page(true));
    add(samples, "admin_events.html", &page(false));
}

fn blocks(text: &'static str, samples: &mut Samples) {
    let row = |is_full: bool| BlockRow {
        id: text.to_owned(),
        subject: text.to_owned(),
        severity: is_full.then_some(text),
        comment: if is_full { text.to_owned() } else { String::new() },
        made: moment(text),
        expires: is_full.then(|| moment(text)),
    };
    let page = |of_domains: bool, is_full: bool, wrong: bool| {
        let field = || FieldOnPage {
            asked: true,
            required: false,
            value: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
        };
        AdminBlocksPage {
            frame: frame(text, 0),
            action: text.to_owned(),
            form_token: text.to_owned(),
            of_domains,
            others: text.to_owned(),
            blocks: if is_full { vec![row(true), row(false)] } else { Vec::new() },
            neighbours: neighbours(text, is_full),
            fields: BlockFields {
                ip: field(),
                severities: [true, false].map(|chosen| ChoiceOnPage { name: "no_access", words: text, chosen }).into(),
                comment: field(),
                expires_in: field(),
                domain: field(),
            },
            notice: is_full.then_some(text),
            error: wrong.then(|| text.to_owned()),
        }
    };
    for of_domains in [false, true] {
        add(samples, "admin_blocks.html", &page(of_domains, true, false));
        add(samples, "admin_blocks.html", &page(of_domains, false, true));
        add(samples, "admin_blocks.html", &page(of_domains, false, false));
    }
}
