//! The outbox on both databases: PostgreSQL where `TEST_POSTGRES_URL` names one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;
use crate::ambient::{Ambient, Clock};
use crate::config::{BaseUrl, Config};
use crate::host::HostResult;
use crate::host::accounts::Accounts;
use crate::host::mailer::{MailState, Mailer};
use crate::keys::Keys;
use crate::model::account::{AccountId, Email};
use crate::model::list_page::RowSpan;
use crate::model::mail_token::{CodeCheck, Link, MailToken};
use crate::steps::mail::Queued;
use crate::store::mail_tokens::CodeOf;
use crate::store::{MIGRATIONS, Store};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Accounts of everybody but `gone`.
struct Everybody;

#[async_trait]
impl Accounts for Everybody {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        Ok(Some(person(id.as_str())).filter(|_| id.as_str() != "gone"))
    }

    async fn by_identifier(&self, _: &str) -> HostResult<Option<Account>> {
        Ok(None)
    }

    async fn check_password(&self, _: &str, _: &Secret) -> HostResult<Option<Account>> {
        Ok(None)
    }
}

fn person(name: &str) -> Account {
    let email = Email { address: format!("{name}@example.com"), confirmed: true };
    Account::new(AccountId::new(name), name).with_email(email)
}

/// Keeps what it is given, and fails as it is told to.
#[derive(Default)]
struct Recorder {
    letters: Mutex<Vec<Letter>>,
    failures: Mutex<VecDeque<&'static str>>,
    wait: Duration,
}

#[async_trait]
impl Mailer for Recorder {
    async fn send(&self, letter: &Letter) -> HostResult<()> {
        tokio::time::sleep(self.wait).await;
        self.letters.lock().unwrap().push(letter.clone());
        match self.failures.lock().unwrap().pop_front() {
            None | Some("") => Ok(()),
            Some("never") => Err(MailRefused::new("550 no such person").into()),
            Some(why) => Err(why.into()),
        }
    }
}

struct Server {
    auth: Auth,
    clock: Arc<TestClock>,
    recorder: Arc<Recorder>,
}

impl Server {
    fn over(store: Store, clock: Arc<TestClock>, wait: Duration) -> Self {
        let ambient = Ambient::system().with_clock(clock.clone());
        let base_url = BaseUrl::parse("https://social.example").unwrap();
        let keys = Keys::new(vec![crate::keys::new_key(&ambient)], vec![[7; 32]]);
        let recorder = Arc::new(Recorder { wait, ..Recorder::default() });
        let builder = Auth::builder(Config::new(base_url, keys), store).accounts(Arc::new(Everybody));
        let auth = builder.mailer(recorder.clone()).ambient(ambient).build().unwrap();
        Self { auth, clock, recorder }
    }

    fn forward(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::Relaxed);
    }

    async fn put(&self, mail: Outgoing) -> Queued {
        self.auth.store().write(move |c| Box::pin(mail::enqueue(c, mail))).await.unwrap()
    }

    fn confirm(&self, name: &str) -> Outgoing {
        let mail = Outgoing::to_account(&self.auth, &person(name), Mail::Confirm).unwrap();
        mail.with_link(link(Purpose::Confirm, name))
    }

    async fn deliver(&self) -> Delivery {
        send_waiting(&self.auth).await.unwrap()
    }

    fn letters(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.recorder.letters.lock().unwrap())
    }

    fn fail(&self, why: &[&'static str]) {
        self.recorder.failures.lock().unwrap().extend(why);
    }

    async fn states(&self) -> BTreeMap<&'static str, usize> {
        let mut states = BTreeMap::new();
        for mail in list(&self.auth, None, 1_000).await.unwrap() {
            *states.entry(mail.state.word()).or_default() += 1;
        }
        states
    }

    /// The events of the account `ada`.
    async fn failures(&self) -> Vec<String> {
        let wanted = events::Wanted { target: Some("ada".into()), ..Default::default() };
        let span = RowSpan { after: String::new(), before: None, oldest_first: false, most: 9 };
        let found = self.auth.store().read(move |c| Box::pin(async move { events::some(c, &wanted, &span).await }));
        let found = found.await.unwrap();
        found.into_iter().map(|event| event.event).collect()
    }

    async fn by_link(&self, link: &Letter) -> Option<MailToken> {
        let digest = token_of(link).digest();
        self.auth.store().look_up(move |c| Box::pin(mail_tokens::by_link(c, digest))).await.unwrap()
    }

    async fn spend(&self, id: &str) -> bool {
        let (id, now) = (id.to_owned(), self.auth.ambient().now());
        self.auth.store().write(move |c| Box::pin(async move { mail_tokens::spend(c, &id, now).await })).await.unwrap()
    }

    async fn check(&self, name: &str, code: &str) -> CodeCheck {
        let of = CodeOf { purpose: Purpose::Confirm, account: AccountId::new(name), subject: None };
        let (code, now) = (mail::code_digest(&self.auth, code), self.auth.ambient().now());
        let check =
            self.auth.store().write(move |c| Box::pin(async move { mail_tokens::check_code(c, &of, code, now).await }));
        check.await.unwrap()
    }
}

