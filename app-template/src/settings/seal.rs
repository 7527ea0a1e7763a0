//! Encrypts secrets at rest.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64;
use rpc_auth::Secret;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The first byte of what is stored tells how the rest is to be read.
const PLAIN: u8 = 0;
/// Encrypted, and bound to its name alone: read, and never written any more.
const BOUND_TO_NAME: u8 = 1;
/// Encrypted, and bound to its name and its account. After this byte comes the mark of the key.
const BOUND_TO_ACCOUNT: u8 = 2;
const KEY_LENGTH: usize = 32;
const MARK_LENGTH: usize = 8;
const NONCE_LENGTH: usize = 24;

/// Seals secrets before they are stored, and opens them again.
///
/// With a key they are encrypted with XChaCha20-Poly1305. Each is bound to its name and to the account that it is for, both as
/// associated data: in another's place, or beside another account, it does not open. Without a key they are stored as they are,
/// and bound to nothing.
///
/// ```
/// use app_template::settings::SecretBox;
/// use rpc_auth::Secret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secrets = SecretBox::with_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// let sealed = secrets.seal("smtp_password", "ann at mail.example.com", &Secret::new("hunter2"))?;
/// assert_eq!(secrets.open("smtp_password", "ann at mail.example.com", &sealed)?.expose(), "hunter2");
/// assert!(secrets.open("smtp_password", "ann at mail.example.org", &sealed).is_err());
/// assert!(secrets.open("telegram_bot_key", "ann at mail.example.com", &sealed).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct SecretBox(Option<Box<Sealer>>);

#[derive(Clone)]
struct Sealer {
    cipher: XChaCha20Poly1305,
    /// Tells the key from others, and nothing of it: a part of a hash of 256 random bits.
    mark: [u8; MARK_LENGTH],
}

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a secret key is 32 bytes in Base64: 44 characters, as `openssl rand -base64 32` prints them")]
pub struct KeyError;

/// A secret cannot be sealed, or what is stored cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// It is encrypted, and there is no key.
    #[error("a stored secret is encrypted, and the setting `secret-key` is missing")]
    NoKey,
    /// It was encrypted with another key.
    #[error("a stored secret does not open with the setting `secret-key`")]
    WrongKey,
    /// It was encrypted for another name or account, or was damaged.
    #[error("a stored secret does not belong to what is stored beside it")]
    Misplaced,
    /// It is not something that was sealed here.
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
        let hash = Sha256::new().chain_update(b"mark of secret-key").chain_update(key).finalize();
        let mut mark = [0; MARK_LENGTH];
        mark.copy_from_slice(&hash[..MARK_LENGTH]);
        Ok(Self(Some(Box::new(Sealer { cipher: XChaCha20Poly1305::new(&key.into()), mark }))))
    }

    /// Whether secrets are encrypted.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        self.0.is_some()
    }

    /// What is to be stored of a secret: the value of `name`, for `account`.
    ///
    /// # Errors
    ///
    /// There are no random bytes for a nonce.
    pub fn seal(&self, name: &str, account: &str, secret: &Secret) -> Result<Vec<u8>, SealError> {
        let plain = secret.expose().as_bytes();
        let Some(sealer) = &self.0 else { return Ok([&[PLAIN], plain].concat()) };
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let payload = Payload { msg: plain, aad: &bound_to(name, account) };
        let sealed = sealer.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok([&[BOUND_TO_ACCOUNT], sealer.mark.as_slice(), nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// Whether what is stored could be sealed better than it is.
    #[must_use]
    pub fn improves(&self, stored: &[u8]) -> bool {
        self.encrypts() && stored.first() != Some(&BOUND_TO_ACCOUNT)
    }

    /// The secret that was stored as the value of `name`, for `account`.
    ///
    /// # Errors
    ///
    /// It does not open; see [`SealError`].
    pub fn open(&self, name: &str, account: &str, stored: &[u8]) -> Result<Secret, SealError> {
        let (version, rest) = stored.split_first().ok_or(SealError::Damaged)?;
        let plain = match *version {
            PLAIN => rest.to_vec(),
            BOUND_TO_NAME => self.sealer()?.open(rest, name.as_bytes()).ok_or(SealError::WrongKey)?,
            BOUND_TO_ACCOUNT => {
                let (sealer, (mark, rest)) = (self.sealer()?, rest.split_first_chunk().ok_or(SealError::Damaged)?);
                if *mark != sealer.mark {
                    return Err(SealError::WrongKey);
                }
                sealer.open(rest, &bound_to(name, account)).ok_or(SealError::Misplaced)?
            }
            _ => return Err(SealError::Damaged),
        };
        String::from_utf8(plain).map(Secret::new).map_err(|_| SealError::Damaged)
    }

    fn sealer(&self) -> Result<&Sealer, SealError> {
        self.0.as_deref().ok_or(SealError::NoKey)
    }
}

impl Sealer {
    /// Opens a nonce and what was encrypted with it.
    fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: bound_to }).ok()
    }
}

