//! What is wrong with a configuration: all of it at once, each problem with its remedy.

use std::fmt;

/// One thing that keeps the server from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `http.base_url`, or the variable or file that carries it.
    pub key: String,
    /// The value as it was given, secrets masked; `None` when the key itself is the problem.
    pub value: Option<String>,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value}\n    {}", self.key, self.remedy),
            None => write!(f, "{}\n    {}", self.key, self.remedy),
        }
    }
}

/// Every problem of one configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// A single problem with the key alone.
    #[must_use]
    pub fn one(key: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self(vec![Problem { key: key.into(), value: None, remedy: remedy.into() }])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_problems_print_key_value_and_remedy_each() {
        let mut problems = Problems::one("http.colour", "remove it");
        problems.0.push(Problem {
            key: "http.bind_port".into(),
            value: Some("\"x\"".into()),
            remedy: "give a number".into(),
        });
        assert_eq!(problems.to_string(), "http.colour\n    remove it\nhttp.bind_port = \"x\"\n    give a number");
    }
}
