//! Making and using passkeys of one domain, by `webauthn-rs-core`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, COSEAlgorithm, COSEKey, Credential, ParsedAttestation, PublicKeyCredential,
    RegisterPublicKeyCredential, RegisteredExtensions, UserVerificationPolicy,
};

use super::credential::{Challenge, Kept, Known, LONGEST_ID, Made, NotAccepted, Presented, Used, User, Verification};

/// How long a browser waits for the person, in milliseconds.
const TIMEOUT: u32 = 300_000;
/// The most transports of a credential that are kept, and the longest name of one.
const TRANSPORTS: usize = 8;
const LONGEST_TRANSPORT: usize = 32;
/// What keys may be of: ECDSA on P-256, and RSA for the devices that have nothing else.
const ALGORITHMS: [COSEAlgorithm; 2] = [COSEAlgorithm::ES256, COSEAlgorithm::RS256];

/// For whom passkeys are made: a domain, and the origins that may use those of the domain.
pub(crate) struct RelyingParty {
    core: WebauthnCore,
    id: String,
    name: String,
}

impl RelyingParty {
    /// The domain of this id, and the origins that may use its passkeys.
    pub(crate) fn new(id: &str, name: &str, origins: Vec<Url>) -> Option<Self> {
        let timeout = Duration::from_millis(TIMEOUT.into());
        let core = WebauthnCore::new_unsafe_experts_only(name, id, origins, timeout, Some(false), Some(false));
        Some(Self { core, id: id.to_owned(), name: name.to_owned() })
    }

    /// The domain.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What a browser makes a passkey from (FAC-72).
    pub(crate) fn creation_options(
        &self,
        challenge: &Challenge,
        user: User<'_>,
        known: &[Known],
        verification: Verification,
    ) -> Value {
        let is_required = verification == Verification::Required;
        json!({
            "rp": { "id": self.id, "name": self.name },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(user.handle),
                "name": user.name,
                "displayName": user.display_name,
            },
            "challenge": URL_SAFE_NO_PAD.encode(challenge),
            "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg as i32 })),
            "timeout": TIMEOUT,
            "excludeCredentials": known.iter().map(Known::descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": verification.name(),
                "requireResidentKey": is_required,
                "userVerification": verification.name(),
            },
            "attestation": "none",
            "extensions": { "credProps": true },
        })
    }

    /// What a browser uses a passkey with: one of these, or any of this domain (FAC-73).
    pub(crate) fn request_options(&self, challenge: &Challenge, known: &[Known], verification: Verification) -> Value {
        json!({
            "challenge": URL_SAFE_NO_PAD.encode(challenge),
            "timeout": TIMEOUT,
            "rpId": self.id,
            "allowCredentials": known.iter().map(Known::descriptor).collect::<Vec<_>>(),
            "userVerification": verification.name(),
        })
    }

    /// Checks a passkey that was made from [`creation_options`](Self::creation_options). Whether its challenge was ours is the
    /// caller's to know.
    ///
    /// # Errors
    /// When anything is not as WebAuthn wants it at a registration.
    pub(crate) fn register(&self, presented: &Presented, verification: Verification) -> Result<Made, NotAccepted> {
        presented.refuse_frame()?;
        let mut json = presented.json.clone();
        let response = &mut json["response"];
        let transports = transports(response);
        let (object, model) = without_attestation(response["attestationObject"].as_str().unwrap_or_default())?;
        response["attestationObject"] = object.into();
        let credential: RegisterPublicKeyCredential = serde_json::from_value(json).map_err(NotAccepted::because)?;
        let builder = self.core.new_challenge_register_builder(&[0], "-", "-").map_err(refused)?;
        let builder = builder.user_verification_policy(policy(verification));
        let builder = builder.credential_algorithms(ALGORITHMS.to_vec());
        let (_, state) = self.core.generate_challenge_register(builder).map_err(refused)?;
        let state = answering(&state, &presented.challenge)?;
        let made = self.core.register_credential(&credential, &state, None).map_err(refused)?;
        if made.cred_id != presented.id {
            return Err(NotAccepted::because("two ids"));
        }
        if made.backup_state && !made.backup_eligible {
            return Err(NotAccepted::because("backed up, and cannot be"));
        }
        let key = serde_json::to_string(&made).map_err(NotAccepted::because)?;
        Ok(Made {
            id: made.cred_id,
            key,
            counter: made.counter,
            verified: made.user_verified,
            backup_eligible: made.backup_eligible,
            backed_up: made.backup_state,
            transports,
            model,
        })
    }

    /// Checks a passkey that was used: `key` and `counter` are what is known of it.
    ///
    /// # Errors
    /// When anything is not as WebAuthn wants it at an authentication; [`NotAccepted::Copied`] when nothing is wrong but the counter.
    pub(crate) fn check(
        &self,
        presented: &Presented,
        (key, counter): (&str, u32),
        verification: Verification,
    ) -> Result<Used, NotAccepted> {
        presented.refuse_frame()?;
        let mut known: Credential = serde_json::from_str(key).map_err(NotAccepted::because)?;
        known.counter = counter;
        let credential: PublicKeyCredential =
            serde_json::from_value(presented.json.clone()).map_err(NotAccepted::because)?;
        let builder = self.core.new_challenge_authenticate_builder(Vec::new(), Some(policy(verification)));
        let (_, state) = self.core.generate_challenge_authenticate(builder.map_err(refused)?).map_err(refused)?;
        let state = answering(&state, &presented.challenge)?;
        let used = self.core.authenticate_single_credential(&credential, &state, &known).map_err(refused)?;
        if used.backup_state() && !used.backup_eligible() || used.backup_eligible() != known.backup_eligible {
            return Err(NotAccepted::because("not the same kind of passkey as before"));
        }
        Ok(Used { counter: used.counter(), verified: used.user_verified(), backed_up: used.backup_state() })
    }
}

