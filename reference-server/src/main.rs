//! The reference server's program; everything is in the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    reference_server::commands::run(std::env::args_os(), std::env::vars_os())
}
