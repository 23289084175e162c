//! What somebody typed who wants an account, and what is wrong with it.

use crate::model::account_rules::{self, Field, RuleError};
use crate::model::language::Language;
use crate::secret::Secret;

/// What somebody typed who wants an account. Nothing is checked yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The name.
    pub username: String,
    /// The address; `None` when none was asked for.
    pub email: Option<String>,
    /// The password; `None` when the account will sign in by other means.
    pub password: Option<Secret>,
    /// Why the person wants to join, where that is asked.
    pub reason: Option<String>,
    /// The language in which the person reads.
    pub language: Option<Language>,
    /// The host of this server, which nobody may take for a password; may be empty.
    pub host: String,
    /// The title of this server, of which nobody may take a word for a password; may be empty.
    pub title: String,
}

impl Candidate {
    /// Somebody who wants this name.
    #[must_use]
    pub fn new(username: impl Into<String>) -> Self {
        let (username, host, title) = (username.into(), String::new(), String::new());
        Self { username, email: None, password: None, reason: None, language: None, host, title }
    }

    /// The address.
    #[must_use]
    pub fn with_email(self, email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..self }
    }

    /// The password.
    #[must_use]
    pub fn with_password(self, password: Secret) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Why the person wants to join.
    #[must_use]
    pub fn with_reason(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// The language in which the person reads.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language: Some(language), ..self }
    }

    /// The host of this server.
    #[must_use]
    pub fn with_host(self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self }
    }

    /// The title of this server, whose words are no password.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// All that the library's rules find wrong, in the order of the fields (PPL-209). Whether name and address are free is
    /// not looked up.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let email = self.email.as_deref();
        let related = account_rules::related(self.username.trim(), email.map(str::trim), &self.host, &self.title);
        let problems = [
            account_rules::username(&self.username).err().map(|rule| FieldProblem::of(rule, &self.username)),
            email.and_then(|email| account_rules::email(email).err().map(|rule| FieldProblem::of(rule, email))),
            self.password.as_ref().and_then(|password| {
                let password = password.expose();
                account_rules::password(password, related).err().map(|rule| FieldProblem::of(rule, password))
            }),
        ];
        problems.into_iter().flatten().collect()
    }
}

/// One thing that is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What kind of thing, for programs.
    pub kind: ProblemKind,
    /// The sentence for the person who filled it in; it never repeats the value.
    pub text: String,
}

/// What can be wrong with a field, as APIs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// There is nothing in it.
    Blank,
    /// It has the wrong form.
    Invalid,
    /// It has too few characters.
    TooShort,
    /// It has too many characters.
    TooLong,
    /// Nobody may take it.
    Reserved,
    /// Somebody has it.
    Taken,
    /// This server does not want it: a blocked domain, a password that is guessed first.
    Blocked,
}

impl FieldProblem {
    /// A problem that a host found.
    #[must_use]
    pub fn new(field: Field, kind: ProblemKind, text: impl Into<String>) -> Self {
        Self { field, kind, text: text.into() }
    }

    fn of(rule: RuleError, value: &str) -> Self {
        let kind = match rule {
            _ if value.trim().is_empty() => ProblemKind::Blank,
            RuleError::UsernameShape | RuleError::EmailShape => ProblemKind::Invalid,
            RuleError::UsernameReserved => ProblemKind::Reserved,
            RuleError::PasswordLength if value.chars().count() < account_rules::SHORTEST_PASSWORD => {
                ProblemKind::TooShort
            }
            RuleError::PasswordLength => ProblemKind::TooLong,
            RuleError::PasswordCommon | RuleError::PasswordObvious => ProblemKind::Blocked,
        };
        Self::new(rule.field(), kind, rule.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(candidate: &Candidate) -> Vec<(Field, ProblemKind)> {
        candidate.problems().into_iter().map(|problem| (problem.field, problem.kind)).collect()
    }

    #[test]
    fn candidate_problems_are_all_told_at_once() {
        let good = Candidate::new("ada").with_email("ada@example.com").with_password(Secret::new("a calm evening"));
        assert_eq!(kinds(&good), []);
        assert_eq!(kinds(&Candidate::new("ada")), [], "nothing else was asked for");
        let bad = Candidate::new("").with_email("nowhere").with_password(Secret::new("short"));
        assert_eq!(
            kinds(&bad),
            [
                (Field::Username, ProblemKind::Blank),
                (Field::Email, ProblemKind::Invalid),
                (Field::Password, ProblemKind::TooShort)
            ]
        );
        let (name, long) = (Candidate::new("admin"), Secret::new("many words ".repeat(20)));
        assert_eq!(
            kinds(&name.with_password(long)),
            [(Field::Username, ProblemKind::Reserved), (Field::Password, ProblemKind::TooLong)]
        );
        let obvious = Candidate::new("ada").with_host("social.example").with_password(Secret::new("social.example"));
        assert_eq!(kinds(&obvious), [(Field::Password, ProblemKind::Blocked)]);
        assert!(
            bad.problems().iter().all(|problem| !problem.text.contains("nowhere") && !problem.text.contains("short:"))
        );
    }
}
