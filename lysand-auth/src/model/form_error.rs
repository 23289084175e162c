//! What is wrong with the fields of a form, as Mastodon's API tells it (Mastodon §12.2).

use std::fmt;

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What kind of thing, for programs: `ERR_BLANK`.
    pub code: &'static str,
    /// What is said about it; begins in the middle of a sentence, whose subject is the field.
    pub description: String,
}

impl FormError {
    /// Something that is wrong with a field.
    #[must_use]
    pub fn new(field: &'static str, code: &'static str, description: impl Into<String>) -> Self {
        Self { field, code, description: description.into() }
    }

    pub(crate) fn blank(field: &'static str) -> Self {
        Self::new(field, "ERR_BLANK", "can't be blank")
    }

    pub(crate) fn invalid(field: &'static str) -> Self {
        Self::new(field, "ERR_INVALID", "is invalid")
    }

    pub(crate) fn too_long(field: &'static str, most: usize) -> Self {
        Self::new(field, "ERR_TOO_LONG", format!("is too long (maximum is {most} characters)"))
    }

    /// The whole sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} {}", subject(self.field), self.description)
    }
}

/// How a sentence about a field begins.
fn subject(field: &str) -> String {
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// All that is wrong with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is a list, and stays one")]
pub struct FormErrors(pub Vec<FormError>);

impl fmt::Display for FormErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentences: Vec<String> = self.0.iter().map(FormError::sentence).collect();
        write!(f, "Validation failed: {}", sentences.join(", "))
    }
}

impl From<FormError> for FormErrors {
    fn from(error: FormError) -> Self {
        Self(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_errors_are_joined_to_the_sentence_that_mastodon_answers() {
        let errors = FormErrors(vec![
            FormError::blank("password"),
            FormError::new("username", "ERR_INVALID", "must contain only letters, numbers and underscores"),
            FormError::new("date_of_birth", "ERR_BELOW_LIMIT", "is below the age limit"),
        ]);
        assert_eq!(
            errors.to_string(),
            "Validation failed: Password can't be blank, Username must contain only letters, numbers and underscores, \
             Date of birth is below the age limit"
        );
    }
}