fn link(purpose: Purpose, name: &str) -> Link {
    let account = Some(AccountId::new(name));
    Link { purpose, account, subject: None, ttl: HOUR, has_code: purpose == Purpose::Confirm }
}

fn token_of(letter: &Letter) -> Secret {
    let link = letter.link.as_ref().unwrap().expose();
    Secret::new(link.split_once('=').unwrap().1)
}

fn code_of(letter: &Letter) -> String {
    letter.code.as_ref().unwrap().expose().to_owned()
}

/// A database for one test.
struct Database {
    url: String,
    folder: Option<tempfile::TempDir>,
}

impl Database {
    async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(feature = "sqlite")]
        {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("outbox.sqlite3").display());
            all.push(Self { url, folder: Some(folder) });
        }
        #[cfg(feature = "postgres")]
        all.extend(Self::postgres().await);
        all
    }

    #[cfg(feature = "postgres")]
    async fn postgres() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where PostgreSQL is")]
        let cluster = std::env::var("TEST_POSTGRES_URL").ok()?;
        let (client, connection) = tokio_postgres::connect(&cluster, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("outbox_{}", Ambient::system().id().replace('-', ""));
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let mut url = url::Url::parse(&cluster).unwrap();
        url.set_path(&name);
        Some(Self { url: url.to_string(), folder: None })
    }

    async fn store(&self) -> Store {
        static SETS: [crate::store::MigrationSet; 1] = [MIGRATIONS];
        let store = Store::open(&Secret::new(&*self.url), 8).await.unwrap();
        store.migrate(&SETS).await.unwrap();
        store
    }

    async fn server(&self) -> Server {
        self.replica(&Arc::new(TestClock(AtomicI64::new(1_795_294_800_000_000))), Duration::ZERO).await
    }

    async fn replica(&self, clock: &Arc<TestClock>, wait: Duration) -> Server {
        Server::over(self.store().await, clock.clone(), wait)
    }

    /// All that the database holds of mails, as text.
    async fn dump(&self) -> String {
        if let Some(folder) = &self.folder {
            let files = std::fs::read_dir(folder.path()).unwrap();
            let bytes = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect::<Vec<u8>>();
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        #[cfg(not(feature = "postgres"))]
        return String::new();
        #[cfg(feature = "postgres")]
        self.dump_of_postgres().await
    }

    #[cfg(feature = "postgres")]
    async fn dump_of_postgres(&self) -> String {
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut text = String::new();
        for table in ["auth_mail", "auth_mail_token"] {
            for row in client.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap() {
                text += &row.get::<_, String>(0);
            }
        }
        text
    }
}

#[test]
fn mail_is_tried_again_at_growing_distances() {
    let minutes = |tries| again_after(tries).as_secs() / 60;
    assert_eq!([1, 2, 3, 4, 5, 6, 99].map(minutes), [1, 5, 15, 60, 180, 180, 180]);
    let wait = Duration::from_secs(100);
    assert_eq!(spread(wait, [0; 4]), Duration::from_secs(80));
    assert_eq!(spread(wait, [0xff; 4]), Duration::from_secs(120));
}

