//! What mails say.

use lysand_auth::host::mailer::Mail;

use crate::paths::{ACCOUNT, AUTHORIZED_APPLICATIONS};

/// Subject and body of a mail.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) subject: String,
    pub(super) body: String,
}

/// The text of a mail to `name`, whose account is on the server `title` at `site`; `None` for a mail that this version
/// has no text for.
pub(super) fn text(mail: &Mail, name: &str, title: &str, site: &str) -> Option<Text> {
    match mail {
        Mail::PasswordChanged => Some(password_changed(name, title, site)),
        Mail::IdentityLinked { provider } => Some(identity_linked(&one_line(provider), name, title, site)),
        Mail::IdentityUnlinked { provider } => Some(identity_unlinked(&one_line(provider), name, title, site)),
        _ => None,
    }
}

fn password_changed(name: &str, title: &str, site: &str) -> Text {
    Text {
        subject: format!("Your password for {title} was changed"),
        body: format!(
            "Hello {name},\n\nthe password of your account at {site} was changed. All devices and apps were signed \
             out.\n\nIf that was you, there is nothing to do but to sign in again.\n\nIf it was not, write to whoever runs \
             {title} at once.\n"
        ),
    }
}

fn identity_linked(provider: &str, name: &str, title: &str, site: &str) -> Text {
    Text {
        subject: format!("{provider} can now sign you in to {title}"),
        body: format!(
            "Hello {name},\n\nan identity at {provider} was linked to your account at {site}. Whoever signs in with it \
             there can sign in to your account here.\n\nIf that was you, there is nothing to do.\n\nIf it was not, \
             somebody else can act for your account:\n\n\
             1. Sign in and remove the link: {site}{ACCOUNT}\n\
             2. Remove the apps that you do not know: {site}{AUTHORIZED_APPLICATIONS}\n\
             3. Write to whoever runs {title}, and ask for a new password.\n"
        ),
    }
}

fn identity_unlinked(provider: &str, name: &str, title: &str, site: &str) -> Text {
    Text {
        subject: format!("{provider} no longer signs you in to {title}"),
        body: format!(
            "Hello {name},\n\nyour identity at {provider} is no longer linked to your account at {site}. It opens the \
             account no more.\n\nIf that was you, there is nothing to do.\n\nIf it was not, somebody else can act for \
             your account: remove the apps that you do not know at {site}{AUTHORIZED_APPLICATIONS}, and write to whoever \
             runs {title} at once.\n"
        ),
    }
}

/// A name as it may stand within a sentence: no line of its own, nothing that steers a terminal.
fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_texts_equal_their_snapshots() {
        let provider = || "Example".to_owned();
        for (name, mail) in [
            ("password_changed", Mail::PasswordChanged),
            ("identity_linked", Mail::IdentityLinked { provider: provider() }),
            ("identity_unlinked", Mail::IdentityUnlinked { provider: provider() }),
        ] {
            let Text { subject, body } = text(&mail, "ada", "Title", "https://social.example").unwrap();
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name, format!("Subject: {subject}\n\n{body}"));
            });
        }
    }
}
