//! People.

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user name.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The password, in the open: nobody else ever uses it.
    pub password: String,
}

impl Person {
    /// A person called `username`, with an address and a password to go with it.
    pub fn named(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            email: format!("{username}@people.example"),
            password: format!("{username} walks 7 dogs"),
        }
    }
}