#[tokio::test]
async fn outbox_holds_no_secret_before_or_after_a_mail_is_sent() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        server
            .put(
                Outgoing::to_account(&server.auth, &person("eve"), Mail::Reset)
                    .unwrap()
                    .with_link(link(Purpose::Reset, "eve")),
            )
            .await;
        server.fail(&["later", "later"]);
        assert_eq!(server.deliver().await.again, 2);
        let mut letters = server.letters();
        server.forward(2 * MINUTE);
        assert_eq!(server.deliver().await.sent, 2);
        letters.extend(server.letters());
        let dump = database.dump().await;
        assert!(dump.contains("ada@example.com"));
        for letter in &letters {
            let token = token_of(letter);
            assert!(!dump.contains(token.expose()), "a link is in the database");
            assert_ne!(letter.mail == Mail::Confirm, letter.code.is_none());
            if let Some(code) = &letter.code {
                assert!(!dump.contains(code.expose()), "a code is in the database");
                // Eight digits are guessed from a plain digest at once.
                let plain = code.digest();
                let hex: String = plain.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                assert!(!dump.contains(&hex) && !dump.contains(&*String::from_utf8_lossy(&plain.as_bytes()[..8])));
            }
        }
        let reset = letters.iter().find(|letter| letter.mail == Mail::Reset).unwrap();
        let page = "https://social.example/oauth/reset?token=";
        let hex = reset.link.as_ref().unwrap().expose().strip_prefix(page).unwrap();
        assert!(hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hex}");
        let confirm = letters.iter().find(|letter| letter.mail == Mail::Confirm).unwrap();
        assert!(confirm.link.as_ref().unwrap().expose().starts_with("https://social.example/register/confirm?token="));
        assert!(code_of(confirm).len() == 8 && code_of(confirm).bytes().all(|byte| byte.is_ascii_digit()));
    }
}

#[tokio::test]
async fn mail_sent_again_has_new_secrets_and_its_lifetime_counts_from_then() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        server.forward(3 * HOUR);
        server.fail(&["451 try again"]);
        assert_eq!(server.deliver().await, Delivery { again: 1, ..Delivery::default() });
        assert_eq!(server.deliver().await, Delivery::default(), "not at once");
        let first = server.letters().remove(0);
        assert!(server.by_link(&first).await.unwrap().is_live(server.auth.ambient().now()), "it may have arrived");
        server.forward(2 * MINUTE);
        assert_eq!(server.deliver().await.sent, 1);
        let second = server.letters().remove(0);
        assert_eq!(first.id, second.id);
        assert!(server.by_link(&first).await.is_none() && first.code != second.code);
        assert_eq!(server.check("ada", &code_of(&first)).await, CodeCheck::Wrong);
        server.forward(HOUR - MINUTE);
        let token = server.by_link(&second).await.unwrap();
        assert!(token.is_live(server.auth.ambient().now()));
        assert!(matches!(server.check("ada", &code_of(&second)).await, CodeCheck::Right(_)));
        server.forward(2 * MINUTE);
        assert!(!token.is_live(server.auth.ambient().now()) && !server.spend(&token.id).await);
        assert_eq!(server.check("ada", &code_of(&second)).await, CodeCheck::Ended);
    }
}

#[tokio::test]
async fn newer_mail_ends_the_link_of_the_older_and_cancels_it_where_it_still_waits() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        server.put(server.confirm("eve")).await;
        server.deliver().await;
        let letters = server.letters();
        server.forward(MINUTE);
        server.put(server.confirm("ada")).await;
        server.fail(&["later"]);
        server.deliver().await;
        let older = letters.iter().find(|letter| letter.username.as_deref() == Some("ada")).unwrap();
        let other = letters.iter().find(|letter| letter.username.as_deref() == Some("eve")).unwrap();
        assert!(server.by_link(older).await.unwrap().ended_at.is_some());
        assert!(server.by_link(other).await.unwrap().ended_at.is_none(), "another account");
        // The one that could not be sent is over once a newer one was.
        server.put(server.confirm("ada")).await;
        assert_eq!(server.deliver().await.sent, 1);
        server.forward(HOUR);
        assert_eq!(server.deliver().await, Delivery { cancelled: 1, ..Delivery::default() });
    }
}

