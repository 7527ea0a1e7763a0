//! E-mail addresses.

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;

use super::NameFault;

/// Bytes of the longest address: 64 before the `@`, 255 behind it (RFC 5321, 4.5.3.1).
const MAX_BYTES: usize = 64 + 1 + 255;
/// Bytes of the longest text that is looked at: composing and lower case change the length by far less than this.
pub(super) const LONGEST_GIVEN: usize = 2 * MAX_BYTES;

/// An e-mail address: trimmed, composed (NFC, as RFC 6532 asks), in lower case.
///
/// Addresses in Unicode (RFC 6531) are good, and so are hosts without a dot (`ann@localhost`). Quoted local parts and
/// addresses of machines in brackets are not: no mailbox of a person has them.
///
/// # Errors
///
/// It has more than 64 bytes before the `@` or 255 behind it (RFC 5321), or another form.
pub fn email(text: &str) -> Result<String, NameFault> {
    let text = text.trim();
    // Before anything else is done.
    if text.len() > LONGEST_GIVEN {
        return Err(too_long());
    }
    let address = text.nfc().collect::<String>().to_lowercase();
    if let Some((local, domain)) = address.rsplit_once('@')
        && (local.len() > 64 || domain.len() > 255)
    {
        return Err(too_long());
    }
    let options = Options::default().without_display_text().without_domain_literal();
    if address.contains('"') || EmailAddress::parse_with_options(&address, options).is_err() {
        return Err(NameFault::new("format", "this is not an e-mail address"));
    }
    Ok(address)
}

fn too_long() -> NameFault {
    NameFault::new("maxLength", "an e-mail address has at most 64 bytes before the @ and 255 behind it")
}
