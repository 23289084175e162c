//! What somebody fills in who wants an account, and what is wrong with it (Mastodon §12).

use time::{Date, Month, OffsetDateTime};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Signups;
use crate::error::Error;
use crate::host::accounts::rules::{self, Field};
use crate::host::accounts::{Candidate, FieldProblem, ProblemKind};
use crate::model::form_error::FormError;
use crate::model::language::Language;
use crate::secret::{Digest, Secret};
use crate::steps::mail_domain;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 2_000;
const LONGEST_NAME: usize = 30;
const LONGEST_ADDRESS: usize = 254;
const LONGEST_PASSWORD: usize = 128;

/// What somebody fills in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SignUpForm {
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: Option<Secret>,
    /// Whether the rules are agreed to.
    pub agreement: bool,
    /// Why the person wants to join.
    pub reason: Option<String>,
    /// `2001-12-31` or `31.12.2001`.
    pub date_of_birth: Option<String>,
    /// The code of an invitation.
    pub invite_code: Option<String>,
    /// The language of the person's mails and pages.
    pub language: Option<Language>,
    /// A solved challenge (people PPL-51).
    pub altcha: Option<String>,
    /// A field that people do not see (people PPL-56).
    pub homepage: Option<String>,
}

impl SignUpForm {
    /// A form with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// What is asked of somebody, beside name, address and password.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Whether there must be an address: not where a provider stands for it.
    pub(super) address: bool,
    /// Whether there must be a password: not where a provider or a passkey stands for it.
    pub(super) password: bool,
    pub(super) agreement: bool,
    pub(super) reason: bool,
    pub(super) reason_required: bool,
    /// 0 asks nobody.
    pub(super) minimum_age: u8,
}

impl Asked {
    /// Name and password alone, for an account that somebody else makes.
    pub(super) fn name_and_password() -> Self {
        Self { address: false, password: true, agreement: false, reason: false, reason_required: false, minimum_age: 0 }
    }

    pub(super) fn new(signups: &Signups, is_reviewed: bool) -> Self {
        Self {
            address: true,
            password: true,
            agreement: signups.asks_agreement(),
            reason: is_reviewed,
            reason_required: is_reviewed && signups.reason_required,
            minimum_age: signups.minimum_age,
        }
    }
}

/// The digest of the texts that somebody agrees to.
pub(super) fn agreement(auth: &Auth) -> String {
    let signups = auth.signups();
    let terms = signups.terms.as_ref().map(|terms| &terms.text);
    let texts = [&signups.tos_url].into_iter().chain(terms).chain(&signups.rules);
    let texts = texts.map(String::as_str).collect::<Vec<_>>();
    Digest::of(texts.join("\n").as_bytes()).to_base64url()
}

/// All that is wrong with a form, whatever the database knows of its name and address.
pub(super) async fn problems(auth: &Auth, form: &SignUpForm, asked: Asked) -> Result<Vec<FormError>, Error> {
    let mut errors = Vec::new();
    let config = auth.config();
    if asked.address && form.email.trim().is_empty() {
        errors.push(FormError::blank("email"));
    }
    match &form.password {
        None if !asked.password => {}
        None => errors.push(FormError::blank("password")),
        Some(password) if password.expose().trim().is_empty() => errors.push(FormError::blank("password")),
        Some(_) => {}
    }
    let mut candidate = Candidate::new(&*form.username).with_host(config.base_url.host());
    if !form.email.trim().is_empty() {
        candidate = candidate.with_email(&*form.email);
    }
    if let Some(password) = form.password.as_ref().filter(|password| !password.expose().trim().is_empty()) {
        candidate = candidate.with_password(password.clone());
    }
    if let Some(reason) = &form.reason {
        candidate = candidate.with_reason(&**reason);
    }
    let problems = auth.accounts().check_new(&candidate).await.map_err(Error::from_host)?;
    errors.extend(problems.iter().map(|problem| of_field(problem, &form.username)));
    let has_bad_address = errors.iter().any(|error| error.field == "email");
    if !has_bad_address {
        errors.extend(mail_domain::problem(auth, &form.email).await?);
    }
    if asked.agreement && !form.agreement {
        errors.push(FormError::new("agreement", "ERR_ACCEPTED", "must be accepted"));
    }
    errors.extend(reason_problem(form, asked));
    errors.extend(age_problem(form, asked.minimum_age, auth.ambient().now()));
    Ok(errors)
}

fn reason_problem(form: &SignUpForm, asked: Asked) -> Option<FormError> {
    let reason = form.reason.as_deref().map(str::trim).unwrap_or_default();
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    match () {
        () if !asked.reason => None,
        () if reason.is_empty() => asked.reason_required.then(|| FormError::blank("reason")),
        () if reason.chars().count() > LONGEST_REASON => Some(FormError::too_long("reason", LONGEST_REASON)),
        () if !reason.chars().all(is_plain) => Some(FormError::invalid("reason")),
        () => None,
    }
}