#[tokio::test]
async fn former_addresses_keep_their_own_links_that_undo() {
    for database in Database::all().await {
        let server = database.server().await;
        for change in ["1", "2"] {
            let mail = Mail::EmailChanged { old: "a@b.example".into(), new: format!("{change}@b.example") };
            let mut link = link(Purpose::EmailUndo, "ada");
            link.subject = Some(change.to_owned());
            server.put(Outgoing::to_account(&server.auth, &person("ada"), mail).unwrap().with_link(link)).await;
            server.deliver().await;
        }
        for letter in server.letters() {
            assert!(server.by_link(&letter).await.unwrap().is_live(server.auth.ambient().now()));
        }
    }
}

#[tokio::test]
async fn mail_that_lost_its_purpose_is_cancelled_and_a_rolled_back_transaction_sends_nothing() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        server.put(server.confirm("gone")).await;
        server.put(Outgoing::to_account(&server.auth, &person("gone"), Mail::Deleted).unwrap()).await;
        let now = server.auth.ambient().now();
        let ended = server.auth.store().write(move |c| {
            Box::pin(
                async move { mail_tokens::end_of_account(c, &AccountId::new("ada"), &[Purpose::Confirm], now).await },
            )
        });
        ended.await.unwrap();
        let mail = server.confirm("eve");
        let rolled_back = server.auth.store().write(move |c| {
            Box::pin(async move {
                mail::enqueue(c, mail).await?;
                Err::<(), _>(Error::failed("no"))
            })
        });
        assert!(rolled_back.await.is_err());
        assert_eq!(server.deliver().await, Delivery { sent: 1, cancelled: 2, ..Delivery::default() });
        assert_eq!(server.letters().iter().map(|letter| letter.mail.kind()).collect::<Vec<_>>(), ["deleted"]);
    }
}

#[tokio::test]
async fn two_replicas_send_each_mail_once() {
    for database in Database::all().await {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_294_800_000_000)));
        let one = database.replica(&clock, Duration::from_millis(3)).await;
        let other = database.replica(&clock, Duration::from_millis(3)).await;
        for number in 0..60 {
            one.put(one.confirm(&format!("p{number}"))).await;
        }
        let (a, b) = tokio::join!(one.deliver(), other.deliver());
        // What the other one had in hand when this one looked is nobody's loss.
        assert_eq!(a.sent + b.sent, 60, "{a:?} {b:?}");
        let mut ids: Vec<_> =
            one.letters().into_iter().chain(other.letters()).map(|letter| letter.id.unwrap()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 60);
    }
}

#[tokio::test]
async fn replica_that_waits_for_its_mail_server_leaves_the_others_their_mails() {
    for database in Database::all().await {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_294_800_000_000)));
        let slow = database.replica(&clock, HOUR).await;
        let quick = database.replica(&clock, Duration::ZERO).await;
        for number in 0..20 {
            slow.put(slow.confirm(&format!("p{number}"))).await;
        }
        let once_the_slow_one_has_some = async {
            while !slow.states().await.contains_key("sending") {
                tokio::task::yield_now().await;
            }
            quick.deliver().await
        };
        tokio::select! {
            delivery = slow.deliver() => panic!("its mail server does not answer: {delivery:?}"),
            delivery = once_the_slow_one_has_some => assert_eq!(delivery, Delivery { sent: 16, ..Delivery::default() }),
        }
        assert_eq!(slow.states().await, [("sending", 4), ("sent", 16)].into());
    }
}

#[tokio::test]
async fn mail_of_a_replica_that_died_is_sent_when_its_lease_is_over() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        let due = server.auth.store().look_up({
            let now = server.auth.ambient().now();
            move |c| Box::pin(mails::due(c, now, 9))
        });
        let taken = take(&server.auth, due.await.unwrap()).await.unwrap();
        assert_eq!((taken.len(), server.states().await), (1, [("sending", 1)].into()));
        assert_eq!(server.deliver().await, Delivery::default(), "somebody has it");
        server.forward(LEASE + Duration::from_secs(1));
        assert_eq!(server.deliver().await.sent, 1);
        // The one that was thought dead comes back: what it says does not count any more.
        let late = taken.into_iter().next().unwrap();
        let (id, until, now) = (late.due.id.clone(), late.lease_until, server.auth.ambient().now());
        let settle = server.auth.store().write(move |c| {
            Box::pin(async move { mails::settle(c, &id, until, &Outcome::Failed("late".into()), now).await })
        });
        assert!(!settle.await.unwrap());
        assert_eq!(server.states().await, [("sent", 1)].into());
    }
}

