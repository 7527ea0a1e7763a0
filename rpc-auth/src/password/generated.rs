//! Passwords that the application gives out.

use crate::secret::Secret;
use crate::token::RandomError;

/// Lower-case letters and digits of which no two look alike: of `i`, `l`, `1` only `i`, of `o`, `0` neither. 32 of them, so
/// that five random bits are one symbol.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 5 groups of 4 symbols of 5 bits: 100 random bits.
const GROUPS: usize = 5;
const GROUP: usize = 4;

/// A new password, from the random bytes of the system: 100 random bits, as 5 groups of 4 lower-case letters and digits
/// (`q7mx-h2vd-9tkc-w4rn-p8sz`), which can be read out and typed. [`PasswordPolicy`](super::PasswordPolicy) accepts it.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn generate_password() -> Result<Secret, RandomError> {
    let mut bytes = [0_u8; GROUPS * GROUP];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    let groups = bytes.chunks(GROUP).map(|group| group.iter().map(|byte| symbol(*byte)).collect::<String>());
    Ok(Secret::new(groups.collect::<Vec<_>>().join("-")))
}

fn symbol(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}
