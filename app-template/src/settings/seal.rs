//! Secrets at rest.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use rpc_auth::Secret;
use thiserror::Error;

/// The first byte of what is stored tells how the rest is to be read.
const PLAIN: u8 = 0;
const XCHACHA20_POLY1305: u8 = 1;
const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// Seals secrets before they are stored, and opens them again.
///
/// With a key they are encrypted with XChaCha20-Poly1305, bound to the name of what they are the value of, so that one cannot
/// be put in another's place. Without a key they are stored as they are.
///
/// ```
/// use app_template::settings::SecretBox;
/// use rpc_auth::Secret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secrets = SecretBox::with_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// let sealed = secrets.seal("smtp_password", &Secret::new("hunter2"))?;
/// assert_eq!(secrets.open("smtp_password", &sealed)?.expose(), "hunter2");
/// assert!(secrets.open("telegram_bot_key", &sealed).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct SecretBox(Option<Box<XChaCha20Poly1305>>);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a secret key is 32 bytes in Base64: 44 characters, as `openssl rand -base64 32` prints them")]
pub struct KeyError;

/// A secret cannot be sealed, or what is stored cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// It is encrypted, and there is no key.
    #[error("a stored secret is encrypted, and the setting `secret-key` is missing")]
    NoKey,
    /// It was encrypted with another key, for another name, or was damaged.
    #[error("a stored secret does not open with the setting `secret-key`")]
    WrongKey,
    /// It is nothing that was sealed here.
    #[error("a stored secret is damaged")]
    Damaged,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

impl SecretBox {
    /// Stores secrets as they are.
    #[must_use]
    pub fn without_key() -> Self {
        Self(None)
    }

    /// Encrypts secrets with a key: 32 bytes in Base64. What was stored without a key opens too.
    ///
    /// # Errors
    ///
    /// The text is no such key.
    pub fn with_key(key: &str) -> Result<Self, KeyError> {
        let key = BASE64.decode(key.trim().as_bytes()).map_err(|_| KeyError)?;
        let key: [u8; KEY_LENGTH] = key.try_into().map_err(|_| KeyError)?;
        Ok(Self(Some(Box::new(XChaCha20Poly1305::new(&key.into())))))
    }

    /// Whether secrets are encrypted.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        self.0.is_some()
    }

    /// What is to be stored of a secret that is the value of `name`.
    ///
    /// # Errors
    ///
    /// There are no random bytes for a nonce.
    pub fn seal(&self, name: &str, secret: &Secret) -> Result<Vec<u8>, SealError> {
        let plain = secret.expose().as_bytes();
        let Some(cipher) = &self.0 else { return Ok([&[PLAIN], plain].concat()) };
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let payload = Payload { msg: plain, aad: name.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok([&[XCHACHA20_POLY1305], nonce.as_slice(), &sealed].concat())
    }

    /// Whether what is stored is encrypted, with whatever key.
    pub(super) fn is_sealed(stored: &[u8]) -> bool {
        stored.first() != Some(&PLAIN)
    }

    /// The secret that was stored as the value of `name`.
    ///
    /// # Errors
    ///
    /// It does not open; see [`SealError`].
    pub fn open(&self, name: &str, stored: &[u8]) -> Result<Secret, SealError> {
        let (version, rest) = stored.split_first().ok_or(SealError::Damaged)?;
        let plain = match *version {
            PLAIN => rest.to_vec(),
            XCHACHA20_POLY1305 => {
                let cipher = self.0.as_ref().ok_or(SealError::NoKey)?;
                let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Damaged)?;
                let payload = Payload { msg: sealed, aad: name.as_bytes() };
                cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::WrongKey)?
            }
            _ => return Err(SealError::Damaged),
        };
        String::from_utf8(plain).map(Secret::new).map_err(|_| SealError::Damaged)
    }
}

impl fmt::Debug for SecretBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.encrypts() { "SecretBox(encrypts)" } else { "SecretBox(plain)" })
    }
}

#[cfg(test)]
mod tests {
    use rpc_auth::Secret;

    use super::{KeyError, SealError, SecretBox};

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn sealed(secrets: &SecretBox) -> Vec<u8> {
        secrets.seal("smtp_password", &Secret::new("hunter2-ä")).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_with_its_key_and_name_only() {
        let secrets = SecretBox::with_key(KEY).unwrap();
        let stored = sealed(&secrets);
        assert!(!stored.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_ne!(stored, sealed(&secrets));
        assert_eq!(secrets.open("smtp_password", &stored).unwrap().expose(), "hunter2-ä");
        assert_eq!(secrets.open("telegram_bot_key", &stored).unwrap_err(), SealError::WrongKey);
        let other = SecretBox::with_key(OTHER_KEY).unwrap();
        assert_eq!(other.open("smtp_password", &stored).unwrap_err(), SealError::WrongKey);
        assert_eq!(SecretBox::without_key().open("smtp_password", &stored).unwrap_err(), SealError::NoKey);
    }

    #[test]
    fn what_is_stored_without_a_key_opens_after_one_is_set() {
        let stored = sealed(&SecretBox::without_key());
        assert_eq!(SecretBox::with_key(KEY).unwrap().open("smtp_password", &stored).unwrap().expose(), "hunter2-ä");
    }

    #[test]
    fn a_changed_byte_is_seen() {
        let secrets = SecretBox::with_key(KEY).unwrap();
        let stored = sealed(&secrets);
        for place in 0..stored.len() {
            let mut damaged = stored.clone();
            damaged[place] ^= 0x40;
            assert!(secrets.open("smtp_password", &damaged).is_err(), "byte {place}");
            assert!(secrets.open("smtp_password", &stored[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        for text in ["", "hunter2", "AAECAwQFBgcICQoLDA0ODw==", &KEY[..43], &format!("{KEY}AAAA")] {
            assert_eq!(SecretBox::with_key(text).unwrap_err(), KeyError, "{text}");
        }
        assert!(SecretBox::with_key(&format!("{KEY}\n")).is_ok());
        assert!(!format!("{:?}", SecretBox::with_key(KEY).unwrap()).contains("AAEC"));
    }
}