#[tokio::test]
async fn refused_mail_is_given_up_at_once_and_others_when_their_time_is_over() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(server.confirm("ada")).await;
        server.fail(&["never"]);
        assert_eq!(server.deliver().await.failed, 1);
        let refused = refused_at(&server.auth, "ADA@example.com").await.unwrap();
        assert_eq!(refused, Some(server.auth.ambient().now()));
        let failed = list(&server.auth, None, 9).await.unwrap().remove(0);
        assert_eq!(
            (failed.state, failed.last_error.as_deref()),
            (MailState::Failed, Some("the mail is refused for good: 550 no such person"))
        );
        assert_eq!(server.failures().await, ["mail_failed"]);
        retry(&server.auth, &failed.id, Actor::Command, &Caller::default()).await.unwrap();
        assert_eq!(server.deliver().await.sent, 1);
        assert_eq!(refused_at(&server.auth, "ada@example.com").await.unwrap(), None);
        assert!(
            retry(&server.auth, &failed.id, Actor::Command, &Caller::default()).await.is_err()
                && retry(&server.auth, "nobody", Actor::Command, &Caller::default()).await.is_err()
        );

        server.put(server.confirm("eve")).await;
        let (mut tries, mut delivery) = (0, Delivery::default());
        while delivery.failed == 0 {
            server.fail(&["down"]);
            delivery = server.deliver().await;
            tries += delivery.again + delivery.failed;
            server.forward(30 * MINUTE);
            assert!(tries < 60);
        }
        assert!((20..=32).contains(&tries), "{tries} in three days");
    }
}

#[tokio::test]
async fn mails_that_anybody_causes_are_limited_per_address_and_notices_are_not() {
    for database in Database::all().await {
        let server = database.server().await;
        let ways = ["ada@example.com", "ADA@example.com"];
        let send = |number: usize| {
            let mail = Outgoing::to_address(&server.auth, ways[number % 2], Mail::Confirm);
            let mail = mail.with_link(link(Purpose::Confirm, &number.to_string()));
            server.put(mail)
        };
        // All at the same moment: exactly so many.
        let queued = join_all((0..12).map(send)).await;
        assert_eq!(queued.iter().filter(|queued| **queued == Queued::Waiting).count(), 5);
        assert_eq!(server.states().await, [("cancelled", 7), ("waiting", 5)].into());
        let proven = |number: usize| {
            let mail = Outgoing::to_address(&server.auth, ways[number % 2], Mail::Reset).from_proven_person();
            server.put(mail.with_link(link(Purpose::Reset, &format!("r{number}"))))
        };
        let queued = join_all((0..5).map(proven)).await;
        assert_eq!(queued.iter().filter(|queued| **queued == Queued::Waiting).count(), 3);
        for provider in 0..30 {
            let mail = Mail::IdentityLinked { provider: provider.to_string() };
            assert_eq!(server.put(Outgoing::to_address(&server.auth, ways[0], mail)).await, Queued::Waiting);
        }
        let mut of_a_day = 5;
        for hour in 1..30 {
            server.forward(HOUR + MINUTE);
            let queued = join_all((0..6).map(|number| send(hour * 100 + number))).await;
            let waiting = queued.iter().filter(|queued| **queued == Queued::Waiting).count();
            of_a_day += if hour < 20 { waiting } else { 0 };
            assert!(waiting <= 5);
        }
        assert_eq!(of_a_day, 20);
    }
}

#[tokio::test]
async fn notice_to_the_owner_of_a_taken_address_is_sent_once_a_day() {
    for database in Database::all().await {
        let server = database.server().await;
        let send = || server.put(Outgoing::to_address(&server.auth, "ada@example.com", Mail::SignupExisting));
        let queued = join_all((0..8).map(|_| send())).await;
        assert_eq!(queued.iter().filter(|queued| **queued == Queued::Waiting).count(), 1);
        server.forward(23 * HOUR);
        assert_eq!(send().await, Queued::Limited);
        server.forward(2 * HOUR);
        assert_eq!(send().await, Queued::Waiting);
    }
}

