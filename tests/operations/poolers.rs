//! PgBouncer between the server and PostgreSQL, as Debian packages it (faults D3).

use futures_util::future::join_all;
use lysand_auth::on;
use lysand_auth::secret::Secret;
use lysand_auth::store::{Pooler, Store, diesel};
use tests::folder::temporary;
use tests::postgres::{Bouncer, Cluster, PoolMode};
use tests::server::{run_in, stderr};
use tests::{Person, ServerProcess, wait};

/// More connections than the pooler has of the server.
const POOL: &str = "12";

async fn serve(bouncer: &Bouncer, pooler: &str) -> ServerProcess {
    let builder = ServerProcess::builder().set("database.url", bouncer.url().as_str());
    builder.set("database.max_connections", POOL).set("database.pooler", pooler).start().await
}

/// People sign in at the same time, and what they do takes.
async fn journeys(server: &ServerProcess, name: &str) {
    let people: Vec<Person> = (0..4).map(|number| Person::named(&format!("{name}{number}"))).collect();
    people.iter().for_each(|person| server.create_account(person));
    let client = server.client();
    let journey = async |person: &Person| {
        let app = client.register().await.expect("an app");
        for _ in 0..5 {
            let token = client.token(person, &app).await.expect("a token");
            let checks = join_all((0..8).map(|_| client.account_status(&token))).await;
            assert_eq!(checks, [Some(200); 8]);
            client.revoke(&app, &token).await.expect("an answer").is(200);
            assert_eq!(client.account_status(&token).await, Some(401));
        }
    };
    join_all(people.iter().map(journey)).await;
    client.get("/health/ready").send().await.is(200);
    let complaints = server.complaints();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The limits under which a unit of work runs.
async fn limits(store: &Store) -> [String; 2] {
    let query = || {
        diesel::sql_query(
            "SELECT current_setting('statement_timeout') || ' ' || current_setting('synchronous_commit') AS text",
        )
    };
    let read = store.read(move |c| Box::pin(async move { Ok(on!(c, c => query().get_result::<Found>(c))?.text) }));
    let read = read.await.expect("an answer");
    let write = store.write(move |c| Box::pin(async move { Ok(on!(c, c => query().get_result::<Found>(c))?.text) }));
    [read, write.await.expect("an answer")]
}

#[tokio::test]
async fn session_pooling_works_as_it_is() {
    let cluster = Cluster::start();
    let bouncer = Bouncer::start(&cluster, PoolMode::Session, 60).await;
    let server = serve(&bouncer, "none").await;
    journeys(&server, "ada").await;
    let store = Store::open(&Secret::new(bouncer.url().as_str()), 1).await.expect("a store");
    assert_eq!(limits(&store).await, ["4s on", "4s on"]);
}

#[tokio::test]
async fn transaction_pooling_serves_two_replicas_when_it_is_named() {
    let cluster = Cluster::start();
    let bouncer = Bouncer::start(&cluster, PoolMode::Transaction, 3).await;
    let (one, other) = tokio::join!(serve(&bouncer, "transaction"), serve(&bouncer, "transaction"));
    tokio::join!(journeys(&one, "ada"), journeys(&other, "bob"));
    assert!(!bouncer.log().contains("unsupported startup parameter"), "{}", bouncer.log());
    let url = Secret::new(bouncer.url().as_str());
    let store = Store::open_behind(&url, 1, Pooler::Transaction).await.expect("a store");
    assert_eq!(limits(&store).await, ["4s on", "4s on"]);
    // Nothing of that stays on the connection that the next one gets.
    let direct =
        Store::open_behind(&Secret::new(cluster.url().as_str()), 1, Pooler::Transaction).await.expect("a store");
    assert_eq!(limits(&direct).await, ["4s on", "4s on"], "and without a pooler it works as well");
}

#[tokio::test]
async fn transaction_pooling_that_is_not_named_is_refused_in_words() {
    let cluster = Cluster::start();
    for size in [1, 2, 8] {
        let bouncer = Bouncer::start(&cluster, PoolMode::Transaction, size).await;
        let folder = temporary("pooler");
        let settings = [("database.url", bouncer.url().to_string()), ("http.bind_port", "0".to_owned())];
        let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let output = run_in(folder.path(), &settings, &["serve"], "");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{size}: {text}");
        assert!(text.contains("pooler") && text.contains("database.pooler = \"transaction\""), "{size}: {text}");
    }
}

#[tokio::test]
async fn readiness_ends_while_the_database_takes_no_changes() {
    let cluster = Cluster::start();
    let server = ServerProcess::builder().set("database.url", cluster.url().as_str()).start().await;
    let client = server.client();
    client.get("/health/ready").send().await.is(200);
    let (admin, connection) =
        tokio_postgres::connect(cluster.url().as_str(), tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    for (value, status) in [("on", 503), ("off", 200)] {
        let statement = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
        admin.batch_execute("SET default_transaction_read_only = off").await.expect("done");
        admin.batch_execute(&statement).await.expect("done");
        admin.batch_execute("SELECT pg_reload_conf()").await.expect("done");
        let changed = async || client.get("/health/ready").try_send().await.filter(|answer| answer.status == status);
        let answer = wait::until("readiness to follow", changed).await;
        if status == 503 {
            assert_eq!(answer.json()["error"], "database");
        }
    }
}
