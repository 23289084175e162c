//! [`Auth`]: the one handle, and its builder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::ambient::Ambient;
use crate::config::{Config, ConfigProblem, ConfigProblems, InForce, LiveConfig, Signups};
use crate::error::Error;
use crate::host::NoMail;
use crate::host::accounts::Accounts;
use crate::host::factor::{self, Factor};
use crate::host::live_settings::LiveSettings;
use crate::host::mail_domains::MailDomains;
use crate::host::mailer::Mailer;
use crate::host::offers::{Offered, Offers};
use crate::host::pages::{FrontendPages, Pages, Plain};
use crate::host::revocations::{Endings, Revocations};
use crate::host::sign_in_rules::SignInRules;
use crate::keys::SecretKey;
use crate::model::account::{Account, AccountId};
use crate::model::request_counter::RequestCounters;
use crate::secret::Digest;
use crate::signing::SigningKeys;
use crate::store::Store;
use crate::store::limit_gates::LimitGates;
use crate::store::outbox_signal::OutboxSignal;
use crate::store::uses::Uses;
#[cfg(feature = "sso")]
use crate::upstream::ProviderClients;

/// How often expired rows are deleted, unless the host says otherwise.
const HOUSEKEEPING: Duration = Duration::from_secs(15 * 60);

/// How often the outbox is looked at when nobody says that there is a mail.
const OUTBOX: Duration = Duration::from_secs(2);

/// How often settings that staff changed elsewhere are looked for (people PPL-154).
const SETTINGS: Duration = Duration::from_secs(3);

/// Carries configuration, store, host, clock and randomness to the flows. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Parts>);

struct Parts {
    config: Config,
    in_force: InForce,
    store: Store,
    accounts: Arc<dyn Accounts>,
    mailer: Arc<dyn Mailer>,
    mail_domains: Option<Arc<dyn MailDomains>>,
    pages: Arc<dyn Pages>,
    revocations: Endings,
    sign_in_rules: Option<Arc<dyn SignInRules>>,
    factors: Vec<Arc<dyn Factor>>,
    live_settings: Option<Arc<dyn LiveSettings>>,
    ambient: Ambient,
    keys: SigningKeys,
    secret_key: SecretKey,
    form_key: [u8; 64],
    code_key: [u8; 64],
    #[cfg(feature = "sso")]
    provider_clients: ProviderClients,
    uses: Uses,
    session_uses: Uses,
    request_counters: RequestCounters,
    limit_gates: LimitGates,
    housekeeping: Recurring,
    sending: Recurring,
    reading_settings: Recurring,
    settings_read: tokio::sync::Mutex<Option<Digest>>,
    reported_source: AtomicBool,
    outbox: OutboxSignal,
    offers: Offers,
}

impl Auth {
    /// Begins to put an `Auth` together.
    #[must_use]
    pub fn builder(config: Config, store: Store) -> AuthBuilder {
        let ambient = Ambient::system();
        AuthBuilder {
            config,
            store,
            accounts: None,
            mailer: None,
            mail_domains: None,
            pages: None,
            revocations: None,
            sign_in_rules: None,
            factors: Vec::new(),
            live_settings: None,
            ambient,
            housekeeping_every: Some(HOUSEKEEPING),
            outbox_every: Some(OUTBOX),
            settings_every: Some(SETTINGS),
        }
    }

    /// What the embedder decided.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Who may sign up now, and what is asked of them.
    #[must_use]
    pub fn signups(&self) -> Arc<Signups> {
        self.0.in_force.signups()
    }

    /// All that is in force now of what can change while the server runs.
    #[must_use]
    pub fn live_config(&self) -> LiveConfig {
        self.0.in_force.get()
    }

