//! Sample values for the pages of the people who run the server about all but accounts.

use lysand_auth::host::pages::{
    AdminConfirmPage, AdminInvitationsPage, FieldOnPage, InvitationFields, InvitationOnPage, InvitationRow,
    NeighboursOnPage,
};
use serde_json::Value;

use super::add;
use super::admin::{frame, moment};

type Samples = Vec<(&'static str, Value)>;

/// Each page full, empty and with mistakes.
pub(super) fn admin_lists(text: &'static str, samples: &mut Samples) {
    invitations(text, samples);
    confirm(text, samples);
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
        subject: text.to_owned(),
        asks_password,
        sign_in,
        error: asks_password.then(|| text.to_owned()),
        back: text.to_owned(),
    };
    add(samples, "admin_confirm.html", &page(true, None));
    add(samples, "admin_confirm.html", &page(false, None));
    add(samples, "admin_confirm.html", &page(false, Some(text.to_owned())));
}
