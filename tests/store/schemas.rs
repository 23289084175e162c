//! The two schemas are one: the same tables, columns, types, nullability, keys and indexes.

use lysand_auth::store::Store;
use reference_server::database::MIGRATIONS;
use tests::Backend;

use crate::database::{Database, facts, run};

const SQLITE: [&str; 3] = [
    "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END
            || coalesce(' default ' || c.dflt_value, '') AS fact
     FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'",
    "SELECT t.name || CASE i.origin WHEN 'pk' THEN ' primary key' WHEN 'u' THEN ' unique'
            ELSE CASE WHEN i.\"unique\" THEN ' unique index ' ELSE ' index ' END || i.name END
            || ' (' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
            || ')' AS fact
     FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table'",
    "SELECT t.name || ' (' || f.\"from\" || ') references ' || f.\"table\" || ' (' || f.\"to\" || ') on delete '
            || lower(f.on_delete) AS fact
     FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
];

const POSTGRES: [&str; 3] = [
    "SELECT table_name || '.' || column_name || ' ' || data_type
            || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
            || coalesce(' default ' || column_default, '') AS fact
     FROM information_schema.columns WHERE table_schema = current_schema()",
    "SELECT t.relname || CASE WHEN x.indisprimary THEN ' primary key' WHEN k.contype = 'u' THEN ' unique'
            ELSE CASE WHEN x.indisunique THEN ' unique index ' ELSE ' index ' END || i.relname END
            || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY o.place)
                        FROM unnest(x.indkey) WITH ORDINALITY o (number, place)
                        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = o.number) || ')' AS fact
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
          LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype = 'u'
     WHERE t.relnamespace = current_schema()::regnamespace",
    "SELECT k.conrelid::regclass::text || ' (' || a.attname || ') references ' || k.confrelid::regclass::text || ' ('
            || b.attname || ') on delete '
            || CASE k.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'r' THEN 'restrict'
               WHEN 'd' THEN 'set default' ELSE 'no action' END AS fact
     FROM pg_constraint k
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
          JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = ANY (k.confkey)
     WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace",
];

/// Everything about the tables that migrations made, one fact a line, in order.
pub(crate) async fn schema(store: &Store) -> Vec<String> {
    let queries = if format!("{store:?}").contains("SQLite") { SQLITE } else { POSTGRES };
    let mut all = Vec::new();
    for query in queries {
        all.extend(facts(store, query).await);
    }
    all.retain(|fact| !fact.starts_with("__diesel_schema_migrations"));
    all.sort();
    all
}

async fn migrated(backend: Backend) -> (Store, Database) {
    let database = Database::fresh(backend).await;
    let store = database.open().await;
    store.migrate(&MIGRATIONS).await.expect("migrated");
    (store, database)
}

#[tokio::test]
async fn schema_is_identical_on_sqlite_and_postgres() {
    let (sqlite, _folder) = migrated(Backend::Sqlite).await;
    let (postgres, _database) = migrated(Backend::Postgres).await;
    let (one, other) = (schema(&sqlite).await, schema(&postgres).await);
    assert!(one.contains(&"auth_token (app_id) references auth_app (id) on delete cascade".to_owned()), "{one:#?}");
    assert!(one.contains(&"auth_token.digest bytea not null".to_owned()), "{one:#?}");
    assert_eq!(one, other);
}

#[tokio::test]
async fn schema_facts_describe_columns_indexes_and_keys_on_sqlite_and_postgres() {
    for (statement, missing) in [
        ("CREATE INDEX more ON auth_app (name)", "auth_app index more (name)"),
        ("CREATE UNIQUE INDEX more ON auth_app (name, id)", "auth_app unique index more (name, id)"),
        ("ALTER TABLE auth_app ADD COLUMN more TEXT", "auth_app.more text"),
        ("ALTER TABLE auth_app ADD COLUMN more BIGINT NOT NULL DEFAULT 1", "auth_app.more bigint not null default 1"),
        (
            "CREATE TABLE more (id TEXT REFERENCES auth_app (id))",
            "more (id) references auth_app (id) on delete no action",
        ),
        ("CREATE TABLE more (a TEXT, b TEXT, PRIMARY KEY (b, a))", "more primary key (b, a)"),
        ("CREATE TABLE more (a TEXT UNIQUE)", "more unique (a)"),
    ] {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let (store, _database) = migrated(backend).await;
            run(&store, statement).await;
            let found = schema(&store).await;
            assert!(found.contains(&missing.to_owned()), "{backend:?} {statement}: {found:#?}");
        }
    }
}
