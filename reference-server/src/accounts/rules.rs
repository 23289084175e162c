//! What a name, an address and a password must be (security ID-6, ID-15, ID-16). Pure: nothing is looked up.

use lysand_auth::model::account::is_reserved;

/// The longest user name.
const LONGEST_NAME: usize = 30;
/// How long a password may be when it is set, in characters.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// What is said about a value that breaks a rule; `{}` stands for a number.
const NAME_SHAPE: &str = "Username must be 1 to {} letters a to z, digits or underscores";
const NAME_RESERVED: &str = "Username is reserved";
const ADDRESS_SHAPE: &str = "E-mail address must look like name@host.example";
const PASSWORD_SIZE: &str = "Password must be {} to {} characters long";
const PASSWORD_COMMON: &str = "Password is one of those that are tried first: choose another";
const PASSWORD_OBVIOUS: &str = "Password is too close to the name or the site: choose another";

/// All of these sentences, for those who translate them.
#[cfg(test)]
pub(crate) const TEXTS: [&str; 6] =
    [NAME_SHAPE, NAME_RESERVED, ADDRESS_SHAPE, PASSWORD_SIZE, PASSWORD_COMMON, PASSWORD_OBVIOUS];

/// A sentence with its numbers.
fn with_numbers(sentence: &str, numbers: &[usize]) -> String {
    numbers.iter().fold(sentence.to_owned(), |text, number| text.replacen("{}", &number.to_string(), 1))
}

/// A user name in the form in which it is kept: lower-case.
///
/// # Errors
/// A sentence for the person who chose it.
pub(crate) fn username(given: &str) -> Result<String, String> {
    let name = given.trim().to_lowercase();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(allowed) {
        return Err(with_numbers(NAME_SHAPE, &[LONGEST_NAME]));
    }
    match is_reserved(&name) || is_reserved(&look(&name)) {
        true => Err(NAME_RESERVED.to_owned()),
        false => Ok(name),
    }
}

/// How a name looks: what people take for one letter is one letter here. No two accounts look the same.
pub(crate) fn look(username: &str) -> String {
    username.replace('0', "o").replace('1', "l").replace("rn", "m").replace("vv", "w")
}

/// An e-mail address, without the blanks around it. Narrow on purpose: ASCII, a plain local part, a domain with a dot or
/// `localhost`. No quoting, no comments, no control characters.
///
/// # Errors
/// A sentence for the person who gave it.
pub(crate) fn email(given: &str) -> Result<String, String> {
    let address = given.trim();
    let well_formed = address.len() <= 254
        && address.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    match well_formed {
        true => Ok(address.to_owned()),
        false => Err(ADDRESS_SHAPE.to_owned()),
    }
}

fn is_local_part(local: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(allowed))
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
pub(crate) fn email_key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Whether a password may be set. `related` are words that anyone would try first: the name, the address, the site.
///
/// # Errors
/// A sentence for the person who chose it; it never repeats the password.
pub(crate) fn password<'a>(given: &str, related: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    if !PASSWORD_LENGTH.contains(&given.chars().count()) {
        return Err(with_numbers(PASSWORD_SIZE, &[*PASSWORD_LENGTH.start(), *PASSWORD_LENGTH.end()]));
    }
    let plain = given.to_lowercase();
    if is_common(&plain) {
        return Err(PASSWORD_COMMON.to_owned());
    }
    let core = without_trimmings(&plain);
    let obvious = |word: &str| word.chars().count() >= 3 && (plain == word || core == without_trimmings(word));
    match related.into_iter().any(|word| obvious(&word.to_lowercase())) {
        true => Err(PASSWORD_OBVIOUS.to_owned()),
        false => Ok(()),
    }
}

/// A word without digits and signs around it, by which people vary it.
fn without_trimmings(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphabetic())
}

/// The words of well-known lists of leaked passwords that are left when digits and signs around them are taken off, and
/// patterns of the keyboard.
const COMMON: &[&str] = &[
    "abcd",
    "abc",
    "access",
    "admin",
    "administrator",
    "angel",
    "arsenal",
    "baseball",
    "basketball",
    "batman",
    "changeme",
    "charlie",
    "chelsea",
    "chocolate",
    "computer",
    "daniel",
    "default",
    "dragon",
    "flower",
    "football",
    "freedom",
    "fuckyou",
    "george",
    "guest",
    "hello",
    "hunter",
    "iloveyou",
    "internet",
    "jennifer",
    "jessica",
    "jordan",
    "killer",
    "letmein",
    "liverpool",
    "login",
    "lovely",
    "loveme",
    "master",
    "matrix",
    "michael",
    "michelle",
    "monkey",
    "mustang",
    "mypass",
    "mypassword",
    "ninja",
    "nothing",
    "pass",
    "passw",
    "password",
    "passwort",
    "passwd",
    "pokemon",
    "princess",
    "p@ssw0rd",
    "p@ssword",
    "passw0rd",
    "pa$$word",
    "pa$$w0rd",
    "qazwsx",
    "qwe",
    "qwerty",
    "qwertz",
    "azerty",
    "root",
    "samsung",
    "secret",
    "shadow",
    "starwars",
    "sunshine",
    "superman",
    "superuser",
    "test",
    "testing",
    "thomas",
    "trustno",
    "user",
    "welcome",
    "whatever",
    "william",
    "zaq1zaq",
    "zaq1xsw",
    "1q2w3e4r",
    "1qaz2wsx",
    "q1w2e3r4",
];

const ROWS: [&str; 9] = [
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6z7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

fn is_common(plain: &str) -> bool {
    let repeats = (1..=plain.len() / 2)
        .filter(|size| plain.is_char_boundary(*size))
        .any(|size| size <= 4 && plain.len().is_multiple_of(size) && plain[..size].repeat(plain.len() / size) == plain);
    let core = without_trimmings(plain);
    let letters: String = core.chars().filter(|c| c.is_alphabetic()).collect();
    repeats
        || ROWS.iter().any(|row| row.contains(plain))
        || COMMON.contains(&core)
        || COMMON.contains(&plain.trim_end_matches(|c: char| !c.is_alphabetic()))
        || COMMON.contains(&plain)
        || (core.is_empty() && plain.chars().all(|c| c.is_ascii_digit()) && plain.len() <= 8)
        || (letters.is_empty() && plain.chars().all(|c| !c.is_alphanumeric()) && plain.len() <= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_plain() {
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
    fn reserved_names_and_what_looks_like_them_are_refused() {
        for given in ["admin", "Root", "OAUTH", "setup", "r00t", "t0ken"] {
            assert!(username(given).is_err(), "{given}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        assert_eq!(look("b0b1"), look("bobl"));
        assert_eq!(look("rnary"), look("mary"));
        assert_ne!(look("a_b"), look("ab"));
    }

    #[test]
    fn addresses_are_narrow() {
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
    fn passwords_have_a_length_in_characters() {
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
    fn passwords_that_are_tried_first_are_refused() {
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
    fn passwords_close_to_name_or_site_are_refused() {
        let related = ["wanderer", "social.example", "wanderer@post.example"];
        for given in ["wanderer", "Wanderer1!", "social.example", "2026wanderer", "WANDERER@post.example"] {
            assert!(password(given, related).is_err(), "{given}");
        }
        assert!(password("wanderer above the sea", related).is_ok());
    }
}