fn age_problem(form: &SignUpForm, minimum: u8, now: Timestamp) -> Option<FormError> {
    if minimum == 0 {
        return None;
    }
    let given = form.date_of_birth.as_deref().map(str::trim).unwrap_or_default();
    if given.is_empty() {
        return Some(FormError::blank("date_of_birth"));
    }
    let Some((born, today)) = date(given).zip(day_of(now)) else {
        return Some(FormError::invalid("date_of_birth"));
    };
    if born > today || born.year() < today.year() - 150 {
        return Some(FormError::invalid("date_of_birth"));
    }
    let had_birthday = (today.month() as u8, today.day()) >= (born.month() as u8, born.day());
    let age = today.year() - born.year() - i32::from(!had_birthday);
    (age < i32::from(minimum)).then(|| FormError::new("date_of_birth", "ERR_BELOW_LIMIT", "is below the age limit"))
}

fn day_of(now: Timestamp) -> Option<Date> {
    OffsetDateTime::from_unix_timestamp(now.seconds()).ok().map(OffsetDateTime::date)
}

/// `2001-12-31` (what follows a `T` is the time of day) or `31.12.2001`.
fn date(text: &str) -> Option<Date> {
    let day = text.split('T').next()?;
    let parts: Vec<&str> = day.split(['-', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if day.contains('.') { (last, first) } else { (first, last) };
    let is_number = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(year, 4) || !is_number(month, 2) || !is_number(day, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// A problem that the host found, in Mastodon's words.
fn of_field(problem: &FieldProblem, username: &str) -> FormError {
    let (field, longest) = match problem.field {
        Field::Username => ("username", LONGEST_NAME),
        Field::Email => ("email", LONGEST_ADDRESS),
        Field::Password => ("password", LONGEST_PASSWORD),
    };
    let own_words = || {
        let sentence = problem.text.strip_prefix(problem.field.name()).unwrap_or(&problem.text);
        sentence.trim().to_owned()
    };
    match (problem.kind, problem.field) {
        (ProblemKind::Blank, _) => FormError::blank(field),
        (ProblemKind::Invalid, Field::Username) if username.trim().chars().count() > LONGEST_NAME => {
            FormError::too_long(field, LONGEST_NAME)
        }
        (ProblemKind::Invalid, Field::Username) => {
            FormError::new(field, "ERR_INVALID", "must contain only letters, numbers and underscores")
        }
        (ProblemKind::TooShort, _) => FormError::new(
            field,
            "ERR_TOO_SHORT",
            format!("is too short (minimum is {} characters)", rules::SHORTEST_PASSWORD),
        ),
        (ProblemKind::TooLong, _) => FormError::too_long(field, longest),
        (ProblemKind::Reserved, _) => FormError::new(field, "ERR_RESERVED", "is reserved"),
        (ProblemKind::Taken, _) => taken(field),
        (ProblemKind::Blocked, Field::Email) => {
            FormError::new(field, "ERR_BLOCKED", "uses a disallowed e-mail provider")
        }
        (ProblemKind::Blocked, _) => FormError::new(field, "ERR_INVALID", own_words()),
        _ => FormError::invalid(field),
    }
}

pub(super) fn taken(field: &'static str) -> FormError {
    FormError::new(field, "ERR_TAKEN", "has already been taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29
    const NOW: Timestamp = Timestamp::from_micros(1_795_910_400_000_000);

    fn code(date_of_birth: &str, minimum: u8) -> Option<&'static str> {
        let form = SignUpForm { date_of_birth: Some(date_of_birth.to_owned()), ..SignUpForm::new() };
        age_problem(&form, minimum, NOW).map(|error| error.code)
    }

    #[test]
    fn sign_up_age_is_judged_to_the_day_in_both_spellings() {
        assert_eq!(code("", 0), None);
        for (given, wanted) in [
            ("2010-11-29", None),
            ("29.11.2010", None),
            ("2010-11-29T00:00:00.000Z", None),
            ("2010-11-30", Some("ERR_BELOW_LIMIT")),
            ("", Some("ERR_BLANK")),
            ("2027-01-01", Some("ERR_INVALID")),
            ("1800-01-01", Some("ERR_INVALID")),
            ("2010-02-30", Some("ERR_INVALID")),
            ("10-1-1", Some("ERR_INVALID")),
            ("yesterday", Some("ERR_INVALID")),
            ("2010-११-२९", Some("ERR_INVALID")),
        ] {
            assert_eq!(code(given, 16), wanted, "{given}");
        }
        // Who is born on a leap day is a year older on the first of March.
        assert_eq!(date("29.02.2008").map(|date| date.day()), Some(29));
    }
}
