//! What a person does on the pages of the server, in words.

use crate::browser::Browser;
use crate::person::Person;

/// The button under the password.
pub const SIGN_IN: &str = "form:has(input[name='password']) button:not([type='button'])";

/// The button that lets the application in.
pub const APPROVE: &str = "form[action*='/api/auth/redirect'] button:not([type='button'])";

/// The button that keeps the application out.
pub const DENY: &str = "form:has(input[name='_method'][value='delete' i]) button:not([type='button'])";

/// The field from which the person copies a code.
pub const CODE: &str = "input[readonly]";

impl Browser {
    /// Types name and password into the sign-in page and sends them off.
    pub async fn sign_in(&self, person: &Person) {
        self.sign_in_with(&person.username, &person.password).await;
    }

    /// Types what is given into the sign-in page and sends it off.
    pub async fn sign_in_with(&self, identifier: &str, password: &str) {
        self.fill("identifier", identifier).await;
        self.fill("password", password).await;
        self.click(SIGN_IN).await;
    }

    /// Lets the application in.
    pub async fn approve(&self) {
        self.click(APPROVE).await;
    }

    /// Keeps the application out.
    pub async fn deny(&self) {
        self.click(DENY).await;
    }

    /// Reads the code that the person is asked to copy into an application.
    pub async fn code_on_page(&self) -> String {
        let field = self.find(CODE).await;
        let code = field.prop("value").await.expect("a field has a value");
        code.filter(|code| !code.is_empty()).expect("the field holds a code")
    }
}
