//! An authenticator made of software, with a browser in front of it: it makes a passkey and uses it, and can be told to do each thing
//! wrong. Written over `ring` and by hand, so that the library is not judged by the crate that it checks with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// One passkey, and how its device behaves.
pub struct SoftPasskey {
    key: EcdsaKeyPair,
    /// What the device calls it.
    pub id: Vec<u8>,
    /// What the site called the owner.
    pub owner: Vec<u8>,
    /// The page that asks.
    pub origin: String,
    /// The domain that it is for.
    pub domain: String,
    /// Its model (AAGUID); zero for one that does not tell.
    pub model: [u8; 16],
    /// How often it was used, as far as it tells.
    pub counter: u32,
    /// Whether the device makes sure that it is its owner.
    pub verifies: bool,
    /// Whether it can be copied to other devices of its owner.
    pub backup_eligible: bool,
    /// Whether it was.
    pub backed_up: bool,
    /// More members of the client data, or others in the place of those.
    pub more: Value,
}

impl SoftPasskey {
    /// A new one, for the page of this origin.
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).expect("a key");
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        let host = origin.split_once("://").expect("an origin").1.split(':').next().expect("a host").to_owned();
        Self {
            key,
            id,
            owner: Vec::new(),
            model: [0; 16],
            origin: origin.to_owned(),
            domain: host,
            counter: 0,
            verifies: true,
            backup_eligible: false,
            backed_up: false,
            more: json!({}),
        }
    }

    /// The same on several devices of its owner.
    pub fn synced(self) -> Self {
        Self { backup_eligible: true, backed_up: true, ..self }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let mut data =
            json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        for (name, value) in self.more.as_object().expect("members") {
            data[name] = value.clone();
        }
        data.to_string().into_bytes()
    }

    fn flags(&self, with_key: bool) -> u8 {
        let bit = |is_set: bool, at: u8| u8::from(is_set) << at;
        1 | bit(self.verifies, 2) | bit(self.backup_eligible, 3) | bit(self.backed_up, 4) | bit(with_key, 6)
    }

    fn data(&self, key: &[u8]) -> Vec<u8> {
        let domain = digest(&SHA256, self.domain.as_bytes());
        [domain.as_ref(), &[self.flags(!key.is_empty())], &self.counter.to_be_bytes(), key].concat()
    }

    /// Answers `navigator.credentials.create`, as the JSON that a page sends on.
    pub fn create(&mut self, options: &Value) -> Value {
        self.owner = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().expect("a handle")).expect("base64");
        let cose = self.cose_key();
        let length_of = |bytes: &[u8]| u16::try_from(bytes.len()).expect("few bytes").to_be_bytes();
        let text = |text: &str| [&[0x78, length_of(text.as_bytes())[1]][..], text.as_bytes()].concat();
        let bytes = |bytes: &[u8]| [&[0x59][..], &length_of(bytes), bytes].concat();
        let data = self.data(&[&self.model[..], &length_of(&self.id), &self.id, &cose].concat());
        let object =
            [&[0xa3][..], &text("fmt"), &text("none"), &text("attStmt"), &[0xa0], &text("authData"), &bytes(&data)];
        self.credential(json!({
            "clientDataJSON": encoded(&self.client_data("webauthn.create", options)),
            "attestationObject": encoded(&object.concat()),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// Its public key in COSE: key type 2, algorithm -7, curve 1, and the point.
    #[must_use]
    pub fn cose_key(&self) -> Vec<u8> {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat()
    }

    /// Answers `navigator.credentials.get`.
    pub fn get(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.get", options);
        let data = self.data(&[]);
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.credential(json!({
            "clientDataJSON": encoded(&client),
            "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()),
            "userHandle": encoded(&self.owner),
        }))
    }

    fn credential(&self, response: Value) -> Value {
        json!({
            "id": encoded(&self.id),
            "rawId": encoded(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": response,
        })
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
