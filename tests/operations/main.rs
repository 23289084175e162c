//! The server as its operator has it: the real program, its commands, signals, files, and everything that can happen to a
//! running process (running contract §1, §2, §5; security DUR, LOAD, REV).

mod cluster;
mod commands;
mod configuration;
mod database_away;
mod dawdling;
mod flood;
mod framing;
mod handed_over;
mod killed;
mod logs;
mod parallel;
mod private_authority;
mod setup;
mod signals;
mod start;
mod visitor;
