//! What a name, an address and a password must be (security ID-6, ID-15, ID-16). Pure: nothing is looked up.

mod common_passwords;
mod look_alike;
mod reserved;

use std::fmt;

use self::common_passwords::{is_common, without_trimmings};
pub use self::look_alike::username_key;
use self::reserved::is_reserved;

/// The longest user name.
const LONGEST_NAME: usize = 30;
/// How long a password may be when it is set, in characters.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = SHORTEST_PASSWORD..=128;
/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 8;

/// What an account is made from. Name and address belong to one account alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The user name.
    Username,
    /// The e-mail address.
    Email,
    /// The password.
    Password,
}

impl Field {
    /// Its name, as sentences about it begin.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "Username",
            Self::Email => "E-mail address",
            Self::Password => "Password",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which rule a value breaks. Its text is for the person who gave the value, and never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleError {
    /// The user name is empty, too long, or has other characters.
    UsernameShape,
    /// The user name is kept for the server, or looks like one that is.
    UsernameReserved,
    /// The e-mail address is none that this server writes to.
    EmailShape,
    /// The password is too short or too long.
    PasswordLength,
    /// The password is among those that are guessed first.
    PasswordCommon,
    /// The password is the name, the address or the site, or nearly so.
    PasswordObvious,
}

impl RuleError {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UsernameShape,
        Self::UsernameReserved,
        Self::EmailShape,
        Self::PasswordLength,
        Self::PasswordCommon,
        Self::PasswordObvious,
    ];

    /// The field that it is about.
    #[must_use]
    pub fn field(self) -> Field {
        match self {
            Self::UsernameShape | Self::UsernameReserved => Field::Username,
            Self::EmailShape => Field::Email,
            Self::PasswordLength | Self::PasswordCommon | Self::PasswordObvious => Field::Password,
        }
    }

    /// The text, in which each `{}` stands for a number.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Self::UsernameShape => "Username must be 1 to {} letters a to z, digits or underscores",
            Self::UsernameReserved => "Username is reserved",
            Self::EmailShape => "E-mail address must look like name@host.example",
            Self::PasswordLength => "Password must be {} to {} characters long",
            Self::PasswordCommon => "Password is one of those that are tried first: choose another",
            Self::PasswordObvious => "Password is too close to the name or the site: choose another",
        }
    }

    fn numbers(self) -> Vec<usize> {
        match self {
            Self::UsernameShape => vec![LONGEST_NAME],
            Self::PasswordLength => vec![*PASSWORD_LENGTH.start(), *PASSWORD_LENGTH.end()],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self
            .numbers()
            .iter()
            .fold(self.pattern().to_owned(), |text, number| text.replacen("{}", &number.to_string(), 1));
        f.write_str(&text)
    }
}

impl std::error::Error for RuleError {}

/// A user name in the form in which it is kept: lower-case.
///
/// # Errors
/// The rule that it breaks.
pub fn username(given: &str) -> Result<String, RuleError> {
    let name = given.trim().to_lowercase();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(allowed) {
        return Err(RuleError::UsernameShape);
    }
    match is_reserved(&name) {
        true => Err(RuleError::UsernameReserved),
        false => Ok(name),
    }
}

/// An e-mail address, without the blanks around it. Narrow on purpose: ASCII, a plain local part, a domain with a dot or
/// `localhost`. No quoting, no comments, no control characters.
///
/// # Errors
/// The rule that it breaks.
pub fn email(given: &str) -> Result<String, RuleError> {
    let address = given.trim();
    let well_formed = address.len() <= 254
        && address.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    match well_formed {
        true => Ok(address.to_owned()),
        false => Err(RuleError::EmailShape),
    }
}

fn is_local_part(local: &str) -> bool {
    // No `!` and `%`, by which old mail servers pass mail on, and no encoded word, which some decode to another address.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"#$&'*+-/=?^_`{|}~".contains(&byte);
    let is_plain = !local.contains("=?");
    is_plain && local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(allowed))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let named = domain.rsplit('.').next().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    let dotted = domain.contains('.') || domain.eq_ignore_ascii_case("localhost");
    dotted && named && domain.split('.').all(is_label)
}

/// An address as uniqueness sees it.
#[must_use]
pub fn email_key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// The words that anyone would try first as the password of an account: its name, its address, the site's host and title.
#[must_use]
pub fn related<'a>(username: &'a str, email: Option<&'a str>, host: &'a str, title: &'a str) -> Vec<&'a str> {
    let local_part = email.and_then(|address| address.split('@').next());
    let site = host.trim_start_matches("www.").split('.').next();
    let words = [Some(username), email, local_part, Some(host), site, Some(title)].into_iter().flatten();
    words.chain(title.split_whitespace()).collect()
}

