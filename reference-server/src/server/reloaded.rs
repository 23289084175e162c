//! What came of reading the configuration's files again.

use std::fmt;

/// What was read again, and what could not be used.
#[derive(Debug, Default)]
pub struct Reloaded {
    /// What is in force now.
    pub done: Vec<&'static str>,
    /// What is not, with the reason: the old goes on.
    pub kept: Vec<(&'static str, String)>,
}

impl Reloaded {
    /// Notes what became of one part.
    pub fn note<T, E: fmt::Display>(&mut self, part: &'static str, result: Result<T, E>) {
        match result {
            Ok(_) => self.done.push(part),
            Err(why) => self.kept.push((part, why.to_string())),
        }
    }
}
