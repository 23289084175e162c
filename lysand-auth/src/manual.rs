//! One walk from `cargo add` to an app that is signed in. Every program here is compiled with the library.
//!
//! # 1. A server
//!
//! ```sh
//! cargo new my-server && cd my-server
//! cargo add lysand-auth actix-web async-trait
//! ```
//!
//! # 2. Your people
//!
//! The library keeps apps, sessions, codes and tokens. People are yours: it asks you who somebody is, through three methods of
//! [`Accounts`]. The key of an account is opaque text, so an integer, a UUID or a URI of yours will do.
//!
//! ```
//! use async_trait::async_trait;
//! use lysand_auth::host::HostResult;
//! use lysand_auth::host::accounts::Accounts;
//! use lysand_auth::host::accounts::{Account, AccountId};
//! use lysand_auth::password::Passwords;
//! use lysand_auth::Secret;
//!
//! struct People {
//!     passwords: Passwords,
//!     // … and your database.
//! }
//!
//! struct Row {
//!     id: i64,
//!     name: String,
//!     hash: Option<String>,
//! }
//!
//! impl People {
//!     async fn row_by_id(&self, id: i64) -> HostResult<Option<Row>> {
//!         // SELECT id, name, hash FROM people WHERE id = ?
//! #       let _ = id;
//! #       Ok(None)
//!     }
//!
//!     async fn row_by_name(&self, name: &str) -> HostResult<Option<Row>> {
//!         // SELECT id, name, hash FROM people WHERE lower(name) = lower(?)
//! #       let _ = name;
//! #       Ok(None)
//!     }
//! }
//!
//! fn account(row: Row) -> Account {
//!     Account::new(AccountId::new(row.id.to_string()), row.name)
//! }
//!
//! #[async_trait]
//! impl Accounts for People {
//!     async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
//!         let Ok(id) = id.as_str().parse() else { return Ok(None) };
//!         Ok(self.row_by_id(id).await?.map(account))
//!     }
//!
//!     async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
//!         Ok(self.row_by_name(identifier).await?.map(account))
//!     }
//!
//!     async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
//!         let row = self.row_by_name(identifier).await?;
//!         let hash = row.as_ref().and_then(|row| row.hash.as_deref());
//!         // For somebody who is not there `verify` takes as long and says no, so that nobody learns who has an account.
//!         let is_right = self.passwords.verify(password, hash).await?;
//!         Ok(row.filter(|_| is_right).map(account))
//!     }
//! }
//! ```
//!
//! [`Passwords`] hashes with argon2id on threads of its own, so that a storm of sign-ins does not stand in the way of everything
//! else. Hashes of another kind are yours to check; see `examples/uuids_and_bcrypt.rs`.
//!
//! **Hold it against what the library relies on**, in a test over a scratch database, with the feature `testing`:
//! [`host::testing::check_accounts`](crate::host) finds names that are found by their beginning, passwords that are cut, answers
//! that tell strangers who has an account here, and some thirty other faults.
//!
//! # 3. Sign-in
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use actix_web::{App, HttpServer};
//! use lysand_auth::config::BaseUrl;
//! use lysand_auth::host::accounts::Accounts;
//! use lysand_auth::keys::Keys;
//! use lysand_auth::store::{MIGRATIONS, MigrationSet, Store};
//! use lysand_auth::web::{Surfaces, mount};
//! use lysand_auth::{Auth, Config, Secret};
//!
//! static SETS: [MigrationSet; 1] = [MIGRATIONS];
//!
//! async fn serve(people: Arc<dyn Accounts>) -> Result<(), Box<dyn std::error::Error>> {
//!     // Made at the first start: keep the folder, and give it to every replica.
//!     let keys = Keys::load_or_create("data")?;
//!     // Or postgres://…
//!     let store = Store::open(&Secret::new("sqlite:data/auth.sqlite3"), 0).await?;
//!     store.migrate(&SETS).await?;
//!
//!     let config = Config::new(BaseUrl::parse("http://localhost:8080")?, keys);
//!     let auth = Auth::builder(config, store).accounts(people).build()?;
//!
//!     HttpServer::new(move || App::new().configure(mount(auth.clone(), Surfaces::all())))
//!         .bind(("127.0.0.1", 8080))?
//!         .run()
//!         .await?;
//!     Ok(())
//! }
//! ```
//!
//! What is left is a `main`, which opens your database and knows somebody who can sign in:
//!
//! ```no_run
//! # use std::sync::Arc;
//! use lysand_auth::password::{PasswordConfig, Passwords};
//! use lysand_auth::{Ambient, Secret};
//! # use lysand_auth::host::{HostResult, accounts::{Account, AccountId, Accounts}};
//! # struct People { passwords: Passwords }
//! # impl People { fn insert(&self, _: i64, _: &str, _: &str) {} }
//! # #[async_trait::async_trait]
//! # impl Accounts for People {
//! #     async fn by_id(&self, _: &AccountId) -> HostResult<Option<Account>> { Ok(None) }
//! #     async fn by_identifier(&self, _: &str) -> HostResult<Option<Account>> { Ok(None) }
//! #     async fn check_password(&self, _: &str, _: &Secret) -> HostResult<Option<Account>> { Ok(None) }
//! # }
//! # async fn serve(_: Arc<dyn Accounts>) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let people = People { passwords: Passwords::new(PasswordConfig::default(), Ambient::system())? };
//!     // What you keep of a password is this text, beside the name.
//!     let hash = people.passwords.hash(&Secret::new("the engine weaves")).await?;
//!     people.insert(1, "ada", &hash); // INSERT INTO people (id, name, hash) VALUES (?, ?, ?)
//!     serve(Arc::new(people)).await
//! }
//! ```
//!
//! That is a server to which people can sign in: `cargo run`, and go on while it runs.
//! The pages are plain built-in ones until you bring yours ([`Pages`]), and no mail is sent until you bring a [`Mailer`].
//! A mistake in the configuration is an error of `build`, which names each setting and what to write.
//!
//! # 4. Your routes
//!
//! A handler of yours asks for a token by taking it. Who has none is told so as clients expect it, before your code runs.
//!
//! ```
//! use actix_web::web::ServiceConfig;
//! use lysand_auth::Auth;
//! use lysand_auth::web::headers::AnswerKind;
//! use lysand_auth::web::routes::{Routes, get};
//! use lysand_auth::web::{ApiError, Bearer};
//!
//! async fn timeline(bearer: Bearer) -> Result<String, ApiError> {
//!     let account = bearer.account(&["read", "read:statuses"]).await?;
//!     Ok(format!("[] for {}", account.username))
//! }
//!
//! fn routes(auth: &Auth, config: &mut ServiceConfig) {
//!     Routes::new(auth, AnswerKind::Api).limited().route("/api/v1/timelines/home", [get(timeline)]).mount(config);
//! }
//! ```
//!
//! # 5. A client
//!
//! Clients ask first what server this is, and last who signed in. A server with an API of Mastodon's kind answers itself; until then, mount the library's
//! documents beside the sign-in:
//!
//! ```
//! use actix_web::{App, HttpServer};
//! use lysand_auth::Auth;
//! use lysand_auth::web::documents::{self, InstanceInfo};
//! use lysand_auth::web::{Surfaces, mount};
//!
//! # async fn serve(auth: Auth) -> std::io::Result<()> {
//! # fn routes(_: &Auth, _: &mut actix_web::web::ServiceConfig) {}
//! // In `serve`, in place of the `HttpServer` of above: what was mounted there, your routes of step 4, and the documents.
//! let documents = documents::mount(auth.clone(), InstanceInfo::new("My server"));
//! HttpServer::new(move || {
//!     let own = auth.clone();
//!     App::new()
//!         .configure(mount(auth.clone(), Surfaces::all()))
//!         .configure(move |config| routes(&own, config))
//!         .configure(documents.clone())
//! })
//! .bind(("127.0.0.1", 8080))?
//! .run()
//! .await
//! # }
//! ```
//!
//! Then `pip install Mastodon.py`, and:
//!
//! ```python
//! from mastodon import Mastodon
//!
//! server, scopes = "http://localhost:8080", ["read", "write"]
//! client_id, client_secret = Mastodon.create_app("A first app", scopes=scopes, api_base_url=server)
//! mastodon = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=server)
//! # It wants to be told that a server on your own machine has no certificate.
//! print(mastodon.auth_request_url(scopes=scopes, allow_http=True))
//! mastodon.log_in(code=input("The code on the page: "), scopes=scopes, allow_http=True)
//! print(mastodon.account_verify_credentials()["username"])
//! ```
//!
//! The page shows the code, and the last line the name of whoever signed in. `examples/integer_ids.rs` and `examples/uuids_and_bcrypt.rs` are
//! such servers as a whole; the tests sign Mastodon.py in at both.
//!
//! [`Accounts`]: crate::host::accounts::Accounts
//! [`Mailer`]: crate::host::mailer::Mailer
//! [`Pages`]: crate::host::pages::Pages
//! [`Passwords`]: crate::password::Passwords
