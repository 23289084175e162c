//! Mails in words.

use crate::host::mailer::MailState;
use crate::texts;

/// What a mail is about; a kind that a newer version writes is named as it is kept.
pub(super) fn mail(kind: &str) -> &str {
    match kind {
        "confirm" => texts::MAIL_CONFIRM,
        "signup_existing" => texts::MAIL_SIGNUP_EXISTING,
        "welcome" => texts::MAIL_WELCOME,
        "approved" => texts::MAIL_APPROVED,
        "rejected" => texts::MAIL_REJECTED,
        "request_expired" => texts::MAIL_REQUEST_EXPIRED,
        "requests_waiting" => texts::MAIL_REQUESTS_WAITING,
        "invited" => texts::MAIL_INVITED,
        "reset" => texts::MAIL_RESET,
        "password_changed" => texts::MAIL_PASSWORD_CHANGED,
        "reset_demanded" => texts::MAIL_RESET_DEMANDED,
        "email_change_asked" => texts::MAIL_EMAIL_CHANGE_ASKED,
        "email_confirm" => texts::MAIL_EMAIL_CONFIRM,
        "email_changed" => texts::MAIL_EMAIL_CHANGED,
        "email_existing" => texts::MAIL_EMAIL_EXISTING,
        "email_undone" => texts::MAIL_EMAIL_UNDONE,
        "new_sign_in" => texts::MAIL_NEW_SIGN_IN,
        "signed_out_everywhere" => texts::MAIL_SIGNED_OUT,
        "factors_reset" => texts::MAIL_FACTORS_RESET,
        "factor_added" => texts::MAIL_FACTOR_ADDED,
        "factor_removed" => texts::MAIL_FACTOR_REMOVED,
        "two_step_off" => texts::MAIL_TWO_STEP_OFF,
        "recovery_used" => texts::MAIL_RECOVERY_USED,
        "recovery_made" => texts::MAIL_RECOVERY_MADE,
        "recovery_void" => texts::MAIL_RECOVERY_VOID,
        "passkey_copied" => texts::MAIL_PASSKEY_COPIED,
        "factor_guessed" => texts::MAIL_FACTOR_GUESSED,
        "code" => texts::MAIL_CODE,
        "way_back_asked" => texts::MAIL_WAY_BACK_ASKED,
        "way_back_soon" => texts::MAIL_WAY_BACK_SOON,
        "way_back_stopped" => texts::MAIL_WAY_BACK_STOPPED,
        "way_back_done" => texts::MAIL_WAY_BACK_DONE,
        "identity_linked" => texts::MAIL_IDENTITY_LINKED,
        "identity_unlinked" => texts::MAIL_IDENTITY_UNLINKED,
        "token_made" => texts::MAIL_TOKEN_MADE,
        "token_expires" => texts::MAIL_TOKEN_EXPIRES,
        "token_expired" => texts::MAIL_TOKEN_EXPIRED,
        "closing" => texts::MAIL_CLOSING,
        "closing_cancelled" => texts::MAIL_CLOSING_CANCELLED,
        "deleted" => texts::MAIL_DELETED,
        "staff_action" => texts::MAIL_STAFF_ACTION,
        "role_changed" => texts::MAIL_ROLE_CHANGED,
        "test" => texts::MAIL_TEST,
        kind => kind,
    }
}

/// Where a mail stands.
pub(super) const fn state(state: MailState) -> &'static str {
    match state {
        MailState::Waiting => texts::MAIL_WAITS,
        MailState::Sending => texts::MAIL_IS_BEING_SENT,
        MailState::Sent => texts::MAIL_WAS_SENT,
        MailState::Failed => texts::MAIL_FAILED,
        MailState::Cancelled => texts::MAIL_IS_CANCELLED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mailer::KINDS_OF_MAIL;

    #[test]
    fn every_kind_of_mail_has_words() {
        for kind in KINDS_OF_MAIL {
            assert!(texts::STAFF_MAILS.contains(&mail(kind)), "{kind}");
        }
    }
}