    /// Puts another part of the configuration into force, from the next request on.
    ///
    /// # Errors
    /// All that is wrong with it, at once; then the former stays in force.
    pub fn put_in_force(&self, config: LiveConfig) -> Result<(), ConfigProblems> {
        self.0.in_force.replace(config)
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The host's accounts.
    #[must_use]
    pub fn accounts(&self) -> &dyn Accounts {
        &*self.0.accounts
    }

    /// Whether the host offers what a journey needs.
    pub(crate) async fn offers(&self, what: Offered) -> bool {
        self.0.offers.find_out(self.accounts(), what).await
    }

    /// Asks the host for what documents and links tell that it may offer, before somebody reads of it in a document.
    pub(crate) async fn find_out_offers(&self) {
        for what in [Offered::SignUp, Offered::Password] {
            self.offers(what).await;
        }
    }

    /// The same, as far as it is known.
    pub(crate) fn is_known_to_offer(&self, what: Offered) -> Option<bool> {
        self.0.offers.known(what)
    }

    /// The account with this id. A host that answers with another account is not believed: what belongs to one account must
    /// never open another.
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<Account>, Error> {
        let found = self.accounts().by_id(id).await.map_err(Error::from_host)?;
        if let Some(other) = found.as_ref().filter(|found| found.id != *id) {
            tracing::error!(asked = %id, answered = %other.id, "Accounts::by_id answered with another account");
            return Err(Error::failed("the host answered with another account"));
        }
        Ok(found)
    }

    /// The host's mail.
    #[must_use]
    pub fn mailer(&self) -> &dyn Mailer {
        &*self.0.mailer
    }

    /// What the host knows of the domains that mail goes to, if it looks them up.
    pub(crate) fn mail_domains(&self) -> Option<&dyn MailDomains> {
        self.0.mail_domains.as_deref()
    }

    /// The host's pages.
    #[must_use]
    pub fn pages(&self) -> &dyn Pages {
        &*self.0.pages
    }

    /// Whom to tell what is over: the host, when it wants to know, and the streams that are open in this process.
    pub(crate) fn revocations(&self) -> &Endings {
        &self.0.revocations
    }

    /// What the host demands of a sign-in, when it has rules.
    pub(crate) fn sign_in_rules(&self) -> Option<Arc<dyn SignInRules>> {
        self.0.sign_in_rules.clone()
    }

    /// The second factors of the host's own.
    pub(crate) fn host_factors(&self) -> &[Arc<dyn Factor>] {
        &self.0.factors
    }

    /// The settings that staff can change while the server runs, when the host has any.
    pub(crate) fn live_settings(&self) -> Option<Arc<dyn LiveSettings>> {
        self.0.live_settings.clone()
    }

    /// What was stored when the settings were last read, for one task at a time.
    pub(crate) fn settings_read(&self) -> &tokio::sync::Mutex<Option<Digest>> {
        &self.0.settings_read
    }

    /// The clock and the random source.
    #[must_use]
    pub fn ambient(&self) -> &Ambient {
        &self.0.ambient
    }

    /// The clients of the identity providers.
    #[cfg(feature = "sso")]
    pub(crate) fn provider_clients(&self) -> &ProviderClients {
        &self.0.provider_clients
    }

    pub(crate) fn keys(&self) -> &SigningKeys {
        &self.0.keys
    }

    /// Key material for something of the host's own, such as an encrypted cookie: the same on all replicas, other for each
    /// label, and other when the secret key is (`keys.secrets`).
    #[must_use]
    pub fn subkey(&self, label: &str) -> [u8; 64] {
        self.0.secret_key.subkey(&format!("host: {label}"))
    }

    /// The key of form tokens; derived, so that all replicas share it.
    pub(crate) fn form_key(&self) -> &[u8; 64] {
        &self.0.form_key
    }

    /// The key of the tokens that apps have for themselves.
    pub(crate) fn own_token_key(&self) -> [u8; 64] {
        self.0.secret_key.subkey("client_credentials token")
    }

    /// The key of what the log shows in the place of what was typed.
    pub(crate) fn log_key(&self) -> [u8; 64] {
        self.0.secret_key.subkey("typed text in the log")
    }

    /// The key of the codes in mails.
    pub(crate) fn mail_code_key(&self) -> [u8; 64] {
        self.0.secret_key.subkey("mail code")
    }

    /// The keys of recovery codes: the first is that of new ones, and codes live on when another file comes first.
    pub(crate) fn recovery_keys(&self) -> impl Iterator<Item = [u8; 64]> {
        self.config().keys.secrets().all().map(|key| key.subkey("recovery code"))
    }

    /// The key that signs challenges: for a proof of work, and, with that word in front, for a passkey.
    pub(crate) fn challenge_key(&self) -> [u8; 64] {
        self.0.secret_key.subkey("proof of work")
    }

    /// The key from which the secrets of flows to providers are derived.
    #[cfg(feature = "sso")]
    pub(crate) fn flow_key(&self) -> [u8; 64] {
        self.0.secret_key.subkey("flow to a provider")
    }

    /// The key by which an approved code follows from its pending one; derived, so that all replicas share it.
    pub(crate) fn code_key(&self) -> &[u8; 64] {
        &self.0.code_key
    }

    pub(crate) fn request_counters(&self) -> &RequestCounters {
        &self.0.request_counters
    }

    pub(crate) fn limit_gates(&self) -> &LimitGates {
        &self.0.limit_gates
    }

    /// The tokens that were used.
    pub(crate) fn uses(&self) -> &Uses {
        &self.0.uses
    }

    /// The sessions that were used.
    pub(crate) fn session_uses(&self) -> &Uses {
        &self.0.session_uses
    }

    pub(crate) fn outbox(&self) -> &OutboxSignal {
        &self.0.outbox
    }
}

/// The turn at work that one task of a process does; it is somebody else's once this is dropped.
pub struct Turn {
    auth: Auth,
    every: Duration,
    taken: Arc<AtomicBool>,
}

impl Turn {
    /// Whose work it is.
    pub(crate) fn auth(&self) -> &Auth {
        &self.auth
    }

