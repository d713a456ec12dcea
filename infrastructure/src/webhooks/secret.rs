//! What deliveries are signed with: HMAC-SHA256 over `id.timestamp.body`, as Standard Webhooks has it.

use crate::redacted::Redacted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Begins every secret, so that people and scanners know what it is.
const PREFIX: &str = "whsec_";
/// Bytes of a new secret; the specification wants 24 to 64.
const LENGTH: usize = 32;

/// A text that is no signing secret.
#[derive(Debug, thiserror::Error)]
#[error("a signing secret begins with whsec_ and goes on with 24 to 64 bytes in base64")]
pub struct SecretError;

/// A signing secret. Prints nothing.
#[derive(Debug, Clone)]
pub struct Secret(Redacted<String>);

impl Secret {
    /// A new one.
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::rng().fill_bytes(&mut *bytes);
        Self(Redacted::new(format!("{PREFIX}{}", BASE64.encode(*bytes))))
    }

    /// A secret from its text, `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let secret = Self(Redacted::new(text.to_owned()));
        secret.key().map(|_| secret)
    }

    /// The text to hand to the receiver, once.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn key(&self) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let text = self.0.expose().strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| SecretError)?);
        if (24..=64).contains(&bytes.len()) { Ok(bytes) } else { Err(SecretError) }
    }
}

/// The header `webhook-signature`: one signature for each secret, separated by spaces.
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> Result<String, SecretError> {
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key()?).map_err(|_| SecretError)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        signatures.push(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())));
    }
    Ok(signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries are tested with.
    #[test]
    fn the_signature_is_that_of_the_standard_webhooks_example() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn new_secrets_differ_have_the_form_and_print_nothing() {
        let (one, other) = (Secret::generate(), Secret::generate());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(Secret::parse(one.expose()).unwrap().expose(), one.expose());
        assert_eq!(format!("{one:?}"), "Secret([redacted])");
        let both = sign(&[one, other], "m", 1, b"x").unwrap();
        assert_eq!(both.split(' ').filter(|part| part.starts_with("v1,")).count(), 2);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_not base64 at all!!"] {
            assert!(Secret::parse(bad).is_err(), "{bad}");
        }
    }
}
