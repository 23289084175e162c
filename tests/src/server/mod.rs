//! The real `reference-server` binary, started in a folder of its own and driven through its public contract only:
//! commands, environment variables, files, HTTP.

mod backend;
mod builder;
mod process;
mod program;

pub use self::backend::Backend;
pub use self::builder::ServerBuilder;
pub use self::process::ServerProcess;
pub use self::program::{command, feed, free_port, path as program, run_in, stderr, stdout, variable};
