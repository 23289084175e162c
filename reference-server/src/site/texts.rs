//! The English texts of the site's pages, beside those of their templates and of the demo's steps; the pages translate them.

use lysand_auth::error::Code;

use crate::pages::contexts::{Notice, NoticeKind};

/// What stands on the home page of a server that does not say what it is.
pub(super) const DESCRIPTION: &str = "This server signs you in to apps of the fediverse.";

/// What the account page says after a sign-in that took the closing of the account back, as the library's consent page does.
pub(super) const CLOSING_CANCELLED: &str = "Your account was to be deleted. You signed in, so it stays.";

/// What is said in the set-up form about a repetition of the password that is another one.
pub(super) const PASSWORDS_DIFFER: &str = "The two passwords differ";

/// The title of the page about a run of the demo that cannot go on, and the reasons.
pub(super) const DEMO_OVER: &str = "This run of the demo is over";
pub(super) const DEMO_UNKNOWN_RUN: &str = "Each run of the demo works once, in the browser in which it began.";
pub(super) const DEMO_FOREIGN_ANSWER: &str =
    "The answer that came back does not belong to the run that began in this browser.";

/// How a run of the demo ends: heading and summary.
pub(super) const DEMO_WORKED: [&str; 2] = [
    "It worked",
    "The demo signed you in and could speak for this account. Below is every request on the way, as any app would send it, \
     with the answer that it gets.",
];
pub(super) const DEMO_DENIED: [&str; 2] =
    ["You said no", "The app got an answer, but no code: it may not speak for anybody."];
pub(super) const DEMO_FAILED: [&str; 2] = ["Something is wrong", "The demo came this far and no farther."];

/// Title and message of the error pages.
pub(super) const NOT_FOUND: [&str; 2] = ["There is no such page", "The address is wrong, or what was there is gone."];
pub(super) const FRONTEND_UNREACHABLE: [&str; 2] =
    ["This page cannot be shown", "The part of this site that shows it does not answer. Please try again later."];
/// The library has the same for its own forms.
pub(super) const UNREADABLE_FORM: [&str; 2] = [
    "This form cannot be read",
    "Nothing was changed. Please go back, load the page again and send the form once more.",
];
pub(super) const INVALID_SETUP_LINK: [&str; 2] = [
    "This set-up link no longer works",
    "A set-up link works once, until there is an admin account, and only while the server that printed it runs. If there \
     is no admin yet, take the link that the server printed when it last started, or run “reference-server account create \
     NAME --email ADDRESS --admin”.",
];

/// What the home page can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HomeNotice {
    /// The first admin was made.
    Ready,
    /// An identity was linked.
    Linked,
    /// An identity was not linked, because it or the account has another link.
    AlreadyLinked,
    /// An identity was not linked, because the flow is unknown, over or another browser's.
    InvalidFlow,
    /// An identity was not linked for another reason.
    NotLinked,
}

impl HomeNotice {
    /// The name of [`Ready`](Self::Ready) in queries. The others follow from the parameters that end a link (Lysand §9.2).
    pub(super) const READY: &'static str = "ready";

    #[cfg(test)]
    const ALL: [Self; 5] = [Self::Ready, Self::Linked, Self::AlreadyLinked, Self::InvalidFlow, Self::NotLinked];

    fn kind(self) -> NoticeKind {
        match self {
            Self::Ready | Self::Linked => NoticeKind::Good,
            Self::AlreadyLinked | Self::InvalidFlow | Self::NotLinked => NoticeKind::Bad,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Ready => "The account is ready. Sign in with it from any app.",
            Self::Linked => "The identity is linked. From now on you can sign in with it.",
            Self::AlreadyLinked => {
                "Nothing was linked: that identity belongs to an account already, or yours has another one there."
            }
            Self::InvalidFlow => {
                "Nothing was linked: this took too long, was done already, or was begun in another browser."
            }
            Self::NotLinked => {
                "Nothing was linked: the other service refused, or gave an answer that cannot be trusted."
            }
        }
    }
}

impl From<HomeNotice> for Notice {
    fn from(notice: HomeNotice) -> Self {
        Self { kind: notice.kind(), text: notice.text() }
    }
}

/// What the page of the own account can tell. The query names a notice and its text is ours, so that no link can put words
/// into our mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountNotice {
    /// An identity is unlinked.
    Unlinked,
    /// The last way to sign in was not unlinked.
    LastWayIn,
    /// An identity was to be unlinked that is not linked.
    NotLinked,
    /// The provider is unreachable.
    ProviderUnreachable,
    /// Too many attempts.
    TooManyAttempts,
    /// The form is no longer this browser's.
    StaleForm,
    /// The language is saved.
    LanguageSaved,
    /// The pages do not speak the language.
    UnknownLanguage,
}

impl AccountNotice {
    const ALL: [Self; 8] = [
        Self::Unlinked,
        Self::LastWayIn,
        Self::NotLinked,
        Self::ProviderUnreachable,
        Self::TooManyAttempts,
        Self::StaleForm,
        Self::LanguageSaved,
        Self::UnknownLanguage,
    ];

    /// The notice that a query names.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// The notice for a refusal that the person can do something about.
    pub(super) fn of(code: Code) -> Option<Self> {
        match code {
            Code::LastWayIn => Some(Self::LastWayIn),
            Code::NotFound => Some(Self::NotLinked),
            Code::ProviderUnreachable => Some(Self::ProviderUnreachable),
            Code::TooManyRequests => Some(Self::TooManyAttempts),
            _ => None,
        }
    }

    /// Its name in queries.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::LastWayIn => "last",
            Self::NotLinked => "gone",
            Self::ProviderUnreachable => "away",
            Self::TooManyAttempts => "wait",
            Self::StaleForm => "old",
            Self::LanguageSaved => "language",
            Self::UnknownLanguage => "unspoken",
        }
    }

    fn kind(self) -> NoticeKind {
        match self {
            Self::Unlinked | Self::LanguageSaved => NoticeKind::Good,
            _ => NoticeKind::Bad,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Unlinked => "The identity is no longer linked.",
            Self::LastWayIn => {
                "That is the only way to sign in to this account, so it stays. Link another identity first."
            }
            Self::NotLinked => "That identity is not linked.",
            Self::ProviderUnreachable => "The other service cannot be reached. Please try again later.",
            Self::TooManyAttempts => "Too many attempts. Please wait before trying again.",
            Self::StaleForm => "This page was open for too long. Please try again.",
            Self::LanguageSaved => "Saved. This is the language of the pages from now on.",
            Self::UnknownLanguage => "This server does not speak that language. Nothing was changed.",
        }
    }
}

impl From<AccountNotice> for Notice {
    fn from(notice: AccountNotice) -> Self {
        Self { kind: notice.kind(), text: notice.text() }
    }
}

/// All texts of this file, for those who translate them.
#[cfg(test)]
pub(super) fn all() -> Vec<&'static str> {
    let pairs = [DEMO_WORKED, DEMO_DENIED, DEMO_FAILED, NOT_FOUND, FRONTEND_UNREACHABLE, INVALID_SETUP_LINK];
    let single = [DESCRIPTION, PASSWORDS_DIFFER, DEMO_OVER, DEMO_UNKNOWN_RUN, DEMO_FOREIGN_ANSWER];
    let mut texts: Vec<_> = pairs.into_iter().flatten().chain(single).collect();
    texts.extend(crate::settings::LEGAL_NAMES);
    texts.extend(crate::settings::live_texts());
    texts.extend(HomeNotice::ALL.map(HomeNotice::text));
    texts.extend(AccountNotice::ALL.map(AccountNotice::text));
    texts
}
