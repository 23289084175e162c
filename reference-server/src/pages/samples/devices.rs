//! Sample values for the pages where a person answers for a program.

use lysand_auth::host::pages::{
    Access, DevicePage, DeviceRequestOnPage, LinkOnPage, MomentOnPage, Permission, ProgramSignInPage,
};
use serde_json::Value;

use super::{account, add, app};

/// The page in each of its shapes.
pub(super) fn devices(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let row = |access| Permission {
        subject: text.into(),
        access,
        meaning: text.into(),
        clauses: vec![text],
        grave: access == Access::ReadWrite,
        takes_over: access == Access::Write,
    };
    let asked = |is_app: bool| DeviceRequestOnPage {
        app: is_app.then(|| app(text)),
        is_public: is_app,
        places: if is_app { vec![text.to_owned(), text.to_owned()] } else { Vec::new() },
        permissions: if is_app {
            vec![row(Access::Read), row(Access::Write), row(Access::ReadWrite)]
        } else {
            Vec::new()
        },
        links: if is_app { vec![LinkOnPage::new(text, text), LinkOnPage::new(text, text)] } else { Vec::new() },
        program: is_app.then_some(text),
        network: is_app.then_some(text),
        at: MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() },
        clock: "21:04".to_owned(),
    };
    for (error, asked) in [(None, None), (Some(text), None), (None, Some(asked(true))), (None, Some(asked(false)))] {
        let page = DevicePage {
            action: text,
            answer_action: text,
            form_token: text.to_owned(),
            account: account(text),
            switch_account: text.to_owned(),
            user_code: text,
            error,
            asked,
        };
        add(samples, "device.html", &page);
    }
    let page = ProgramSignInPage { action: text, form_token: text.to_owned(), flow_id: text, account: account(text) };
    add(samples, "program_sign_in.html", &page);
}
