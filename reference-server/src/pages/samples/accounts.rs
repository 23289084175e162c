//! Sample values for the page on which an account is chosen.

use lysand_auth::host::pages::{AccountChoice, ChooseAccountPage};
use serde_json::Value;

use super::add;
use super::common::{account, app};

/// The page to choose on, with one account and with several, and the one that says that another was chosen.
pub(super) fn accounts(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let action = |there: bool| there.then(|| text.to_owned());
    let choice = |name: &'static str, lives: bool, forgets: bool| AccountChoice {
        account: account(text),
        name,
        continue_action: action(lives),
        sign_in: action(!lives),
        forget_action: action(forgets),
    };
    for (changed, accounts) in [
        (false, vec![choice(text, true, true)]),
        (false, vec![choice(text, true, true), choice(text, false, true)]),
        (true, vec![choice(text, true, false), choice("", true, false)]),
        (true, vec![choice(text, false, false), choice("", true, false)]),
    ] {
        let page = ChooseAccountPage {
            form_token: text.to_owned(),
            app: app(text),
            changed,
            sign_out_action: action(!changed && accounts.len() > 1),
            accounts,
            another: action(!changed),
        };
        add(samples, "choose_account.html", &page);
    }
}