#[tokio::test]
async fn equal_notices_within_ten_minutes_are_one() {
    for database in Database::all().await {
        let server = database.server().await;
        let send = |provider: &str| {
            let mail = Mail::IdentityLinked { provider: provider.to_owned() };
            server.put(Outgoing::to_account(&server.auth, &person("ada"), mail).unwrap())
        };
        for provider in ["one", "one", "two"] {
            send(provider).await;
            server.deliver().await;
        }
        assert_eq!(server.letters().len(), 2);
        server.forward(11 * MINUTE);
        send("one").await;
        assert_eq!(server.deliver().await.sent, 1);
    }
}

#[tokio::test]
async fn five_wrong_codes_end_the_code_and_not_the_link() {
    for database in Database::all().await {
        let server = database.server().await;
        for name in ["ada", "eve", "kay"] {
            server.put(server.confirm(name)).await;
        }
        server.deliver().await;
        let letters = server.letters();
        let of = |name: &str| letters.iter().find(|letter| letter.username.as_deref() == Some(name)).unwrap();
        let wrong = |letter: &Letter| if code_of(letter) == "00000000" { "00000001" } else { "00000000" };
        for _ in 0..4 {
            assert_eq!(server.check("ada", wrong(of("ada"))).await, CodeCheck::Wrong);
        }
        let code = code_of(of("ada"));
        let spaced = format!(" {}-{} ", &code[..4], &code[4..]);
        for _ in 0..3 {
            assert!(matches!(server.check("ada", &spaced).await, CodeCheck::Right(_)), "a right one counts as none");
        }
        assert_eq!(server.check("ada", &code_of(of("kay"))).await, CodeCheck::Wrong, "another account's");
        assert_eq!(server.check("ada", &code).await, CodeCheck::Ended);
        let token = server.by_link(of("ada")).await.unwrap();
        assert!(server.spend(&token.id).await);

        // Guesses at the same moment are as many as guesses one after the other.
        let guesses = join_all((0..40).map(|_| server.check("eve", wrong(of("eve"))))).await;
        assert_eq!(guesses.iter().filter(|guess| **guess == CodeCheck::Wrong).count(), 5);
        assert_eq!(server.check("eve", &code_of(of("eve"))).await, CodeCheck::Ended);
        let token = server.by_link(of("kay")).await.unwrap();
        let spent = join_all((0..20).map(|_| server.spend(&token.id))).await;
        assert_eq!(spent.iter().filter(|spent| **spent).count(), 1, "used once");
        assert_eq!(server.check("kay", &code_of(of("kay"))).await, CodeCheck::Ended, "the code ends with the link");
    }
}

#[tokio::test]
async fn mails_with_links_overtake_notices_and_old_ones_are_swept() {
    for database in Database::all().await {
        let server = database.server().await;
        server.put(Outgoing::to_account(&server.auth, &person("ada"), Mail::Welcome).unwrap()).await;
        server.forward(MINUTE);
        server.put(server.confirm("eve")).await;
        let now = server.auth.ambient().now();
        let due = server.auth.store().look_up(move |c| Box::pin(mails::due(c, now, 9))).await.unwrap();
        assert_eq!(due.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["confirm", "welcome"]);
        server.deliver().await;
        server.forward(89 * 24 * HOUR);
        let sweep = |server: &Server| {
            let before = server.auth.ambient().now().minus(90 * 24 * HOUR);
            let store = server.auth.store().clone();
            async move {
                let mut swept = 0;
                for kind in [crate::store::sweeps::Kind::Mails, crate::store::sweeps::Kind::MailTokens] {
                    let first = crate::store::sweeps::Row::first();
                    let find = store.read(move |c| Box::pin(crate::store::sweeps::find(c, kind, before, first, 99)));
                    let rows = find.await.unwrap().rows;
                    let delete = store.write(move |c| Box::pin(crate::store::sweeps::delete(c, kind, before, rows)));
                    swept += delete.await.unwrap();
                }
                swept
            }
        };
        assert_eq!(sweep(&server).await, 0);
        server.forward(2 * 24 * HOUR);
        assert_eq!(sweep(&server).await, 3);
    }
}
