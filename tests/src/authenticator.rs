//! An authenticator app: it knows a secret, and shows the code of a moment.

use totp_rs::{Algorithm, Builder, Secret, Totp};

/// An authenticator app with one secret.
pub struct Authenticator(Totp);

impl Authenticator {
    /// An app that was given this secret, as people type it.
    pub fn new(base32: &str) -> Self {
        let typed: String = base32.chars().filter(|letter| !letter.is_whitespace()).collect();
        let secret = Secret::try_from_base32(typed).expect("a secret in base32");
        let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
        Self(totp.with_secret(secret).build().expect("160 bits"))
    }

    /// The code at this second.
    pub fn code(&self, seconds: i64) -> String {
        self.0.generate(u64::try_from(seconds).expect("after 1970")).to_string()
    }
}
