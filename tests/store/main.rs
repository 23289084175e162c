//! The store by itself, on both databases: migrations, transactions, and what happens when things go wrong.

mod database;
mod database_locked;
mod flow_secrets;
mod migrations;
mod postgres_connections;
mod schemas;
mod several_processes;
mod stored_sizes;
mod sweep;
mod throttles;
mod token_last_use;
mod transactions;
