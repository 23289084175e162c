//! How what the provider sends differs from the simplest answer: habits of real providers, written down as data.

/// What of the provider a habit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The discovery document.
    Document,
    /// The key that it signs with, as its key set has it.
    Key,
    /// The key set.
    Keys,
    /// The answer of the token endpoint.
    Token,
    /// The header of the ID token.
    Header,
    /// The claims of the ID token.
    Claims,
    /// The answer of the user endpoint.
    Info,
    /// The claims of the user endpoint, which signs its answer.
    SignedInfo,
    /// The algorithm that it signs with: `EdDSA`, `RS256`, `PS256`, `ES256`, `ES384`, or `RSA1024` for a weak key.
    Signer,
}

/// A part, and how it differs:
///
/// * `{…}`: these members are merged into the object; `"(absent)"` removes one;
/// * `=…`: this is the whole body;
/// * `@TYPE ` before either: another content type; `!STATUS ` before that: another status.
///
/// In the text `$URL` is the issuer, `$CLIENT` our client id, `$NOW` the time in seconds, `$KEY` the key of the key set, and
/// `$SUB` the person's subject.
pub type Difference = (Part, &'static str);
