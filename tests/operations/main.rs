//! The server as its operator has it: the real program, its commands, signals, files, and everything that can happen to a
//! running process (running contract §1, §2, §5; security DUR, LOAD, REV).

mod commands;
mod configuration;
mod connection_limits;
mod crash_recovery;
mod database_unreachable;
mod frontend_fallback;
mod http2;
mod http_framing;
mod logs;
mod memory;
mod other_database_crates;
mod parallel_redemption;
mod people_commands;
mod people_crash;
mod poolers;
mod private_certificate_authority;
mod provider_log;
mod rate_limit_load;
mod request_ids;
mod reverse_proxies;
mod second_factors;
mod setup;
mod signals;
mod slow_clients;
mod slow_readers;
mod start_failures;
