//! A host with UUIDs for keys, and passwords that another program hashed with bcrypt.
//!
//! ```sh
//! cargo run --example uuids_and_bcrypt -- data 8080
//! ```

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use actix_web::{App, HttpServer};
use async_trait::async_trait;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::{Account, AccountId};
use lysand_auth::keys::Keys;
use lysand_auth::store::{MIGRATIONS, MigrationSet, Store};
use lysand_auth::web::documents::{self, InstanceInfo};
use lysand_auth::web::{Surfaces, mount};
use lysand_auth::{Auth, Config, Secret};
use uuid::Uuid;

/// How much work a check is, as a power of two.
const COST: u32 = 10;

/// A person as the host keeps one.
pub struct Person {
    id: Uuid,
    name: String,
    hash: String,
}

/// The host's people. Yours are in a table; what matters here is how the library asks.
pub struct People {
    people: Vec<Person>,
    /// What nobody's password is compared with, so that it takes as long.
    nobody: String,
}

impl People {
    /// People with these ids, names and passwords.
    pub fn new(people: &[(Uuid, &str, &str)]) -> Result<Self, bcrypt::BcryptError> {
        let person = |(id, name, password): &(Uuid, &str, &str)| {
            Ok(Person { id: *id, name: (*name).to_owned(), hash: bcrypt::hash(password, COST)? })
        };
        let people = people.iter().map(person).collect::<Result<_, bcrypt::BcryptError>>()?;
        Ok(Self { people, nobody: bcrypt::hash("nobody's", COST)? })
    }

    fn account(person: &Person) -> Account {
        Account::new(AccountId::new(person.id.to_string()), person.name.as_str())
    }

    fn named(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name.eq_ignore_ascii_case(name))
    }
}

#[async_trait]
impl Accounts for People {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        Ok(self.people.iter().find(|person| person.id.to_string() == id.as_str()).map(Self::account))
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        Ok(self.named(identifier).map(Self::account))
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        let person = self.named(identifier);
        let hash = person.map_or(&self.nobody, |person| &person.hash).clone();
        let password = password.clone();
        // Hashing is work for another thread. bcrypt reads 72 bytes and no NUL: what is longer is nobody's password here.
        let right = tokio::task::spawn_blocking(move || bcrypt::non_truncating_verify(password.expose(), &hash));
        let right = right.await?.unwrap_or(false);
        Ok(person.filter(|_| right).map(Self::account))
    }
}

static SETS: [MigrationSet; 1] = [MIGRATIONS];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, port] = &arguments[..] else { return Err("usage: uuids_and_bcrypt FOLDER PORT".into()) };
    let keys = Keys::load_or_create(Path::new(folder))?;
    let people = People::new(&[(Uuid::from_u128(17), "ada", "the engine weaves")])?;

    let store = Store::open(&Secret::new(format!("sqlite:{folder}/auth.sqlite3")), 0).await?;
    store.migrate(&SETS).await?;
    let config = Config::new(BaseUrl::parse(&format!("http://localhost:{port}"))?, keys);
    let auth = Auth::builder(config, store).accounts(Arc::new(people)).build()?;

    let documents = documents::mount(auth.clone(), InstanceInfo::new("Fernhill"));
    let sign_in = mount(auth, Surfaces::all());
    HttpServer::new(move || App::new().configure(sign_in.clone()).configure(documents.clone()))
        .bind(("127.0.0.1", port.parse()?))?
        .run()
        .await?;
    Ok(())
}
