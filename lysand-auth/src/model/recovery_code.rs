//! Recovery codes: what lets somebody in who has lost the other second factors (FAC-67).

use crate::ambient::Ambient;
use crate::secret::{Digest, Secret};

/// Letters and digits that nobody takes for one another: 32, so that each is five bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a code: 80 bits.
const LENGTH: usize = 16;

/// Draws a code: `XXXX-XXXX-XXXX-XXXX`.
pub(crate) fn generate(ambient: &Ambient) -> Secret {
    let bytes: [u8; LENGTH] = ambient.bytes();
    let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let mut code = String::with_capacity(LENGTH + 3);
    for (at, letter) in letters.enumerate() {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Secret::new(code)
}

/// What was typed as it counts: in capitals, without blanks and hyphens. None when it cannot be a code.
pub(crate) fn normalised(typed: &str) -> Option<Secret> {
    let letters: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let is_code = letters.len() == LENGTH && letters.bytes().all(|letter| ALPHABET.contains(&letter));
    is_code.then(|| Secret::new(letters))
}

/// What the database keeps of a code: an HMAC under a key of the server's.
pub(crate) fn digest(key: &[u8; 64], account: &str, code: &Secret) -> Digest {
    Secret::derive(key, &[account.as_bytes(), code.expose().as_bytes()]).digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_code_has_eighty_bits_and_is_read_however_it_is_typed() {
        let code = generate(&Ambient::system());
        let plain = normalised(code.expose()).unwrap();
        assert_eq!((code.expose().len(), plain.expose().len()), (19, 16));
        let typed = code.expose().to_lowercase().replace('-', " ");
        assert_eq!(normalised(&format!("\t{typed} ")), Some(plain.clone()));
        assert_ne!(normalised(generate(&Ambient::system()).expose()), Some(plain));
        for odd in ["", "AAAA-AAAA-AAAA-AAA", "AAAA-AAAA-AAAA-AAAAA", "AAAA-AAAA-AAAA-AAA0", "AAAA-AAAA-AAAA-AAAÉ"] {
            assert_eq!(normalised(odd), None, "{odd}");
        }
    }

    #[test]
    fn recovery_code_digest_depends_on_key_account_and_code() {
        let code = Secret::new("AAAAAAAAAAAAAAAA");
        let one = digest(&[1; 64], "1", &code);
        assert_eq!(one, digest(&[1; 64], "1", &code));
        for other in
            [digest(&[2; 64], "1", &code), digest(&[1; 64], "2", &code), digest(&[1; 64], "1", &Secret::new("B"))]
        {
            assert_ne!(one, other);
        }
    }
}
