//! Codes of authenticator apps (RFC 6238): SHA-1, six digits, thirty seconds (FAC-61, FAC-63).

use form_urlencoded::byte_serialize;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

use crate::ambient::{Ambient, Timestamp};
use crate::secret::Secret;

/// How many digits a code has.
pub(crate) const DIGITS: usize = 6;
const PERIOD: u64 = 30;
/// 160 bits, as RFC 4226 recommends.
const BYTES: usize = 20;

/// What an authenticator app and this server share.
#[derive(Clone)]
pub(crate) struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// Draws a new one.
    pub(crate) fn generate(ambient: &Ambient) -> Self {
        Self(Zeroizing::new(ambient.bytes::<BYTES>().to_vec()))
    }

    /// One that was kept.
    pub(crate) fn of(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be sealed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it and apps read it: base32 without padding.
    pub(crate) fn to_base32(&self) -> Secret {
        Secret::new(data_encoding::BASE32_NOPAD.encode(&self.0))
    }

    /// The time step whose code this is: the present one, the one before or the one after.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let time = u64::try_from(now.seconds()).ok()?;
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(PERIOD)
            .with_secret(self.0.to_vec())
            // What was taken over from another server may be shorter than what is made here.
            .build_noncompliant();
        i64::try_from(totp.check(code, time)?).ok()
    }

    /// The address that an app takes in at once. `issuer` and `name` stand in front of the code in the app (FAC-63).
    pub(crate) fn address(&self, issuer: &str, name: &str, host: &str) -> Secret {
        let issuer = percent(&issuer.replace(':', ""));
        let name = percent(&format!("{name}@{host}"));
        let secret = self.to_base32();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            secret.expose()
        ))
    }
}

/// Percent-encoded, with `%20` for a blank: not every app reads `+`.
fn percent(text: &str) -> String {
    byte_serialize(text.trim().as_bytes()).collect::<String>().replace('+', "%20")
}

/// An address as a QR code of level M with its quiet zone, dark on white whatever the page looks like: the element `svg` alone.
pub(crate) fn qr_code(address: &Secret) -> Option<String> {
    let code = QrCode::with_error_correction_level(address.expose().as_bytes(), EcLevel::M).ok()?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .quiet_zone(true)
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    drawn.find("<svg").map(|start| drawn[start..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::of(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// RFC 6238, appendix B, the last six digits.
    #[test]
    fn totp_codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn totp_step_before_and_after_count_and_no_other() {
        let code = "287082";
        for (seconds, step) in [(29, Some(1)), (30, Some(1)), (89, Some(1)), (90, None), (0, Some(1)), (150, None)] {
            assert_eq!(secret().step_of(code, at(seconds)), step, "{seconds}");
        }
        for wrong in ["28708", "2870820", "", "28708a", "２87082"] {
            assert_eq!(secret().step_of(wrong, at(59)), None, "{wrong}");
        }
        assert_eq!(secret().step_of(code, at(-1)), None);
    }

    #[test]
    fn totp_address_names_issuer_and_person_and_its_code_is_drawn() {
        let address = secret().address("Ada: & friends", "ada", "social.example");
        assert_eq!(
            address.expose(),
            "otpauth://totp/Ada%20%26%20friends:ada%40social.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Ada%20%26%20friends&algorithm=SHA1&digits=6&period=30"
        );
        let drawn = qr_code(&address).unwrap();
        assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>") && !drawn.contains("style="));
    }
}
