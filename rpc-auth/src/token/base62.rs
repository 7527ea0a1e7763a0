//! Base62: digits, upper-case letters, lower-case letters.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The largest multiple of 62 in a byte: bytes from it on would make some symbols likelier than others.
const FAIR: u8 = 248;

/// Whether a text is of base62 symbols only.
pub(super) fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A number of `length` digits, with leading zeros.
pub(super) fn number(mut number: u32, length: usize) -> String {
    let mut digits = vec!['0'; length];
    for digit in digits.iter_mut().rev() {
        *digit = symbol(number % 62);
        number /= 62;
    }
    digits.into_iter().collect()
}

/// `length` symbols, each as likely as any other, from a source of random bytes.
pub(super) fn random<E>(length: usize, mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut symbols = String::with_capacity(length);
    while symbols.len() < length {
        let mut bytes = [0; 64];
        fill(&mut bytes)?;
        let fair = bytes.into_iter().filter(|byte| *byte < FAIR);
        symbols.extend(fair.map(|byte| symbol(u32::from(byte) % 62)).take(length - symbols.len()));
    }
    Ok(symbols)
}

fn symbol(digit: u32) -> char {
    char::from(ALPHABET[digit as usize])
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{number, random};

    #[test]
    fn numbers_have_their_leading_zeros() {
        assert_eq!([0, 1, 61, 62].map(|value| number(value, 6)), ["000000", "000001", "00000z", "000010"]);
        assert_eq!(number(u32::MAX, 6), "4gfFC3");
    }

    #[test]
    fn every_symbol_is_as_likely_as_any_other() {
        let mut next = 0_u8;
        let symbols = random(62 * 40, |bytes| {
            bytes.fill_with(|| {
                next = next.wrapping_add(1);
                next
            });
            Ok::<_, ()>(())
        });
        let mut counts = HashMap::new();
        symbols.unwrap().chars().for_each(|symbol| *counts.entry(symbol).or_insert(0) += 1);
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| *count == 40), "{counts:?}");
    }

    #[test]
    fn a_source_that_fails_makes_no_symbols() {
        assert_eq!(random(1, |_| Err("dry")), Err("dry"));
    }
}