/// A passkey that another server made for the same domain.
///
/// # Errors
/// When its id or its key is none that this server could have made.
pub(crate) fn imported(kept: Kept) -> Result<Made, NotAccepted> {
    let Kept { id, key, counter, verified, backup_eligible, backed_up, transports: told } = kept;
    if id.is_empty() || id.len() > LONGEST_ID || (backed_up && !backup_eligible) {
        return Err(NotAccepted::because("an id or flags that none has"));
    }
    let key: Cbor = serde_cbor_2::from_slice(&key).map_err(NotAccepted::because)?;
    let key = COSEKey::try_from(&key).map_err(refused)?;
    if !ALGORITHMS.contains(&key.type_) {
        return Err(NotAccepted::because("an algorithm that is not offered"));
    }
    let transports = transports(&mut json!({ "transports": told }));
    let credential = Credential {
        cred_id: id.clone(),
        cred: key,
        counter,
        transports: None,
        user_verified: verified,
        backup_eligible,
        backup_state: backed_up,
        registration_policy: policy(if verified { Verification::Required } else { Verification::Preferred }),
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    };
    let key = serde_json::to_string(&credential).map_err(NotAccepted::because)?;
    Ok(Made { id, key, counter, verified, backup_eligible, backed_up, transports, model: None })
}

const fn policy(verification: Verification) -> UserVerificationPolicy {
    match verification {
        Verification::Preferred => UserVerificationPolicy::Preferred,
        Verification::Required => UserVerificationPolicy::Required,
    }
}

fn refused(error: WebauthnError) -> NotAccepted {
    match error {
        WebauthnError::CredentialPossibleCompromise => NotAccepted::Copied,
        error => NotAccepted::because(error),
    }
}

/// The state of a ceremony with a challenge that was drawn elsewhere: the library draws its own, and reads back what it wrote.
fn answering<S: Serialize + DeserializeOwned>(state: &S, challenge: &Challenge) -> Result<S, NotAccepted> {
    let mut state = serde_json::to_value(state).map_err(NotAccepted::because)?;
    let kept = state.get_mut("challenge").ok_or_else(|| NotAccepted::because("no challenge in the state"))?;
    *kept = URL_SAFE_NO_PAD.encode(challenge).into();
    serde_json::from_value(state).map_err(NotAccepted::because)
}

/// How a browser reaches the passkey: only a hint for the next time.
fn transports(response: &mut Value) -> Vec<String> {
    let told = response.as_object_mut().and_then(|response| response.remove("transports"));
    let Some(Value::Array(told)) = told else { return Vec::new() };
    let is_name =
        |text: &&str| text.len() <= LONGEST_TRANSPORT && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    told.iter().filter_map(Value::as_str).filter(is_name).take(TRANSPORTS).map(str::to_owned).collect()
}

/// An attestation object without its statement: nobody asked for one, so none is looked at, of whatever format (FAC-74). Beside it
/// the model of the authenticator.
fn without_attestation(object: &str) -> Result<(String, Option<String>), NotAccepted> {
    let bytes = URL_SAFE_NO_PAD.decode(object).map_err(NotAccepted::because)?;
    let Cbor::Map(mut members) = serde_cbor_2::from_slice(&bytes).map_err(NotAccepted::because)? else {
        return Err(NotAccepted::because("no attestation object"));
    };
    let data = match members.remove(&Cbor::Text("authData".to_owned())) {
        Some(Cbor::Bytes(data)) => data,
        _ => return Err(NotAccepted::because("no authenticator data")),
    };
    // After the digest of the domain, the flags and the counter.
    let model = data.get(37..53).filter(|model| model.iter().any(|byte| *byte != 0));
    let model = model.map(|model| model.iter().map(|byte| format!("{byte:02x}")).collect());
    let text = |text: &str| Cbor::Text(text.to_owned());
    let bare = [
        (text("fmt"), text("none")),
        (text("attStmt"), Cbor::Map(Default::default())),
        (text("authData"), Cbor::Bytes(data)),
    ];
    let bare = serde_cbor_2::to_vec(&Cbor::Map(bare.into_iter().collect())).map_err(NotAccepted::because)?;
    Ok((URL_SAFE_NO_PAD.encode(bare), model))
}
