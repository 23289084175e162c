//! Connections to PostgreSQL as it is installed: TLS as libpq means it (faults D2), refusals in its own words (faults D4).

use lysand_auth::secret::Secret;
use lysand_auth::store::{Store, StoreError};
use tests::folder::temporary;
use tests::postgres::Cluster;
use tests::tls::PrivateCa;

async fn open(url: &str) -> Result<(), StoreError> {
    Store::open(&Secret::new(url), 1).await.map(drop)
}

#[tokio::test]
async fn tls_to_postgres_verifies_what_sslmode_asks_for() {
    let (folder, other) = (temporary("tls"), temporary("tls"));
    let (ca, other) = (PrivateCa::in_folder(folder.path()), PrivateCa::in_folder(other.path()));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a file");
    let cluster = Cluster::start_with_tls(&read(&ca.certificate), &read(&ca.key));
    // Over TLS alone.
    cluster.admit("hostssl all all 127.0.0.1/32 trust\n");
    let port = cluster.url().port().expect("a port");
    let at = |host: &str, query: &str| format!("postgres://stories@{host}:{port}/postgres?{query}");
    let ours = format!("sslrootcert={}", ca.authority.display());
    let own = format!("sslrootcert={}", ca.certificate.display());
    let theirs = format!("sslrootcert={}", other.authority.display());
    let elsewhere = "hostaddr=127.0.0.1";
    for (host, query, opens, why) in [
        ("127.0.0.1", String::new(), true, "absent verifies nothing"),
        ("127.0.0.1", "sslmode=prefer".into(), true, "prefer verifies nothing"),
        ("127.0.0.1", "sslmode=require".into(), true, "require verifies nothing"),
        ("wrong.example", format!("sslmode=require&{elsewhere}"), true, "nor the name"),
        ("127.0.0.1", "sslmode=disable".into(), false, "disable speaks in the clear"),
        ("127.0.0.1", "sslmode=verify-ca".into(), false, "no public authority vouches"),
        ("127.0.0.1", "sslmode=verify-full".into(), false, "no public authority vouches"),
        ("127.0.0.1", format!("sslmode=verify-ca&{ours}"), true, "our authority vouches"),
        ("127.0.0.1", format!("sslmode=verify-full&{ours}"), true, "for this address"),
        ("localhost", format!("sslmode=verify-full&{ours}&{elsewhere}"), true, "and for this name"),
        ("wrong.example", format!("sslmode=verify-ca&{ours}&{elsewhere}"), true, "verify-ca looks at no name"),
        ("wrong.example", format!("sslmode=verify-full&{ours}&{elsewhere}"), false, "verify-full does"),
        ("127.0.0.1", format!("sslmode=verify-ca&{theirs}"), false, "another authority"),
        ("127.0.0.1", format!("sslmode=require&{theirs}"), false, "with an authority, require is verify-ca"),
        ("127.0.0.1", format!("sslmode=verify-full&{own}"), true, "the server's own certificate is trusted"),
        ("wrong.example", format!("sslmode=verify-full&{own}&{elsewhere}"), false, "but for its names alone"),
    ] {
        let opened = open(&at(host, &query)).await;
        assert_eq!(opened.is_ok(), opens, "{host} {query}: {why}: {opened:?}");
    }
    // Of several hosts the one that takes changes, the first being away.
    let several = format!("postgres://stories@127.0.0.1:1,127.0.0.1:{port}/postgres?target_session_attrs=read-write");
    open(&several).await.expect("the second host");
}

#[tokio::test]
async fn refusals_of_postgres_are_told_with_its_sentence_and_code() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let (client, connection) =
        tokio_postgres::connect(url.as_str(), tokio_postgres::NoTls).await.expect("a connection");
    let connection = tokio::spawn(connection);
    for statement in [
        "CREATE ROLE careful LOGIN PASSWORD 'right'",
        "CREATE DATABASE other_letters ENCODING 'SQL_ASCII' TEMPLATE template0",
        "CREATE DATABASE still",
        "ALTER DATABASE still SET default_transaction_read_only = on",
        "CREATE DATABASE full_house CONNECTION LIMIT 0",
    ] {
        client.batch_execute(statement).await.expect("done");
    }
    cluster.admit("host all stories 127.0.0.1/32 trust\nhost all careful 127.0.0.1/32 scram-sha-256\n");
    let port = url.port().expect("a port");
    for (who, database, code, sentence) in [
        ("careful:wrong", "postgres", "28P01", "password authentication failed for user \"careful\""),
        ("stranger", "postgres", "28000", "no pg_hba.conf entry for host \"127.0.0.1\""),
        ("stories", "nowhere", "3D000", "database \"nowhere\" does not exist"),
        ("careful:right", "full_house", "53300", "too many connections for database"),
        ("stories", "other_letters", "22021", "SQL_ASCII"),
        ("stories", "still", "25006", "read-only"),
    ] {
        let refused = open(&format!("postgres://{who}@127.0.0.1:{port}/{database}")).await.expect_err(database);
        let text = refused.to_string();
        assert!(text.contains(sentence) && text.contains(&format!("SQLSTATE {code}")), "{text}");
        assert!(!text.contains("wrong"), "{text}");
    }
    open(&format!("postgres://careful:right@127.0.0.1:{port}/postgres")).await.expect("the right password");
    drop(client);
    let _ = connection.await;
}
