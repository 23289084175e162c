//! A host with people of its own: integer keys, in a table behind another crate's connection. `-- FOLDER PORT` runs it.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpServer};
use async_trait::async_trait;
use lysand_auth::config::BaseUrl;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::{Account, AccountId, Email};
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages, Plain};
use lysand_auth::keys::Keys;
use lysand_auth::password::Passwords;
use lysand_auth::store::{MIGRATIONS, MigrationSet, Store};
use lysand_auth::web::documents::{self, InstanceInfo};
use lysand_auth::web::{Surfaces, mount};
use lysand_auth::{Ambient, Auth, Config, Secret};
use rusqlite::{Connection, OptionalExtension, named_params};

/// The host's people, and how it hashes their passwords.
pub struct People {
    database: Mutex<Connection>,
    passwords: Passwords,
}

impl People {
    /// Opens the table, and makes it if it is not there.
    pub fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let database = Connection::open(path)?;
        database.execute_batch(
            "CREATE TABLE IF NOT EXISTS people (id INTEGER PRIMARY KEY AUTOINCREMENT,
             name TEXT NOT NULL UNIQUE COLLATE NOCASE, mail TEXT UNIQUE COLLATE NOCASE, hash TEXT)",
        )?;
        Ok(Self { database: Mutex::new(database), passwords: Passwords::new(Default::default(), Ambient::system())? })
    }

    /// Adds a person, unless the name is there.
    pub async fn add(&self, name: &str, mail: &str, password: &str) -> Result<(), Box<dyn Error>> {
        let hash = self.passwords.hash(&Secret::new(password)).await?;
        let database = self.database.lock().expect("no holder panics");
        database.execute("INSERT OR IGNORE INTO people (name, mail, hash) VALUES (?1, ?2, ?3)", (name, mail, hash))?;
        Ok(())
    }

    fn find(&self, id: Option<i64>, identifier: Option<&str>) -> HostResult<Option<(Account, Option<String>)>> {
        let query = "SELECT id, name, mail, hash FROM people WHERE id = :id OR name = :text OR mail = :text";
        let read = |row: &rusqlite::Row<'_>| {
            let mut account = Account::new(AccountId::new(row.get::<_, i64>(0)?.to_string()), row.get::<_, String>(1)?);
            account.email = row.get::<_, Option<String>>(2)?.map(|address| Email { address, confirmed: true });
            Ok((account, row.get(3)?))
        };
        let database = self.database.lock().expect("no holder panics");
        Ok(database.query_row(query, named_params! { ":id": id, ":text": identifier }, read).optional()?)
    }
}

// What follows is all that the library asks of this host.

#[async_trait]
impl Accounts for People {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        let Ok(id) = id.as_str().parse() else { return Ok(None) };
        Ok(self.find(Some(id), None)?.map(|(account, _)| account))
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        Ok(self.find(None, Some(identifier))?.map(|(account, _)| account))
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        let found = self.find(None, Some(identifier))?;
        let hash = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        // Without a hash it takes as long and says no.
        let right = self.passwords.verify(password, hash).await?;
        Ok(found.filter(|_| right).map(|(account, _)| account))
    }
}

/// The page with a code to copy is the host's own; the others are the built-in ones.
struct Site;

#[async_trait]
impl Pages for Site {
    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        match page {
            Page::Code(page) => {
                // Whatever a page is given may come from outside.
                let code = page.code.replace('&', "&amp;").replace('<', "&lt;");
                Ok(HtmlPage::new(format!("<!doctype html><title>Copy this</title><code>{code}</code>")).into())
            }
            _ => Plain.show(page, request).await,
        }
    }
}

static SETS: [MigrationSet; 1] = [MIGRATIONS];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, port] = &arguments[..] else { return Err("usage: integer_ids FOLDER PORT".into()) };
    let keys = Keys::load_or_create(folder)?;
    let people = People::open(&Path::new(folder).join("people.sqlite3"))?;
    people.add("ada", "ada@example.com", "the engine weaves").await?;

    let store = Store::open(&Secret::new(format!("sqlite:{folder}/auth.sqlite3")), 0).await?;
    store.migrate(&SETS).await?;
    let config = Config::new(BaseUrl::parse(&format!("http://localhost:{port}"))?, keys);
    let auth = Auth::builder(config, store).accounts(Arc::new(people)).pages(Arc::new(Site)).build()?;

    let documents = documents::mount(auth.clone(), InstanceInfo::new("Fernhill"));
    let sign_in = mount(auth, Surfaces::all());
    HttpServer::new(move || App::new().configure(sign_in.clone()).configure(documents.clone()))
        .bind(("127.0.0.1", port.parse()?))?
        .run()
        .await?;
    Ok(())
}
