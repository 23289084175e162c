//! What a browser sends of a passkey, and what is known of one: read, before anything of it is proven.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The longest id of a credential, in bytes (FAC-74).
pub(super) const LONGEST_ID: usize = 1023;

/// Bytes that a passkey signs, once.
pub(crate) type Challenge = [u8; 32];

/// Why a credential was not accepted: for the log, never for the person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    /// It is not what it should be.
    Wrong(String),
    /// Its counter did not rise: there may be a copy of it (FAC-76).
    Copied,
}

impl NotAccepted {
    pub(super) fn because(why: impl ToString) -> Self {
        Self::Wrong(why.to_string())
    }
}

/// Whether the device must make sure that it is its owner who uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verification {
    /// If it can.
    Preferred,
    /// In any case.
    Required,
}

impl Verification {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Required => "required",
        }
    }
}

/// Whose passkey is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User<'a> {
    /// What the passkey knows its owner by: random, and not the id of the account.
    pub(crate) handle: &'a [u8],
    pub(crate) name: &'a str,
    pub(crate) display_name: &'a str,
}

/// A passkey that is there already, as a browser is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: Vec<u8>,
    pub(crate) transports: Vec<String>,
}

impl Known {
    pub(super) fn descriptor(&self) -> Value {
        let mut descriptor = json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&self.id) });
        if !self.transports.is_empty() {
            descriptor["transports"] = json!(self.transports);
        }
        descriptor
    }
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) id: Vec<u8>,
    /// The public key and what belongs to it, as [`RelyingParty::check`] reads it.
    pub(crate) key: String,
    pub(crate) counter: u32,
    /// Whether it verified its owner. One that did has to go on doing so.
    pub(crate) verified: bool,
    /// Whether it can be copied to other devices, and whether it was.
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) transports: Vec<String>,
    /// The model of the authenticator, as hexadecimal digits; nothing where it keeps that to itself.
    pub(crate) model: Option<String>,
}

/// What another server kept of a passkey that it made.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: Vec<u8>,
    /// The public key: COSE in CBOR.
    pub(crate) key: Vec<u8>,
    pub(crate) counter: u32,
    pub(crate) verified: bool,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) transports: Vec<String>,
}

/// A passkey that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) counter: u32,
    pub(crate) verified: bool,
    pub(crate) backed_up: bool,
}

/// What a browser sent, before anything of it is proven.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    /// The id of the credential.
    pub(crate) id: Vec<u8>,
    /// The challenge that it answers.
    pub(crate) challenge: Challenge,
    /// The handle of its owner, where the passkey told it.
    pub(crate) owner: Option<Vec<u8>>,
    /// Whether it comes from a frame in a page of somebody else.
    is_framed: bool,
    pub(super) json: Value,
}

impl Presented {
    /// Reads the JSON form of a credential (`PublicKeyCredential.toJSON()`).
    ///
    /// # Errors
    /// When it has not that form.
    pub(crate) fn read(text: &str) -> Result<Self, NotAccepted> {
        let mut json: Value = serde_json::from_str(text).map_err(NotAccepted::because)?;
        tidy(&mut json);
        let bytes = |value: &Value| value.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let id = bytes(&json["rawId"]).ok_or_else(|| NotAccepted::because("no id"))?;
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(NotAccepted::because("an id of that length is none"));
        }
        if json["id"].as_str().and_then(|id| URL_SAFE_NO_PAD.decode(id).ok()).is_some_and(|other| other != id) {
            return Err(NotAccepted::because("two ids"));
        }
        let client =
            bytes(&json["response"]["clientDataJSON"]).ok_or_else(|| NotAccepted::because("no client data"))?;
        let client: Value = serde_json::from_slice(&client).map_err(NotAccepted::because)?;
        let is_framed = client["crossOrigin"] == true || !client["topOrigin"].is_null();
        let challenge = bytes(&client["challenge"]).and_then(|bytes| bytes.try_into().ok());
        let challenge = challenge.ok_or_else(|| NotAccepted::because("no challenge of ours"))?;
        let owner = bytes(&json["response"]["userHandle"]).filter(|handle| !handle.is_empty());
        Ok(Self { id, challenge, owner, is_framed, json })
    }

    /// Refuses what was made in a frame of another page: after its challenge was read, which is used up by that.
    pub(super) fn refuse_frame(&self) -> Result<(), NotAccepted> {
        if self.is_framed { Err(NotAccepted::because("made in a frame of another page")) } else { Ok(()) }
    }
}

/// Leaves what decides, in one spelling: padding and the other alphabet of base64 mean the same, and what extensions or browsers of
/// another day add means nothing.
fn tidy(json: &mut Value) {
    let base64 = |value: &mut Value| {
        if let Value::String(text) = value {
            *text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        }
    };
    for name in ["id", "rawId"] {
        if let Some(value) = json.get_mut(name) {
            base64(value);
        }
    }
    let id = json["id"].clone();
    if let Some(whole) = json.as_object_mut() {
        whole.entry("rawId").or_insert(id);
        whole.insert("extensions".to_owned(), json!({}));
        whole.remove("clientExtensionResults");
    }
    let Some(response) = json.get_mut("response").and_then(Value::as_object_mut) else { return };
    response.retain(|name, value| {
        base64(value);
        matches!(
            name.as_str(),
            "attestationObject" | "clientDataJSON" | "authenticatorData" | "signature" | "userHandle" | "transports"
        )
    });
    if response.get("userHandle").is_some_and(|handle| handle == "") {
        response.remove("userHandle");
    }
}
