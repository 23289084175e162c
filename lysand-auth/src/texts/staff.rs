//! What the pages of the people who run a server say.

texts! {
    /// What pages for staff say.
    STAFF_PAGES {
        /// Beside the settings of the server.
        SETTINGS_SAVED = "Saved. This is in force now.";
        SETTINGS_CHANGED_MEANWHILE =
            "Somebody changed the settings meanwhile. Look at them again, and save once more.";
        /// To everybody else (people PPL-155).
        FOR_STAFF = "This page is for the people who run this server.";
        /// Where its pages are.
        PLACE_OVERVIEW = "Overview";
        PLACE_REQUESTS = "Requests";
        PLACE_ACCOUNTS = "Accounts";
        PLACE_INVITATIONS = "Invitations";
        PLACE_APPS = "Apps";
        PLACE_MAIL = "Mail";
        PLACE_EVENTS = "Events";
        PLACE_SETTINGS = "Settings";
        PLACE_BLOCKS = "Blocks";
        /// What the charts of the first page count.
        CHART_SIGN_INS = "Sign-ins";
        CHART_FAILURES = "Refused sign-ins";
        CHART_SIGN_UPS = "Sign-ups";
        PLACE_OWN_ACCOUNT = "Your account";
        /// Whether an account may act.
        STATE_ACTIVE = "active";
        STATE_PENDING = "waits for approval";
        STATE_UNCONFIRMED = "address not confirmed";
        STATE_DISABLED = "disabled";
        STATE_SUSPENDED = "suspended";
        /// Where a mail stands.
        MAIL_WAITS = "waits";
        MAIL_IS_BEING_SENT = "is being sent";
        MAIL_WAS_SENT = "sent";
        MAIL_FAILED = "could not be delivered";
        MAIL_IS_CANCELLED = "cancelled";
        /// Who did something that is no account.
        BY_COMMAND = "the command line";
        BY_SYSTEM = "the server itself";
        BY_NOBODY = "somebody unknown";
        THE_MAIL = "a mail";
        THE_INVITATION = "an invitation";
        OUTCOME_DONE = "done";
        OUTCOME_REFUSED = "refused";
        FORMAT_CSV = "CSV, for spreadsheets";
        FORMAT_JSON = "JSON, for programs";
        /// What was just done.
        DONE = "Done.";
        ACCOUNT_MADE =
            "The account is made. Its owner asks for a link on the page for forgotten passwords.";
        ACCOUNT_MADE_AND_MAILED =
            "The account is made. Its owner gets a mail with a link that chooses the password.";
        BLOCK_MADE = "The block is made. It counts now.";
        BLOCK_ENDED = "The block is ended.";
        REQUESTS_APPROVED = "The requests are approved.";
        REQUESTS_REJECTED = "The requests are declined.";
        INVITATIONS_ENDED = "The invitations are ended.";
        APP_REMOVED = "The app is removed.";
        MAIL_RETRIED = "The mail is tried again.";
        MAIL_CANCELLED = "The mail is cancelled.";
        /// What is blocked from a network.
        BLOCK_REVIEWS = "You review whoever signs up";
        BLOCK_SIGN_UPS = "Nobody signs up";
        BLOCK_EVERYTHING = "Nobody signs up or signs in";
        /// What went wrong.
        OWN_NETWORK = "has your own address in it: you would lock yourself out";
        TOO_MANY_BLOCKS = "cannot be blocked: there are as many blocks as there may be";
        NOTHING_CHOSEN = "Choose at least one.";
        OWN_APP_STAYS = "This app is the server’s own. Only the command line removes it.";
        MAIL_OVER = "This mail was sent or cancelled, or is being sent.";
        /// What can be done to an account.
        ACT_APPROVE = "Approve the request";
        ACT_ENABLE = "Let it act again";
        ACT_UNLOCK = "Lift the lock after wrong passwords";
        ACT_CONFIRM = "Take the address for confirmed";
        ACT_DISABLE = "Disable";
        ACT_SUSPEND = "Suspend";
        ACT_END_SESSIONS = "Sign out everywhere";
        ACT_RESET_PASSWORD = "Demand a new password";
        ACT_CHANGE_ROLE = "Change the role";
        /// What that means.
        ACT_DISABLE_WHAT =
            "Nobody can sign in to this account or use it until you let it act again. Its sessions end now, its apps stay connected and can do nothing. Its owner is told by mail.";
        ACT_SUSPEND_WHAT =
            "Nobody can sign in to this account or use it until you let it act again, and it is marked for removal. Its sessions end now. Its owner is told by mail.";
        ACT_END_SESSIONS_WHAT =
            "All browsers and apps of this account are signed out now. Its owner can sign in again, and is told by mail.";
        ACT_RESET_PASSWORD_WHAT =
            "All browsers and apps of this account are signed out now, and its password signs nobody in any more. Its owner gets a mail with a link to choose a new one.";
        ACT_CHANGE_ROLE_WHAT =
            "Moderators see all accounts, decide about requests and can stop people. Admins can do everything. The new role counts at once; its owner and all admins are told by mail.";
        /// What can be done to other things, and what that means.
        ACT_END_INVITATIONS = "End all its invitations";
        ACT_END_INVITATIONS_WHAT =
            "Nobody can sign up with the invitations of this account any more. Who has signed up already stays, and the account can make new ones.";
        ACT_REMOVE_APP = "Remove the app";
        ACT_REMOVE_APP_WHAT =
            "Its access to all accounts ends now, and nobody can sign in with it any more until it registers itself anew. This cannot be undone.";
        ACT_CANCEL_MAIL = "Do not send this mail";
        ACT_CANCEL_MAIL_WHAT =
            "The mail is not sent, and whoever waits for it is not told. What it carries a link for can be asked for again.";
        ACT_EXPORT_EVENTS = "Export the events";
        ACT_EXPORT_EVENTS_WHAT =
            "The file has at most 100,000 events, the newest of those that you look at. It holds personal data: keep it to yourself, and delete it when you need it no more. The export is recorded.";
    }

    /// What mails are about, for staff.
    STAFF_MAILS {
        MAIL_CONFIRM = "Confirm an address";
        MAIL_SIGNUP_EXISTING = "There is an account with this address";
        MAIL_WELCOME = "Welcome";
        MAIL_APPROVED = "Request approved";
        MAIL_REJECTED = "Request declined";
        MAIL_REQUEST_EXPIRED = "Request over";
        MAIL_REQUESTS_WAITING = "Requests wait";
        MAIL_INVITED = "Invitation";
        MAIL_RESET = "Link for a new password";
        MAIL_PASSWORD_CHANGED = "Password changed";
        MAIL_RESET_DEMANDED = "New password demanded";
        MAIL_EMAIL_CHANGE_ASKED = "Another address asked for";
        MAIL_EMAIL_CONFIRM = "Confirm a new address";
        MAIL_EMAIL_CHANGED = "Address changed";
        MAIL_EMAIL_EXISTING = "Address belongs to an account";
        MAIL_EMAIL_UNDONE = "Change of address undone";
        MAIL_NEW_SIGN_IN = "New sign-in";
        MAIL_SIGNED_OUT = "Signed out everywhere";
        MAIL_FACTORS_RESET = "Second factors removed";
        MAIL_IDENTITY_LINKED = "Identity linked";
        MAIL_IDENTITY_UNLINKED = "Identity removed";
        MAIL_TOKEN_MADE = "Personal token made";
        MAIL_TOKEN_EXPIRES = "Personal token ends soon";
        MAIL_TOKEN_EXPIRED = "Personal token has ended";
        MAIL_CLOSING = "Account closed";
        MAIL_CLOSING_CANCELLED = "Closing cancelled";
        MAIL_DELETED = "Account deleted";
        MAIL_STAFF_ACTION = "Act of staff";
        MAIL_ROLE_CHANGED = "Role changed";
        MAIL_FACTOR_ADDED = "Second factor added";
        MAIL_FACTOR_REMOVED = "Second factor removed";
        MAIL_TWO_STEP_OFF = "Two-step sign-in switched off";
        MAIL_RECOVERY_USED = "Recovery code used";
        MAIL_RECOVERY_MADE = "Recovery codes made";
        MAIL_RECOVERY_VOID = "Recovery codes void";
        MAIL_PASSKEY_COPIED = "Copies of a passkey";
        MAIL_FACTOR_GUESSED = "Guesses at a second factor";
        MAIL_CODE = "Code to sign in";
        MAIL_WAY_BACK_ASKED = "Somebody asked to remove the second factors";
        MAIL_WAY_BACK_SOON = "The second factors will be removed";
        MAIL_WAY_BACK_STOPPED = "The second factors stay";
        MAIL_WAY_BACK_DONE = "The second factors were removed by a way back";
        MAIL_TEST = "Test mail";
    }

    /// What happened, as staff is told beside.
    STAFF_EVENTS {
        DID_SIGN_UP_REFUSED = "A sign-up was refused";
        DID_SIGN_UP_WITHDRAWN = "A sign-up was taken back";
        DID_SIGN_UP_DISOWNED = "The owner of the address knew nothing of a sign-up";
        DID_SWEPT = "A sign-up was never confirmed and removed";
        DID_REJECTED = "A request to join was declined";
        DID_REQUEST_EXPIRED = "Nobody decided a request to join in time";
        DID_INVITATION_MADE = "An invitation was made";
        DID_INVITATION_USED = "An invitation was used";
        DID_INVITATION_ENDED = "Invitations were ended";
        DID_DELETED = "An account was deleted";
        DID_APP_DELETED = "An app was removed from the server";
        DID_MAIL_FAILED = "A mail could not be delivered";
        DID_MAIL_RETRIED = "A mail is tried again";
        DID_MAIL_CANCELLED = "A mail was cancelled";
        DID_MAIL_TESTED = "A test mail was sent";
        DID_ACCOUNT_SEEN = "Somebody of the staff looked at an account";
        DID_EVENTS_EXPORTED = "The events were exported";
        DID_SETTING_CHANGED = "A setting was changed";
        DID_NETWORK_BLOCKED = "A network was blocked";
        DID_NETWORK_BLOCK_CHANGED = "The block of a network was changed";
        DID_NETWORK_UNBLOCKED = "The block of a network was ended";
        DID_MAIL_DOMAIN_BLOCKED = "A mail domain was blocked";
        DID_MAIL_DOMAIN_UNBLOCKED = "The block of a mail domain was ended";
        DID_COMMAND = "A command was run";
        DID_WARN = "Staff sent a message to the owner";
        /// An act of staff, without a name (people PPL-126).
        UNKNOWN_BROWSER = "Unknown browser";
        BY_STAFF = "by the people who run this server";
    }
}

/// Every text of this file.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    NAMED.iter().copied().flatten().copied()
}
