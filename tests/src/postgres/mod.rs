//! PostgreSQL: a fresh database for one test, and a cluster that a test may stop.

mod bouncer;
mod cluster;
mod database;

pub use self::bouncer::{Bouncer, PoolMode};
pub use self::cluster::Cluster;
pub use self::database::{CLUSTER_VARIABLE, TestDatabase};
