//! Sample values for the page of invitations.

use lysand_auth::host::pages::{FieldOnPage, InvitationFields, InvitationOnPage, InvitationsPage, MomentOnPage};
use serde_json::Value;

use super::add;

/// The page with all that an invitation can be, with mistakes, and for an account that is too young.
pub(super) fn invitations(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let moment = || MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() };
    let made = |state: &'static str, is_mailed: bool| InvitationOnPage {
        id: text,
        link: (!is_mailed).then(|| text.to_owned()),
        email: is_mailed.then_some(text),
        comment: is_mailed.then_some(text),
        uses: 2,
        max_uses: is_mailed.then_some(3),
        made: moment(),
        expires: is_mailed.then(moment),
        state,
    };
    let page = |wrong: bool, is_staff: bool| {
        let field = || FieldOnPage {
            asked: true,
            required: false,
            value: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
        };
        InvitationsPage {
            action: text,
            form_token: text.to_owned(),
            username: text,
            invitations: vec![
                made("usable", false),
                made("usable", true),
                made("used_up", false),
                made("expired", true),
                made("ended", false),
            ],
            may_make: true,
            from: None,
            is_staff,
            most_open: (!is_staff).then_some(5),
            fields: InvitationFields { max_uses: field(), expires_in: field(), comment: field(), email: field() },
            notice: Some(text).filter(|_| !wrong),
            error: wrong.then(|| text.to_owned()),
            account: text.to_owned(),
        }
    };
    add(samples, "invitations.html", &page(false, true));
    add(samples, "invitations.html", &page(true, false));
    let young =
        InvitationsPage { may_make: false, from: Some(moment()), invitations: Vec::new(), ..page(false, false) };
    add(samples, "invitations.html", &young);
}
