//! The ways in which the provider can misbehave.

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// `iss` of another issuer.
    WrongIssuer,
    /// `iss` with a slash more.
    IssuerWithSlash,
    /// `aud` of another client.
    WrongAudience,
    /// `aud` of us and of another client.
    ExtraAudience,
    /// No `aud`.
    NoAudience,
    /// `azp` of another client.
    WrongParty,
    /// `exp` is over.
    Expired,
    /// `exp` as text.
    ExpiryAsText,
    /// No `exp`.
    NoExpiry,
    /// `iat` to come.
    IssuedTomorrow,
    /// `iat` of yesterday.
    IssuedYesterday,
    /// `iat` as text.
    IssuedAsText,
    /// `nbf` to come.
    NotYet,
    /// Another nonce.
    WrongNonce,
    /// No nonce.
    NoNonce,
    /// `nonce` as a list.
    NonceAsList,
    /// `at_hash` of another access token.
    WrongAtHash,
    /// `at_hash` as a number.
    AtHashAsNumber,
    /// `alg: none` and no signature.
    Unsigned,
    /// `alg: none` with the signature left in place.
    UnsignedWithSignature,
    /// HS256 with the public key as its secret.
    MacWithPublicKey,
    /// HS256 with our client secret.
    MacWithOurSecret,
    /// Signed by another key under the right name.
    ForeignKey,
    /// Signed by another key that comes along in the header.
    KeyInHeader,
    /// The name of a key that nobody has.
    UnknownKeyId,
    /// One bit of the signature is another.
    BrokenSignature,
    /// The claims were changed after signing.
    ChangedClaims,
    /// Five parts, as an encrypted token has.
    Encrypted,
    /// Demands that nobody understands.
    Critical,
    /// Another type of token, with the right signature.
    AnotherType,
    /// `sub` stands twice.
    SubjectTwice,
    /// `sub` is empty.
    SubjectEmpty,
    /// `sub` is a number.
    SubjectNumber,
    /// `sub` is null.
    SubjectNull,
    /// No `sub`.
    NoSubject,
    /// `sub` is longer than any.
    SubjectLong,
    /// `email_verified` as text.
    VerifiedAsText,
    /// No ID token.
    NoIdToken,
    /// An ID token that is none.
    IdTokenGarbage,
    /// The token endpoint refuses, with markup in its words.
    TokenRefused,
    /// The token endpoint answers with a page.
    TokenPage,
    /// The token endpoint sends us elsewhere.
    TokenRedirect,
    /// The token endpoint says far too much.
    TokenHuge,
    /// The token endpoint never stops.
    TokenEndless,
    /// The token endpoint never begins.
    TokenSlow,
    /// The access token stands twice.
    TokenTwice,
    /// The access token holds a line break.
    TokenLineBreak,
    /// The token is no bearer token.
    TokenType,
    /// User info of another person.
    InfoOfAnother,
    /// User info of nobody.
    InfoOfNobody,
    /// User info in which `sub` stands twice.
    InfoTwice,
    /// User info as a page.
    InfoPage,
    /// User info elsewhere.
    InfoRedirect,
    /// User info that is far too much.
    InfoHuge,
    /// User info that fails.
    InfoFails,
    /// The document of another issuer.
    DocumentOfAnother,
    /// The document as a page.
    DocumentPage,
    /// The document elsewhere.
    DocumentRedirect,
    /// A document that is far too much.
    DocumentHuge,
    /// A document that never comes.
    DocumentSlow,
    /// A document that says a thing twice.
    DocumentTwice,
    /// A document that sends our secrets where no https is.
    DocumentFtp,
    /// No document.
    DocumentFails,
    /// No keys.
    KeysFail,
    /// Keys that are far too many.
    KeysMany,
    /// The callback names another issuer.
    CallbackOfAnother,
    /// The callback names no issuer, although the document promises it.
    CallbackOfNobody,
    /// The callback has neither code nor error.
    CallbackEmpty,
}

/// The defects of an ID token and of the answers that go with it.
pub const IN_THE_TOKEN: [Defect; 46] = {
    use Defect::*;
    [
        WrongIssuer,
        IssuerWithSlash,
        WrongAudience,
        ExtraAudience,
        NoAudience,
        WrongParty,
        Expired,
        ExpiryAsText,
        NoExpiry,
        IssuedTomorrow,
        IssuedYesterday,
        IssuedAsText,
        NotYet,
        WrongNonce,
        NoNonce,
        NonceAsList,
        WrongAtHash,
        AtHashAsNumber,
        Unsigned,
        UnsignedWithSignature,
        MacWithPublicKey,
        MacWithOurSecret,
        ForeignKey,
        KeyInHeader,
        UnknownKeyId,
        BrokenSignature,
        ChangedClaims,
        Encrypted,
        Critical,
        AnotherType,
        SubjectTwice,
        SubjectEmpty,
        SubjectNumber,
        SubjectNull,
        NoSubject,
        SubjectLong,
        NoIdToken,
        IdTokenGarbage,
        TokenRefused,
        TokenPage,
        TokenRedirect,
        TokenHuge,
        TokenTwice,
        TokenLineBreak,
        TokenType,
        InfoOfAnother,
    ]
};

/// The defects of the user endpoint that cost what it would have told, and nothing else.
pub const OF_THE_USER_ENDPOINT: [Defect; 6] = {
    use Defect::*;
    [InfoOfNobody, InfoTwice, InfoPage, InfoRedirect, InfoHuge, InfoFails]
};