/// The associated data. No name holds the character between.
fn bound_to(name: &str, account: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0", account.as_bytes()].concat()
}

impl fmt::Debug for SecretBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.encrypts() { "SecretBox(encrypts)" } else { "SecretBox(plain)" })
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use rpc_auth::Secret;

    use super::{KeyError, SealError, SecretBox};

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// What the version before stored, which bound a secret to its name alone.
    const OLDER: &str = "016465666768696a6b6c6d6e6f707172737475767778797a7b\
                         140697c49a5cbbaf4494a788862c51fbd652873c3bca2a1b0940";

    fn sealed(secrets: &SecretBox) -> Vec<u8> {
        secrets.seal("smtp_password", "a.example", &Secret::new("hunter2-ä")).unwrap()
    }

    fn open(secrets: &SecretBox, stored: &[u8]) -> Result<String, SealError> {
        secrets.open("smtp_password", "a.example", stored).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_sealed_secret_opens_with_its_key_name_and_account_only() {
        let secrets = SecretBox::with_key(KEY).unwrap();
        let stored = sealed(&secrets);
        assert!(!stored.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_ne!(stored, sealed(&secrets));
        assert_eq!(open(&secrets, &stored).unwrap(), "hunter2-ä");
        assert_eq!(secrets.open("telegram_bot_key", "a.example", &stored).unwrap_err(), SealError::Misplaced);
        for account in ["b.example", "", "a.example\0"] {
            assert_eq!(secrets.open("smtp_password", account, &stored).unwrap_err(), SealError::Misplaced);
        }
        assert_eq!(open(&SecretBox::with_key(OTHER_KEY).unwrap(), &stored).unwrap_err(), SealError::WrongKey);
        assert_eq!(open(&SecretBox::without_key(), &stored).unwrap_err(), SealError::NoKey);
    }

    #[test]
    fn what_is_stored_without_a_key_opens_after_one_is_set() {
        let stored = sealed(&SecretBox::without_key());
        let secrets = SecretBox::with_key(KEY).unwrap();
        assert_eq!(open(&secrets, &stored).unwrap(), "hunter2-ä");
        assert!(secrets.improves(&stored) && !SecretBox::without_key().improves(&stored));
    }

    #[test]
    fn what_the_version_before_sealed_opens_and_is_sealed_better() {
        let (secrets, stored) = (SecretBox::with_key(KEY).unwrap(), HEXLOWER.decode(OLDER.as_bytes()).unwrap());
        assert_eq!(open(&secrets, &stored).unwrap(), "hunter2-ä");
        assert_eq!(secrets.open("telegram_bot_key", "a.example", &stored).unwrap_err(), SealError::WrongKey);
        assert!(secrets.improves(&stored) && !secrets.improves(&sealed(&secrets)));
    }

    #[test]
    fn a_changed_byte_is_seen() {
        let secrets = SecretBox::with_key(KEY).unwrap();
        let stored = sealed(&secrets);
        for index in 0..stored.len() {
            let mut damaged = stored.clone();
            damaged[index] ^= 0x40;
            assert!(open(&secrets, &damaged).is_err(), "byte {index}");
            assert!(open(&secrets, &stored[..index]).is_err(), "cut at {index}");
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
