//! Passwords that are guessed first (security ID-6).

/// A word without digits and signs around it, by which people vary it.
pub(super) fn without_trimmings(word: &str) -> &str {
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

/// Whether a password in lower case is among those that are guessed first.
pub(super) fn is_common(plain: &str) -> bool {
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
