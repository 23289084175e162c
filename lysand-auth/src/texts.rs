//! The English texts that people read, each under one name: on pages, on the sign-in page after an error, and in mails of
//! the library's own.
//!
//! Flows and pages use the names. What the sign-in page is willing to show, and what a host has to translate
//! ([`page_texts`](crate::web::page_texts)), are made from these lists, so that a new text is in all of them. The words for
//! scopes stand beside the scopes, in [`permission`](crate::model::permission). What `/api` and `/oauth` answer to programs
//! is never translated (Mastodon §0.5).

/// Names texts, and lists them: each group is a list of its own, and [`NAMED`] has them all.
macro_rules! texts {
    ($($(#[$group_doc:meta])* $group:ident { $($(#[$doc:meta])* $name:ident = $text:literal;)+ })+) => {
        $(
            $($(#[$doc])* pub(crate) const $name: &str = $text;)+
            $(#[$group_doc])*
            pub(crate) const $group: &[&str] = &[$($name,)+];
        )+
        /// Every text that has a name.
        const NAMED: &[&[&str]] = &[$($group,)+];
    };
}

mod staff;

pub(crate) use self::staff::*;

texts! {

    /// What our own sign-in page shows of an `error_description`. Others in a URL are nobody's, and are replaced by
    /// [`TRY_AGAIN`].
    SIGN_IN_ERRORS {
        /// One text for every cause that lies in the credentials.
        WRONG_CREDENTIALS = "Invalid identifier or password";
        /// An admin switched the account off. This and the next two are said after right credentials alone (people PPL-194).
        ACCOUNT_DISABLED = "This account is disabled.";
        /// The account's e-mail address is not confirmed.
        ACCOUNT_UNCONFIRMED = "The e-mail address of this account is not confirmed yet.";
        /// An admin has to review the account first.
        ACCOUNT_PENDING = "This account waits for approval by the people who run this server.";
        /// The redirect URI is not registered for the app.
        REDIRECT_URI_MISMATCH = "Redirect URI does not match client_id";
        /// The request names no redirect URI (Lysand §7).
        REDIRECT_URI_REQUIRED = "Redirect URI is required for code flow (can be urn:ietf:wg:oauth:2.0:oob)";
        /// The scope is unknown, or exceeds what was registered.
        INVALID_SCOPE = "Invalid scope";
        /// The code is not pending, or another session's.
        INVALID_CODE = "Invalid code";
        /// Nobody is signed in with this browser.
        NO_SIGN_IN_COOKIE = "No jwt cookie was sent in the request";
        /// The browser sent two sign-in cookies that differ.
        TWO_SIGN_IN_COOKIES = "Your browser sent two different sign-ins. Please sign in again.";
        /// The browser keeps no cookies.
        NO_COOKIES = "No cookies were sent with the request";
        /// The sign-in cookie is not ours, or over.
        UNVERIFIABLE_COOKIE = "Invalid JWT, could not verify";
        /// The sign-in cookie lacks its subject.
        COOKIE_WITHOUT_SUB = "Invalid sub";
        /// The sign-in cookie lacks its audience.
        COOKIE_WITHOUT_AUD = "Invalid aud";
        /// The sign-in cookie lacks its end.
        COOKIE_WITHOUT_EXP = "Invalid exp";
        /// None of the response types that the contract knows (Lysand §7).
        INVALID_RESPONSE_TYPE = "Invalid response_type, must ask for code, token, or id_token";
        /// Another response type than `code`.
        UNSUPPORTED_RESPONSE_TYPE = "The authorization server does not support this response type.";
        /// Another PKCE method than `S256`.
        PKCE_METHOD_NOT_S256 = "The code_challenge_method must be S256.";
        /// The form asks for another challenge, nonce or response mode than its pending code was made for.
        REQUEST_DIFFERS = "This is not what the app asked for";
        /// More than is kept of a request, or of its `state` or `nonce`.
        REQUEST_TOO_LARGE = "The app’s request is too large.";
        /// The app is unknown (Lysand §7).
        UNKNOWN_CLIENT = "Invalid client_id or client_secret";
        /// A sign-in at a provider names no app.
        CLIENT_ID_REQUIRED = "client_id is required";
        /// A sign-in at a provider names an app that is unknown.
        CLIENT_ID_INVALID = "client_id is invalid";
        /// There is no such provider.
        ISSUER_INVALID = "issuer is invalid";
        /// A sign-in at a provider came back that never began, or is over.
        INVALID_FLOW = "Invalid flow";
        /// Nobody here has the identity.
        NO_LINKED_ACCOUNT = "No user found with that account";
        /// The provider cannot be reached when a sign-in begins.
        PROVIDER_UNREACHABLE = "The identity provider cannot be reached. Please try again later.";
        /// The provider's answer fails a check.
        PROVIDER_UNTRUSTED = "The identity provider gave an answer that cannot be trusted. Please try again.";
        /// The provider cannot be reached when its answer is checked.
        PROVIDER_NO_ANSWER = "The identity provider does not answer. Please try again later.";
        /// A browser whose account is ready, and which has to sign in.
        /// A session that somebody wanted to go on in has ended.
        SIGN_IN_ENDED = "This session has ended. Please sign in again.";
        ACCOUNT_READY = "Your account is ready. Please sign in.";
        /// Why a browser that waits cannot go on yet (Mastodon §11.2). This and the next two come back to a frontend.
        LOGIN_UNCONFIRMED = "Your login is missing a confirmed e-mail address";
        LOGIN_PENDING = "Your login is currently pending approval";
        /// Its account is gone.
        NO_SUCH_ACCOUNT_ANY_MORE = "There is no such account any more.";
        /// Nobody has it here, or not any more (FAC-55).
        UNKNOWN_PASSKEY = "This server does not know the passkey.";
        /// Only providers sign people in (Lysand §5, §13.2).
        PASSWORDS_DISABLED =
            "Logging in with a password is disabled by the administrator. Please use a valid OpenID Connect provider.";
    }

    /// What is said on the way through a second step. The page of that step shows these of an `error_description`, and no others.
    FACTOR_ERRORS {
        /// One text for every cause that lies in the code.
        WRONG_FACTOR = "The code is wrong, used or too old.";
        /// What was typed cannot be a code.
        NO_CODE = "This is no such code.";
        /// One text for every cause that lies in a passkey.
        WRONG_PASSKEY = "The passkey was not accepted.";
        /// The kind is not one of those that are asked for.
        NOT_OFFERED = "That way is not offered for this sign-in.";
        /// A session is to be made stronger, and nothing says how.
        UNKNOWN_STRENGTH = "Say how well (acr) or how recently (max_age, in seconds) it is to be proven who is there.";
        /// Another mail is asked for too soon.
        CODE_TOO_SOON = "A code was sent a moment ago. Please wait a minute before asking for another.";
        /// A way back was stopped, or is over.
        WAY_BACK_OVER = "This request was stopped, or is over.";
        /// It was stopped a short while ago, or asked for too often.
        WAY_BACK_PAUSED = "This was stopped a short while ago, or asked for too often. Please try again later.";
        /// A limit on wrong second factors is used up.
        TOO_MANY_FACTORS = "Too many attempts. Please wait before trying again.";
        /// A factor of the host gives no answer.
        FACTOR_UNAVAILABLE = "This way does not work at the moment. Please try again, or choose another one.";
        /// What was being set up is over.
        SETUP_OVER = "Setting up this app took too long. Please start again.";
        /// The address is not confirmed (FAC-65).
        ADDRESS_FIRST = "Confirm your e-mail address first.";
        /// Two changes at the same moment.
        CHANGED_MEANWHILE = "Something else of your account was changed at the same moment. Please try again.";
        /// Somebody has the passkey already.
        PASSKEY_TAKEN = "This passkey is registered already.";
        /// There is no room for another app.
        TOO_MANY_APPS = "You have as many authenticator apps as there can be. Remove one first.";
        /// There is no room for another passkey.
        TOO_MANY_PASSKEYS = "There are as many passkeys as there can be.";
    }

    /// The rest of what is said about second factors.
    FACTORS {
        /// The page of a sign-in that nobody can go on with.
        PENDING_OVER = "This sign-in is over. Please start again.";
        PENDING_OVER_TITLE = "This sign-in is over";
        START_AGAIN = "Start again";
        /// To a program that cannot ask for it.
        FACTOR_REQUIRED = "This account wants a second proof.";
        /// Where one is added.
        PASSKEY = "Passkey";
        LAST_WAY_IN = "This is the last way to sign in.";
        SECOND_FACTOR_DEMANDED = "This instance demands a second factor.";
        PASSKEY_ADDED = "The passkey is added. Everything else that was signed in to your account is signed out.";
        /// What the page of the own second factors says: what was done, and what went wrong.
        FACTOR_ADDED = "The authenticator app is added. Everything else that was signed in to your account is signed out.";
        FACTOR_REMOVED = "It is removed. Everything else that was signed in to your account is signed out.";
        FACTOR_RENAMED = "It has another name now.";
        MAIL_FACTOR_ON = "A code by mail can be your second proof from now on.";
        MAIL_FACTOR_OFF = "A code by mail is no second proof any more.";
        TWO_STEP_ON = "Two-step sign-in is on.";
        TWO_STEP_OFF = "Two-step sign-in is off.";
        FACTOR_OVER = "It is gone already.";
        ONLY_PASSKEYS_ON = "From now on only a passkey or a recovery code is your second proof.";
        ONLY_PASSKEYS_OFF = "Codes of your authenticator apps count again.";
        TWO_PASSKEYS_FIRST = "Add two passkeys first, so that you are not shut out when one is lost.";
        NO_SECOND_FACTOR = "Add a passkey or an authenticator app first.";
        CODES_SHOWN = "These codes were shown already.";
        WAY_BACK_STOPPED = "It is stopped: your second factors stay. Somebody knows your password, so choose a new one.";
        /// Follows the name of the field.
        BAD_NAME = "must be 1 to 64 characters, without line breaks";
        /// The name of an app that nobody named.
        AUTHENTICATOR_APP = "Authenticator app";
    }

    /// What the sign-in page says in place of another text.
    SIGN_IN_REPLACEMENTS {
        /// In place of a sentence that is nobody's.
        TRY_AGAIN = "Something went wrong. Please try again.";
        /// In place of a provider's word that somebody turned back there.
        UNFINISHED = "You did not finish signing in at the other service.";
    }

    /// Titles and messages of error pages.
    ERROR_PAGES {
        /// Title and message: a form of another shape or size than ours.
        UNREADABLE_FORM_TITLE = "This form cannot be read";
        UNREADABLE_FORM = "Nothing was changed. Please go back, load the page again and send the form once more.";
        /// Title: the app is not registered.
        UNKNOWN_APP_TITLE = "This app is not known here";
        /// What to do about it.
        UNKNOWN_APP =
            "The app that sent you is not registered with this server. Remove the account from the app and add it again.";
        /// Title: the redirect URI is not registered.
        REDIRECT_URI_TITLE = "This app asks for something odd";
        /// What that means.
        REDIRECT_URI =
            "The app wants to send you to a place that it did not register. You are not sent there. Tell its makers.";
        /// Title: the person denied.
        DENIED_TITLE = "You said no";
        /// What that means.
        DENIED = "The app gets no access to your account. You can close this page.";
        /// Title: a form whose token is not this browser's.
        STALE_FORM_TITLE = "This page is too old";
        /// What to do about it.
        STALE_FORM = "This page was open for too long, or your browser does not keep cookies. Please start over.";
        /// Title: a request that no longer waits.
        REQUEST_OVER_TITLE = "This request is over";
        /// A consent page whose request was answered.
        REQUEST_OVER =
            "This request was answered already, or it waited too long. Nothing was granted by opening this page.";
        /// A sign-in at a provider that came back twice, late, or to another browser.
        SIGN_IN_OVER =
            "This sign-in was finished already, took too long, or began in another browser. Go back to the app and sign in again.";
        /// Title: there is no such thing.
        NOT_FOUND_TITLE = "This is not there";
        /// What to do about it.
        NOT_FOUND =
            "What you wanted to change is gone already, or was never yours. Go back and look at what there is now.";
        /// Title: too many requests.
        WAIT_TITLE = "Please wait a moment";
        /// Title: the host refuses a sign-in.
        SIGN_IN_REFUSED_TITLE = "You cannot sign in";
        /// Title: the server is overloaded, or its database away.
        BUSY_TITLE = "This server is busy";
        /// Title: a sign-in form lacks something.
        CREDENTIALS_TITLE = "That is not enough to sign in";
        /// What to do about it.
        CREDENTIALS =
            "Enter your name or e-mail address, and your password. Neither may be empty or longer than 1,024 bytes.";
        /// Title: a form comes from elsewhere.
        FOREIGN_ORIGIN_TITLE = "This form came from elsewhere";
        /// What was seen, and what is expected.
        FOREIGN_ORIGIN = "This request came from another site: {}. Expected was {}.";
        /// Title: every other refusal.
        APP_MISTAKE_TITLE = "This app made a mistake";
        /// What to do about it.
        APP_MISTAKE =
            "The app that sent you made a request that this server cannot follow. Tell its makers what stands below.";
        /// Title: a failure of the server.
        FAILED_TITLE = "This did not work";
        /// What it says; `{}` is the id in the log.
        FAILED = "Something went wrong on this server. Its log knows more under {}.";
    }

    /// What refusals say that a page may show as they are.
    REFUSALS {
        /// A rate limit is used up.
        TOO_MANY_REQUESTS = "Too many requests";
        /// The limit on failed attempts to sign in is used up.
        TOO_MANY_ATTEMPTS = "Too many attempts to sign in. Please wait before trying again.";
        /// The database does not answer.
        UNAVAILABLE = "The server is temporarily unavailable. Please try again in a moment.";
        /// No slot for hashing a password became free.
        HASHING_BUSY = "The server is busy signing people in. Please try again in a moment.";
        /// The host demands more proofs than the library can ask for.
        MORE_PROOFS_DEMANDED = "This account needs a further proof to sign in, and this server has none to ask for.";
        /// The host's rules for sign-ins give no answer.
        SIGN_IN_UNDECIDED = "This server could not decide whether you may sign in. Please try again later.";
        /// The owner of an account confirms a link with another password.
        WRONG_PASSWORD = "This is not the password of the account.";
    }

    /// What the pages of a sign-up say.
    SIGN_UP {
        /// Nobody may sign up.
        SIGN_UP_CLOSED = "This server takes no new accounts at present.";
        /// Only with an invitation.
        NEEDS_INVITATION = "You need an invitation to join this server.";
        /// An invitation that is unknown, used up, over or somebody else's.
        INVALID_INVITATION = "is not valid";
        /// The same, to an app that asks about it (people PPL-82).
        INVITE_INVALID = "This invite is not valid";
        /// Notices of the page of invitations.
        INVITATION_MADE = "The invitation is made. Give its link to whom you invite.";
        INVITATION_MAILED = "The invitation is on its way by mail.";
        INVITATION_ENDED = "The invitation is ended.";
        /// One that was ended before, or never was.
        INVITATION_OVER = "This invitation is over already.";
        /// One more than somebody may have.
        TOO_MANY_OPEN = "You have {} open invitations, and no more are possible. End one first.";
        /// One more than an account can have.
        TOO_MANY_TOKENS = "You have 50 personal tokens, and no more are possible. End one first.";
        /// What closes no account.
        NOT_YOUR_NAME = "is not the name of your account";
        LAST_ADMIN = "The last admin stays";
        /// A closing that a sign-in took back.
        CLOSING_CANCELLED = "Your account was to be deleted. You signed in, so it stays.";
        /// Notices of the page of personal tokens.
        TOKEN_ENDED = "The token is ended.";
        /// One that was ended before, or never was.
        TOKEN_OVER = "This token is over already.";
        /// Something of the page of personal tokens that only somebody may who was proven lately.
        TOKEN_NEEDS_PROOF = "To extend a token, confirm first that it is you.";
        /// What is not for whoever asks, or not at present.
        ACTION_NOT_ALLOWED = "This action is not allowed";
        /// Whoever comes from a network that is kept out (people PPL-154b).
        NETWORK_MAY_NOT_SIGN_UP = "This server takes no new accounts from your network.";
        NETWORK_MAY_NOT_SIGN_IN = "Nobody can sign in to this server from your network.";
        /// A role that is none.
        UNKNOWN_ROLE = "The role must be one of: user, moderator, admin";
        /// What there is not, in Mastodon's words.
        RECORD_NOT_FOUND = "Record not found";
        /// The field that people do not see.
        LEAVE_EMPTY = "must be left empty";
        /// The proof of work.
        WORK_UNCHECKED = "could not be checked; please try again";
        /// Too many sign-ups without it.
        TOO_MANY_UNPROVEN =
            "Too many new accounts were made this way. Please try again later, or with scripts on.";
        /// Title of a page whose link is over.
        DEAD_LINK_TITLE = "This link is no longer valid";
        /// The link of a mail is over.
        DEAD_LINK = "This link is no longer valid.";
        /// Somebody else confirmed the address meanwhile.
        ADDRESS_TAKEN = "This address belongs to another account.";
        /// A code of a mail.
        WRONG_CODE = "That code is not right.";
        /// A code after too many wrong ones.
        CODE_ENDED = "Please have a new code sent.";
        /// A mail was sent a moment ago.
        RESENT_TOO_SOON = "A mail was sent a moment ago. Please wait a minute.";
        /// Staff decided before.
        DECIDED_ALREADY = "This request has been decided already";
        /// Title and message: the link of a mail was used, in another browser than the one that waits.
        CONFIRMED_TITLE = "Your address is confirmed";
        CONFIRMED =
            "Please go back to the window where you began; it goes on by itself.";
        /// Title and message: a sign-up was taken back.
        REMOVED_TITLE = "The sign-up was removed";
        REMOVED = "There is no account any more. Name and address are free again.";
        /// Message: the owner of an address knew nothing of a sign-up.
        DISOWNED = "The account is gone, and no such mail comes to this address for a day.";
        /// A mail is on its way.
        MAIL_SENT = "The mail is on its way.";
        /// The address of an account that waits was changed.
        ADDRESS_CHANGED = "The address was changed, and a mail is on its way to it.";
        /// Title: the address was confirmed by somebody else.
        ADDRESS_TAKEN_TITLE = "This address is in use";
        /// Title: a mail was sent.
        CHECK_MAIL = "Look into your mail";
        /// A dead link whose account still waits, and any other.
        DEAD_LINK_RESENDABLE = "It was used, replaced by a newer one, or is too old. Your account still waits for its address to be confirmed.";
        DEAD_LINK_OVER = "It was used, replaced by a newer one, or is too old.";
        /// Buttons and links.
        SEND_NEW_LINK = "Send a new one";
        TO_SIGN_IN = "Go to the sign-in page";
        /// Nobody waits with this browser.
        NOT_WAITING_TITLE = "Nothing is waiting here";
        NOT_WAITING =
            "This browser does not wait for an account any more. If you have one, sign in; if not, you can sign up again.";
    }

    /// What the pages of passwords say.
    RECOVERY {
        /// Whoever asks for a link, whether there is an account or not.
        /// What is said to everybody who asks for a code to sign in with, whether there is an account or not (FAC-86).
        CODE_SENT = "If an account has this address, a code is on its way.";
        RESET_SENT = "If there is an account with this name or address, a mail with a link is on its way.";
        /// A right password that must be replaced before it signs anybody in.
        /// What frontends are told of a link that is over (Lysand §12.6).
        INVALID_TOKEN = "Invalid token";
        /// The two passwords of a form differ (Lysand §12.6).
        PASSWORDS_DIFFER = "Passwords do not match";
        /// Title and message: the new password is set.
        RESET_DONE_TITLE = "Your new password is set";
        RESET_DONE = "Everything that was signed in to your account is signed out. Please sign in with the new password.";
        /// A password that changes nothing.
        SAME_PASSWORD = "is the one you have";
        /// A password that proves nothing (people PPL-25).
        NOT_THE_PASSWORD = "This is not the password of the account";
        /// A change that wants a proof (people PPL-24).
        CONFIRM_IT_IS_YOU = "Please confirm that it is you";
        /// Notices of the page.
        PASSWORD_CHANGED = "Your password is changed. Everything else that was signed in to your account is signed out.";
        LINK_SENT = "A mail with a link is on its way to your address.";
        /// Notices of the page of the address.
        EMAIL_ASKED = "A mail with a link and a code is on its way to the new address. Until it is confirmed, the address stays as it is.";
        EMAIL_CHANGED = "The new address is yours.";
        EMAIL_CANCELLED = "The address stays as it is.";
        NOTHING_PENDING = "No change of the address waits.";
        /// Title and message: the former address stopped the change.
        EMAIL_STOPPED_TITLE = "The change is stopped";
        EMAIL_STOPPED = "The address stays as it is. If you did not ask for the change, somebody else is in your account: choose a new password.";
        /// Title and message: the former address undid the change.
        EMAIL_UNDONE_TITLE = "The change is undone";
        EMAIL_UNDONE = "Your former address is that of the account again, and everything is signed out. A mail with a link is on its way to it: choose a new password with it before you sign in.";
        /// A link to another password.
        CHOOSE_PASSWORD = "Choose a new password";
        /// Notice of the page of the profile.
        PROFILE_SAVED = "Your profile is saved.";
        /// Nowhere to send a link to.
        NO_CONFIRMED_ADDRESS = "This account has no confirmed address.";
        /// A link to ask for another mail.
        ASK_AGAIN = "Ask for a new link";
        /// A link back to the app that somebody came from.
        SIGN_IN_FOR_APP = "Sign in to go on to {}";
    }

    /// What happened to an account, for its owner.
    ACTIVITY {
        DID_SIGN_IN = "Signed in";
        DID_SIGN_IN_FAILED = "A sign-in failed";
        DID_SIGN_IN_BLOCKED = "A sign-in was refused";
        DID_THROTTLED = "Too many sign-ins were tried";
        DID_STEP_UP = "Proved once more to be there";
        DID_FACTOR_PASSED = "A second proof was right";
        DID_FACTOR_FAILED = "A second proof was wrong";
        DID_FACTOR_ADDED = "A second factor was added";
        DID_FACTOR_REMOVED = "A second factor was removed";
        DID_APP_TOLD = "An app was told that you signed out";
        DID_FACTOR_RENAMED = "A second factor got another name";
        DID_RECOVERY_MADE = "New recovery codes were made";
        DID_RECOVERY_USED = "A recovery code was used";
        DID_PASSKEY_COUNTER = "A passkey may have been copied";
        DID_TWO_STEP_ON = "Two-step sign-in was turned on";
        DID_TWO_STEP_OFF = "Two-step sign-in was turned off";
        DID_MAIL_FACTOR_ON = "Codes by mail were allowed as a second proof";
        DID_MAIL_FACTOR_OFF = "Codes by mail are no second proof any more";
        DID_ENROLMENT_DEMANDED = "A second factor is asked for from now on";
        DID_BROWSER_TRUSTED = "A browser was trusted";
        DID_BROWSER_FORGOTTEN = "A browser is trusted no more";
        DID_WAY_BACK_ASKED = "It was asked to remove the second factors";
        DID_WAY_BACK_STOPPED = "The removal of the second factors was stopped";
        DID_WAY_BACK_DONE = "The second factors were removed, as somebody had asked";
        DID_WAY_BACK_LAPSED = "Nobody came back to remove the second factors";
        DID_ACCOUNT_SWITCHED = "Went on as this account in a browser with several";
        DID_SIGN_OUT = "Signed out";
        DID_SESSION_ENDED = "A sign-in was ended";
        DID_SESSIONS_ENDED = "Everything was signed out";
        DID_NEW_BROWSER = "Signed in with a new browser";
        DID_SIGNED_UP = "The account was made";
        DID_CONFIRMED = "The address was confirmed";
        DID_CONFIRMED_BY_STAFF = "The account was opened without a confirmed address";
        DID_APPROVED = "The request to join was approved";
        DID_PASSWORD_CHANGED = "The password was changed";
        DID_PASSWORD_SET = "A password was set";
        DID_RESET_ASKED = "A link for a new password was asked for";
        DID_RESET_DONE = "A new password was chosen by a mailed link";
        DID_RESET_DEMANDED = "A new password was demanded";
        DID_EMAIL_CHANGE_ASKED = "Another address was asked for";
        DID_EMAIL_CHANGED = "The address was changed";
        DID_EMAIL_CHANGE_STOPPED = "A change of address was stopped";
        DID_EMAIL_UNDONE = "A change of address was undone";
        DID_IDENTITY_LINKED = "An identity of another service was linked";
        DID_IDENTITY_UNLINKED = "An identity of another service was removed";
        DID_CONSENT = "An app was allowed";
        DID_CONSENT_DENIED = "An app was refused";
        DID_TOKEN_ISSUED = "An app got access";
        DID_TOKEN_REVOKED = "A token of an app was ended";
        DID_REFRESH_REUSED = "A used token came back, so its app was signed out";
        DID_APP_REMOVED = "The access of an app was removed";
        DID_SESSIONS_ENDED_BY_STAFF = "All sessions and apps were signed out";
        DID_WARNED = "A message was sent to you";
        DID_APPS_REMOVED = "The access of several apps was removed";
        DID_PERSONAL_TOKEN_MADE = "A personal token was made or extended";
        DID_PERSONAL_TOKEN_ENDED = "A personal token was ended";
        DID_PERSONAL_TOKEN_FOREIGN = "A personal token was refused, because it came from another network";
        DID_CLOSING = "The account was closed";
        DID_CLOSING_CANCELLED = "The closing of the account was cancelled by a sign-in";
        DID_EXPORTED = "A copy of the data was taken";
        DID_ROLE_CHANGED = "The role was changed";
        DID_DISABLED = "The account was disabled";
        DID_ENABLED = "The account was enabled";
        DID_SUSPENDED = "The account was suspended";
        DID_UNSUSPENDED = "The account is no longer suspended";
        DID_UNLOCKED = "The limit on sign-ins was lifted";
    }

    /// What can be wrong with a field, in words that follow its name; the numbers stand for `{}`.
    FORM_ERRORS {
        FIELD_BLANK = "can't be blank";
        FIELD_INVALID = "is invalid";
        FIELD_CHARACTERS = "must contain only letters, numbers and underscores";
        FIELD_TAKEN = "has already been taken";
        FIELD_NOT_OFFERED = "must be one of {}";
        FIELD_RESERVED = "is reserved";
        FIELD_TOO_SHORT = "is too short (minimum is {} characters)";
        FIELD_TOO_LONG = "is too long (maximum is {} characters)";
        FIELD_TOO_MANY = "has too many entries (maximum is {})";
        FIELD_ACCEPTED = "must be accepted";
        FIELD_BLOCKED = "uses a disallowed e-mail provider";
        FIELD_UNREACHABLE = "does not seem to exist";
        FIELD_BELOW_AGE = "is below the age limit";
        FIELD_COMMON = "is one of those that are tried first: choose another";
        FIELD_OBVIOUS = "is too close to the name or the site: choose another";
    }

    /// Notices of the page of authorized apps.
    AUTHORIZED_APPS {
        /// An app's access was removed a moment ago.
        ACCESS_REMOVED = "The app’s access is removed. It is signed out everywhere.";
        /// The same of several apps.
        ACCESSES_REMOVED = "The access of these apps is removed. They are signed out everywhere.";
        /// None of them was unused for so long any more.
        NO_ACCESS_REMOVED = "No app was unused for so long any more, so none was removed.";
    }

    /// What the page of the own sign-ins says.
    SESSIONS {
        SESSION_ENDED = "That browser is signed out.";
        OTHER_SESSIONS_ENDED = "All other browsers are signed out.";
        SESSION_OVER = "That is over already.";
        BROWSER_FORGOTTEN = "That browser is asked for a second factor again.";
        /// Title and message: this browser was signed out.
        SIGNED_OUT_TITLE = "You are signed out";
        SIGNED_OUT = "This browser is not signed in to your account any more.";
        /// An app asks for a sign-out and makes a mistake: it names another app's address, or shows a token of nobody.
        LOGOUT_BROKEN = "The request of the app is not right. Nothing has happened yet, and signing out does not lead back to it.";
    }

    /// What the page for devices says.
    DEVICES {
        /// A code that nobody asked for, or that is not one.
        UNKNOWN_DEVICE_CODE = "There is no such code. Compare it with what your device shows.";
        /// A code that was answered before, or whose time is over.
        DEVICE_CODE_OVER_TITLE = "This code is over";
        DEVICE_CODE_OVER = "It was answered already, or it is older than 15 minutes. Start again on your device.";
        ANOTHER_DEVICE_CODE = "Enter another code";
        /// The person said yes.
        DEVICE_ALLOWED_TITLE = "Access allowed";
        DEVICE_ALLOWED = "You can go back to your program.";
        /// The person said no.
        DEVICE_DENIED_TITLE = "Access refused";
        DEVICE_DENIED = "The program gets no access to your account.";
        /// The person said no to a program that a provider would have signed in.
        PROGRAM_REFUSED = "The program gets no access to your account. You can close this window.";
    }

    /// What the links are that an app gives of itself.
    APP_LINKS {
        /// `policy_uri`
        PRIVACY_POLICY = "Privacy policy";
        /// `tos_uri`
        TERMS_OF_SERVICE = "Terms of service";
        /// `logo_uri`
        LOGO = "Logo";
    }

    /// Days, as [`MomentOnPage`](crate::host::pages::MomentOnPage) writes them.
    DAYS {
        /// The month's day and the year stand for `{}`, here and below.
        JANUARY = "{} January {}";
        FEBRUARY = "{} February {}";
        MARCH = "{} March {}";
        APRIL = "{} April {}";
        MAY = "{} May {}";
        JUNE = "{} June {}";
        JULY = "{} July {}";
        AUGUST = "{} August {}";
        SEPTEMBER = "{} September {}";
        OCTOBER = "{} October {}";
        NOVEMBER = "{} November {}";
        DECEMBER = "{} December {}";
    }
}

/// Every text of this file.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    NAMED.iter().copied().flatten().copied().chain(staff::all())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ambient::Timestamp;

    #[test]
    fn page_texts_list_every_month_as_dates_are_written() {
        let month = 30 * 24 * 60 * 60 * 1_000_000;
        for (number, day) in (0..).zip(DAYS) {
            // The 15th of January 2026, and from there month by month.
            let written = Timestamp::from_micros(1_768_435_200_000_000 + number * month).to_day();
            let name = day.trim_matches(['{', '}']);
            assert!(written.contains(name) && written.ends_with(" 2026"), "{written} is no {day}");
        }
    }

    #[test]
    fn each_text_has_one_name() {
        let texts: Vec<&str> = all().collect();
        let different: BTreeSet<&str> = texts.iter().copied().collect();
        assert_eq!(texts.len(), different.len());
    }
}
