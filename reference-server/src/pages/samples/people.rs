//! Sample values for the pages of a sign-up.

use lysand_auth::host::pages::{
    ConfirmAddressPage, FieldOnPage, MessagePage, MomentOnPage, ProviderOnPage, ProviderSignUpOnPage, SignUpFields,
    SignUpPage, WaitingPage,
};
use serde_json::Value;

use super::common::{account, add, app};

type Samples = Vec<(&'static str, Value)>;

/// The pages of a sign-up, in each of their shapes.
pub(super) fn sign_up(text: &'static str, samples: &mut Samples) {
    register(text, samples);
    for state in ["unconfirmed", "pending", "ready", "rejected", "expired"] {
        let page = |wrong: bool| WaitingPage {
            state,
            username: text,
            email: text,
            form_token: text.to_owned(),
            base: text,
            state_url: text,
            notice: Some(text).filter(|_| !wrong),
            code_error: wrong.then(|| text.to_owned()),
            email_error: wrong.then(|| text.to_owned()),
            other_email: text.to_owned(),
            message: text,
            sign_in: text.to_owned(),
        };
        add(samples, "waiting.html", &page(false));
        add(samples, "waiting.html", &page(true));
    }
    for (signed_up, more) in
        [(None, false), (Some(MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() }), true)]
    {
        let page = ConfirmAddressPage {
            action: text,
            form_token: text.to_owned(),
            token: text,
            username: text,
            email: text,
            signed_up,
            has_passkey: more,
            challenge: more.then_some(text),
            error: more.then_some(text),
        };
        add(samples, "confirm_address.html", &page);
    }
    let fields = [(text, text)];
    let message = |action, link, link_text, link_app| MessagePage {
        title: text,
        message: text,
        action,
        fields: &fields,
        button: text,
        link,
        link_text,
        link_app,
    };
    add(samples, "message.html", &message(Some(text), Some(text), text, None));
    add(samples, "message.html", &message(None, Some(text), "to {}", Some(text)));
    add(samples, "message.html", &message(None, None, text, None));
}

fn field(text: &str, wrong: bool) -> FieldOnPage {
    FieldOnPage { asked: true, required: true, value: text.to_owned(), error: wrong.then(|| text.to_owned()) }
}

fn all_fields(text: &str, wrong: bool) -> SignUpFields {
    let field = || field(text, wrong);
    SignUpFields {
        username: field(),
        email: field(),
        password: field(),
        reason: field(),
        date_of_birth: field(),
        invite_code: field(),
        agreement: field(),
        altcha: field(),
        homepage: FieldOnPage { asked: wrong, ..field() },
    }
}

fn register(text: &'static str, samples: &mut Samples) {
    let field = |wrong| field(text, wrong);
    let fields = |wrong| all_fields(text, wrong);
    let rules = [text.to_owned()];
    let page = |wrong: bool| SignUpPage {
        action: text.to_owned(),
        form_token: text.to_owned(),
        app: Some(app(text)),
        current: Some(account(text)),
        go_on: text.to_owned(),
        closed: None,
        needs_invitation: false,
        reviewed: true,
        fields: fields(wrong),
        rules: &rules,
        tos_url: text,
        minimum_age: 16,
        challenge: Some(text.to_owned()),
        passkey_action: Some(text.to_owned()),
        provider: None,
        providers: vec![ProviderOnPage { name: text, icon: Some(text), start: text.to_owned() }],
        sign_in: text.to_owned(),
    };
    add(samples, "register.html", &page(false));
    add(samples, "register.html", &page(true));
    register_by_provider(text, || page(false), samples);
    let plain =
        SignUpFields { username: field(false), email: field(false), password: field(false), ..SignUpFields::default() };
    add(
        samples,
        "register.html",
        &SignUpPage {
            app: None,
            current: None,
            rules: &[],
            fields: plain.clone(),
            challenge: None,
            passkey_action: None,
            providers: Vec::new(),
            reviewed: false,
            ..page(false)
        },
    );
    add(samples, "register.html", &SignUpPage { needs_invitation: true, fields: plain.clone(), ..page(false) });
    add(samples, "register.html", &SignUpPage { closed: Some(text.to_owned()), fields: plain, ..page(false) });
}

/// The page on which somebody whom a provider vouches for chooses a name.
fn register_by_provider<'a>(text: &'static str, page: impl Fn() -> SignUpPage<'a>, samples: &mut Samples) {
    for is_taken in [true, false] {
        let provider = ProviderSignUpOnPage {
            name: text,
            flow_id: text,
            email: Some(text.to_owned()).filter(|_| !is_taken),
            is_taken,
            cancel: text.to_owned(),
        };
        let named = SignUpFields {
            username: field(text, false),
            email: FieldOnPage { asked: is_taken, required: false, ..field(text, false) },
            ..SignUpFields::default()
        };
        add(
            samples,
            "register.html",
            &SignUpPage { provider: Some(provider), fields: named, challenge: None, passkey_action: None, ..page() },
        );
    }
}