/// Whether a password may be set. `related` are words that anyone would try first: see [`related`].
///
/// # Errors
/// The rule that it breaks.
pub fn password<'a>(given: &str, related: impl IntoIterator<Item = &'a str>) -> Result<(), RuleError> {
    if !PASSWORD_LENGTH.contains(&given.chars().count()) {
        return Err(RuleError::PasswordLength);
    }
    let plain = given.to_lowercase();
    if is_common(&plain) {
        return Err(RuleError::PasswordCommon);
    }
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    let core = joined(without_trimmings(&plain));
    let obvious = |word: &str| word.chars().count() >= 3 && (plain == word || core == joined(without_trimmings(word)));
    match related.into_iter().any(|word| obvious(&word.to_lowercase())) {
        true => Err(RuleError::PasswordObvious),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_is_lowercased_and_limited_to_letters_digits_underscore() {
        for (given, kept) in [("Alice", "alice"), (" bob_2 ", "bob_2"), ("a", "a"), (&"x".repeat(30), &"x".repeat(30))]
        {
            assert_eq!(username(given).as_deref(), Ok(kept));
        }
        for given in
            ["", " ", "a b", "a-b", "a.b", "a@b", "ä", "alice\n.", &"x".repeat(31), "аlice" /* Cyrillic */]
        {
            assert!(username(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn username_reserved_or_lookalike_of_reserved_is_refused() {
        for given in ["admin", "Root", "OAUTH", "setup", "r00t", "t0ken"] {
            assert!(username(given).is_err(), "{given}");
        }
    }

    #[test]
    fn username_lookalikes_have_the_same_comparison_key() {
        assert_eq!(username_key("b0b1"), username_key("bobl"));
        assert_eq!(username_key("rnary"), username_key("mary"));
        assert_eq!(username_key("a_b"), username_key("ab"));
        assert_eq!(username_key("kim"), username_key("k1m"));
    }

    #[test]
    fn email_address_unusual_or_malformed_is_refused() {
        for given in ["a@b.example", "first.last+tag@Sub.Host.Example", "admin@localhost", " a@b.example "] {
            assert!(email(given).is_ok(), "{given}");
        }
        let long = format!("{}@b.example", "x".repeat(65));
        for given in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a@@b.example",
            "a@b@c.example",
            "a%b.example@c.example",
            "b.example!a@c.example",
            "=?utf-8?q?a?=@b.example",
            "a b@c.example",
            "a@b..example",
            ".a@b.example",
            "a.@b.example",
            "\"a\"@b.example",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-b.example",
            "a@b.example\r\nBcc: x@y.example",
            "a@b.exämple",
            "<a@b.example>",
            "a@b.example,c@d.example",
            &long,
        ] {
            assert!(email(given).is_err(), "{given:?}");
        }
        assert_eq!(email_key(" First@B.Example"), "first@b.example");
    }

    #[test]
    fn password_length_is_limited_in_characters() {
        assert!(password("1234567", []).is_err());
        assert!(password(&"é7".repeat(64), []).is_err(), "a short unit repeated is common");
        let long: String = ('!'..='~').chain('À'..='á').take(128).collect();
        assert_eq!(long.chars().count(), 128);
        assert!(password(&long, []).is_ok());
        assert!(password(&format!("{long}x"), []).is_err());
        assert!(password("correct horse battery staple", []).is_ok());
        assert!(password("   blanks count   ", []).is_ok());
    }

    #[test]
    fn password_common_or_keyboard_pattern_is_refused() {
        for given in [
            "password",
            "Password1",
            "12345678",
            "123456789",
            "qwertyuiop",
            "iloveyou",
            "Passw0rd!",
            "aaaaaaaa",
            "abcabcabc",
            "abcdefgh",
            "letmein123",
            "admin1234",
            "1q2w3e4r",
            "1qaz2wsx",
            "welcome1",
            "P@ssw0rd",
            "87654321",
            "asdfghjkl",
        ] {
            assert!(password(given, []).is_err(), "{given}");
        }
    }

    #[test]
    fn password_common_in_a_language_of_the_pages_is_refused() {
        for given in [
            "sommer2024",
            "hallo123",
            "geheim123",
            "motdepasse",
            "bonjour1",
            "manchester",
            "Passwort1!",
            "schatzi99",
            "fussball10",
            "frühling2026",
            "azerty123",
            "jetaime!!",
            "soleil2025",
            "marseille13",
            "contraseña",
            "tequiero1",
            "realmadrid7",
            "hola1234",
            "2024verano",
            "Summer2026!",
            "dragon99",
            "superman1",
        ] {
            assert_eq!(password(given, []), Err(RuleError::PasswordCommon), "{given}");
        }
    }

    #[test]
    fn password_close_to_the_title_of_the_site_is_refused() {
        let related = related("ada", None, "social.example", "Fernhill & Friends");
        for given in ["fernhill2026", "Fernhill & Friends", "fernhill&friends1", "FERNHILL!", "!!friends99"] {
            assert!(password(given, related.clone()).is_err(), "{given}");
        }
        assert!(password("fern upon the hill", related).is_ok());
    }

    #[test]
    fn password_close_to_username_email_or_site_is_refused() {
        let related = ["wanderer", "social.example", "wanderer@post.example"];
        for given in ["wanderer", "Wanderer1!", "social.example", "2026wanderer", "WANDERER@post.example"] {
            assert!(password(given, related).is_err(), "{given}");
        }
        assert!(password("wanderer above the sea", related).is_ok());
    }
}
