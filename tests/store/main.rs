//! The store by itself, on both databases: migrations, transactions, and what happens when things go wrong.

mod database;
mod locked;
mod migrations;
mod schemas;
mod sharing;
mod sweep;
mod uses;
mod writes;
