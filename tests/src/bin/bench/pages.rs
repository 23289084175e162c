//! What rendering a page costs: the consent page, in this process and on one thread, without HTTP and database.

use std::time::Duration;

use lysand_auth::host::pages::{Access, AccountOnPage, AppOnPage, ConsentPage, Destination, Page, Permission, Reader};
use reference_server::pages::TeraPages;
use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;
use crate::load::median;

const ROUNDS: usize = 7;
const PAGES_A_ROUND: u32 = 2_000;
/// Not counted: caches and the allocator settle.
const WARMING: u32 = 500;

/// Prints the cost of one consent page in each language. It is the time of the processor, not of the clock, so that
/// other programs disturb it little.
pub(crate) fn measure() -> Outcome<()> {
    let pages = TeraPages::load(None, "social.example", "social.example")?;
    println!("the consent page, processor time a page (median of {ROUNDS} rounds of {PAGES_A_ROUND}):");
    for (language, _) in pages.languages() {
        let reader = Reader::new(Some(language), []);
        let bytes = rounds(&pages, &reader, WARMING)?.1;
        let mut each = Vec::new();
        for _ in 0..ROUNDS {
            let (took, _) = rounds(&pages, &reader, PAGES_A_ROUND)?;
            each.push(took.as_secs_f64() * 1e6 / f64::from(PAGES_A_ROUND));
        }
        let list: Vec<String> = each.iter().map(|micros| format!("{micros:.1}")).collect();
        println!("{language}: {:.1} µs for {bytes} bytes ({})", median(&each), list.join(", "));
    }
    Ok(())
}

/// Renders so many pages; their processor time, and the size of one.
fn rounds(pages: &TeraPages, reader: &Reader, count: u32) -> Outcome<(Duration, usize)> {
    let start = processor_time();
    let mut bytes = 0;
    for _ in 0..count {
        bytes = pages.library_page(&Page::Consent(consent()), reader)?.html.len();
    }
    Ok((processor_time() - start, bytes))
}

/// The processor time of this thread so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// What a usual Mastodon client asks for: `read write follow push`.
fn consent() -> ConsentPage<'static> {
    const CODE: &str = "Yk2bQ0r5mD3vXn8sWc7tLz1pHf6gJa4eUq9iOoRyBxK";
    const CLIENT: &str = "kPz3vTq8wLm1xRb5nYc7dSf2gHj6aEu4iOo9sXtQrVy";
    const REDIRECT: &str = "https://client.example/callback";
    let permission = |subject: &str, access, clauses: &[&'static str]| Permission {
        grave: false,
        takes_over: false,
        subject: subject.to_owned(),
        access,
        meaning: clauses.join(", "),
        clauses: clauses.to_vec(),
    };
    ConsentPage {
        notice: None,
        allow_action: format!("/api/auth/redirect?client_id={CLIENT}&redirect_uri={REDIRECT}&code={CODE}"),
        deny_action: "/oauth/authorize".to_owned(),
        code: CODE,
        client_id: CLIENT,
        redirect_uri: REDIRECT,
        form_token: CODE.to_owned(),
        app: AppOnPage {
            name: "A usual client",
            website: Some("https://client.example"),
            website_host: Some("client.example".into()),
        },
        account: AccountOnPage { username: "ada", display_name: "Ada Lovelace" },
        switch_account: format!("/oauth/authorize?client_id={CLIENT}&redirect_uri={REDIRECT}&force_login=true"),
        destination: Destination::Site("client.example".to_owned()),
        links: Vec::new(),
        signal: None,
        permissions: vec![
            permission(
                "Everything in your account",
                Access::ReadWrite,
                &[
                    "see all that you can see, private messages included",
                    "post, edit and delete in your name and change your profile",
                ],
            ),
            permission("Push notifications", Access::Read, &["receive your notifications while the app is closed"]),
            permission(
                "Relationships",
                Access::ReadWrite,
                &["see whom you follow, mute and block", "follow, mute and block people for you"],
            ),
        ],
    }
}