    /// How often it is done.
    pub(crate) fn every(&self) -> Duration {
        self.every
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.store(false, Ordering::Release);
    }
}

/// Work that is done again and again, if at all.
#[derive(Default)]
struct Recurring {
    every: Option<Duration>,
    taken: Arc<AtomicBool>,
}

impl Recurring {
    fn take(&self, auth: &Auth) -> Option<Turn> {
        let every = self.every?;
        (!self.taken.swap(true, Ordering::AcqRel)).then(|| Turn {
            auth: auth.clone(),
            every,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Auth {
    /// The turn to keep house, unless somebody has it or the host does it itself.
    #[must_use]
    pub fn take_housekeeping_turn(&self) -> Option<Turn> {
        self.0.housekeeping.take(self)
    }

    /// The turn to send what is in the outbox, unless somebody has it or the host does it itself.
    #[must_use]
    pub fn take_outbox_turn(&self) -> Option<Turn> {
        self.0.sending.take(self)
    }

    /// The turn to read the settings that staff changed, unless somebody has it or there are none.
    #[must_use]
    pub fn take_settings_turn(&self) -> Option<Turn> {
        self.0.live_settings.as_ref().and_then(|_| self.0.reading_settings.take(self))
    }
}

impl Auth {
    /// True the first time that it is asked: the log says once what is wrong with a proxy (faults D6).
    pub(crate) fn is_first_unreadable_source(&self) -> bool {
        !self.0.reported_source.swap(true, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("base_url", &self.0.config.base_url.as_str()).finish_non_exhaustive()
    }
}

/// Puts an [`Auth`] together: accounts are required.
pub struct AuthBuilder {
    config: Config,
    store: Store,
    accounts: Option<Arc<dyn Accounts>>,
    mailer: Option<Arc<dyn Mailer>>,
    mail_domains: Option<Arc<dyn MailDomains>>,
    pages: Option<Arc<dyn Pages>>,
    revocations: Option<Arc<dyn Revocations>>,
    sign_in_rules: Option<Arc<dyn SignInRules>>,
    factors: Vec<Arc<dyn Factor>>,
    live_settings: Option<Arc<dyn LiveSettings>>,
    ambient: Ambient,
    housekeeping_every: Option<Duration>,
    outbox_every: Option<Duration>,
    settings_every: Option<Duration>,
}

impl AuthBuilder {
    /// Who the people are.
    #[must_use]
    pub fn accounts(mut self, accounts: Arc<dyn Accounts>) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// How mail is sent; without one, [`NoMail`].
    #[must_use]
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Has the domains of new addresses looked up: they must take mail. Without, any well-formed address is taken.
    #[must_use]
    pub fn mail_domains(mut self, mail_domains: Arc<dyn MailDomains>) -> Self {
        self.mail_domains = Some(mail_domains);
        self
    }

    /// How pages look; without, [`Plain`].
    ///
    /// With `config.frontend.origin`, sign-in and consent are a frontend's, and these show the pages that it does not have.
    #[must_use]
    pub fn pages(mut self, pages: Arc<dyn Pages>) -> Self {
        self.pages = Some(pages);
        self
    }

    /// Who is told when a grant, an app's access, or all of an account is over. Not required.
    #[must_use]
    pub fn revocations(mut self, revocations: Arc<dyn Revocations>) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// What a sign-in needs beyond what the library asks for. Not required.
    #[must_use]
    pub fn sign_in_rules(mut self, rules: Arc<dyn SignInRules>) -> Self {
        self.sign_in_rules = Some(rules);
        self
    }

    /// A kind of second factor of your own; several of them by several calls. Not required.
    #[must_use]
    pub fn factor(mut self, factor: Arc<dyn Factor>) -> Self {
        self.factors.push(factor);
        self
    }

    /// Which settings staff can change while the server runs. Not required.
    #[must_use]
    pub fn live_settings(mut self, settings: Arc<dyn LiveSettings>) -> Self {
        self.live_settings = Some(settings);
        self
    }

    /// Another clock and random source than the system's: for tests.
    #[must_use]
    pub fn ambient(mut self, ambient: Ambient) -> Self {
        self.ambient = ambient;
        self
    }

    /// How often expired rows are deleted, instead of every 15 minutes; `None` when the host does it itself, by
    /// [`flows::sweep`](crate::flows::sweep).
    ///
    /// The first application that [`web::mount`](crate::web::mount) is added to does it, on the tokio runtime of its worker.
    #[must_use]
    pub fn housekeeping_every(mut self, interval: Option<Duration>) -> Self {
        self.housekeeping_every = interval;
        self
    }

    /// How often the outbox is looked at when nobody says that there is a mail, instead of every 2 seconds; `None` when the
    /// host sends the mails itself, by [`flows::outbox`](crate::flows::outbox).
    #[must_use]
    pub fn outbox_every(mut self, interval: Option<Duration>) -> Self {
        self.outbox_every = interval;
        self
    }

    /// How often settings that staff changed elsewhere are looked for, instead of every 3 seconds; `None` when the host does
    /// it itself, by [`flows::settings`](crate::flows::settings).
    #[must_use]
    pub fn settings_every(mut self, interval: Option<Duration>) -> Self {
        self.settings_every = interval;
        self
    }

    /// Checks everything and builds the handle.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn build(self) -> Result<Auth, ConfigProblems> {
        let mut problems = self.config.check();
        let keys = SigningKeys::read(self.config.keys.signing(), self.config.keys.rsa());
        // That there is none is told already.
        if let Some(error) = keys.as_ref().err().filter(|_| !self.config.keys.signing().is_empty()) {
            problems.push(ConfigProblem::new(error.field(), error.to_string()));
        }
        #[cfg(feature = "sso")]
        let provider_clients = ProviderClients::of(&self.config, &mut problems);
        problems.extend(factor::problems(&self.factors));
        if self.accounts.is_none() {
            problems.push(ConfigProblem::new("accounts", "was not given to the builder"));
        }
        let secret_key = self.config.keys.secrets().first().cloned();
        let (Ok(keys), Some(secret_key), Some(accounts)) = (keys, secret_key, self.accounts) else {
            return Err(ConfigProblems(problems));
        };
        if !problems.is_empty() {
            return Err(ConfigProblems(problems));
        }
        let pages = self.pages.unwrap_or_else(|| Arc::new(Plain));
        let pages: Arc<dyn Pages> = match &self.config.frontend.origin {
            None => pages,
            Some(_) => Arc::new(FrontendPages::new(&self.config, pages)),
        };
        let in_force = InForce::new(LiveConfig::of(&self.config.signups, &self.config.mail, &self.config.title));
        Ok(Auth(Arc::new(Parts {
            config: self.config,
            in_force,
            store: self.store,
            accounts,
            mail_domains: self.mail_domains,
            mailer: self.mailer.unwrap_or_else(|| Arc::new(NoMail::default())),
            pages,
            revocations: Endings::new(self.revocations),
            sign_in_rules: self.sign_in_rules,
            factors: self.factors,
            live_settings: self.live_settings,
            ambient: self.ambient,
            keys,
            form_key: secret_key.subkey("form token"),
            code_key: secret_key.subkey("approved code"),
            secret_key,
            #[cfg(feature = "sso")]
            provider_clients: provider_clients.ok_or_else(ConfigProblems::default)?,
            uses: Uses::default(),
            session_uses: Uses::default(),
            request_counters: RequestCounters::default(),
            limit_gates: LimitGates::default(),
            housekeeping: Recurring { every: self.housekeeping_every, ..Recurring::default() },
            sending: Recurring { every: self.outbox_every, ..Recurring::default() },
            reading_settings: Recurring { every: self.settings_every, ..Recurring::default() },
            settings_read: tokio::sync::Mutex::default(),
            reported_source: AtomicBool::new(false),
            outbox: OutboxSignal::default(),
            offers: Offers::default(),
        })))
    }
}
