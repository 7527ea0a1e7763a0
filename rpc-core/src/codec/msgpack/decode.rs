//! MessagePack to values, which borrow from the bytes where they can. A declared length is a claim: nothing is allocated for it
//! before the input has shown it.

use std::borrow::Cow;
use std::fmt;

use data_encoding::BASE64;
use rmp::Marker;
use serde_json::Number;

use super::timestamp;
use crate::ApiError;
use crate::borrowed::{BorrowedValue, FEW, Member, has_repeated_name, repeats};
use crate::codec::parse_error;
use crate::limits::DocumentLimits;

/// The extension that stands for a JavaScript `undefined`, and its payload.
const UNDEFINED: (i8, &[u8]) = (0, &[0]);
/// The same as its encoders write it.
pub(super) const ENCODED_UNDEFINED: &[u8] = b"\xd4\x00\x00";

pub(super) const NEVER_USED: &str = "the byte c1, which MessagePack never uses,";

/// The extension that carries a number too long for 64 bits as decimal text.
pub(super) const DECIMAL: i8 = 1;

/// `Number.MAX_SAFE_INTEGER` (ECMA-262, section 21.1.2.6).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Elements that are allocated for at once. The rest of a longer array or map is paid for as it comes.
const ALLOCATE_AT_ONCE: usize = 16;

pub(crate) fn decode(bytes: &[u8], limits: DocumentLimits) -> Result<BorrowedValue<'_>, ApiError> {
    read(bytes, limits).map_err(|fault| parse_error(fault.to_string()))
}

fn read(bytes: &[u8], limits: DocumentLimits) -> Result<BorrowedValue<'_>, Fault> {
    let mut reader = Reader { values_left: limits.values, ..Reader::new(bytes) };
    let value = reader.value(limits.depth)?;
    reader.end()?;
    Ok(value)
}

/// What is wrong, and at which byte, counted from 0.
pub(super) struct Fault {
    what: &'static str,
    at: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parse error: {} at byte {}", self.what, self.at)
    }
}

pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
    values_left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, values_left: usize::MAX }
    }

    /// There must be nothing left.
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.left() > 0 { fault("bytes after the end of the value", self.position) } else { Ok(()) }
    }

    /// A value with at most so many levels of arrays and maps.
    fn value(&mut self, depth_left: usize) -> Result<BorrowedValue<'a>, Fault> {
        let at = self.position;
        let Some(left) = self.values_left.checked_sub(1) else {
            return fault("too many values (the limit is `max_values`)", at);
        };
        self.values_left = left;
        let [first] = self.array()?;
        Ok(match Marker::from_u8(first) {
            Marker::Null => BorrowedValue::Null,
            Marker::False => BorrowedValue::Bool(false),
            Marker::True => BorrowedValue::Bool(true),
            Marker::FixPos(number) => BorrowedValue::Number(number.into()),
            Marker::FixNeg(number) => BorrowedValue::Number(number.into()),
            Marker::U8 => BorrowedValue::Number(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => BorrowedValue::Number(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => BorrowedValue::Number(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => BorrowedValue::Number(u64::from_be_bytes(self.array()?).into()),
            Marker::I8 => BorrowedValue::Number(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => BorrowedValue::Number(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => BorrowedValue::Number(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => BorrowedValue::Number(i64::from_be_bytes(self.array()?).into()),
            Marker::F32 => finite(f32::from_be_bytes(self.array()?).into(), at)?,
            Marker::F64 => finite(f64::from_be_bytes(self.array()?), at)?,
            marker => self.sized(marker, at, depth_left)?,
        })
    }

    /// A value whose length its first bytes tell.
    fn sized(&mut self, marker: Marker, at: usize, depth_left: usize) -> Result<BorrowedValue<'a>, Fault> {
        match marker {
            Marker::FixArray(length) => self.items(length.into(), at, depth_left),
            Marker::Array16 => self.length::<2>().and_then(|length| self.items(length, at, depth_left)),
            Marker::Array32 => self.length::<4>().and_then(|length| self.items(length, at, depth_left)),
            Marker::FixMap(length) => self.members(length.into(), at, depth_left),
            Marker::Map16 => self.length::<2>().and_then(|length| self.members(length, at, depth_left)),
            Marker::Map32 => self.length::<4>().and_then(|length| self.members(length, at, depth_left)),
            Marker::Bin8 => self.length::<1>().and_then(|length| self.binary(length, at)),
            Marker::Bin16 => self.length::<2>().and_then(|length| self.binary(length, at)),
            Marker::Bin32 => self.length::<4>().and_then(|length| self.binary(length, at)),
            Marker::FixExt1 => self.extension(1, at),
            Marker::FixExt2 => self.extension(2, at),
            Marker::FixExt4 => self.extension(4, at),
            Marker::FixExt8 => self.extension(8, at),
            Marker::FixExt16 => self.extension(16, at),
            Marker::Ext8 => self.length::<1>().and_then(|length| self.extension(length, at)),
            Marker::Ext16 => self.length::<2>().and_then(|length| self.extension(length, at)),
            Marker::Ext32 => self.length::<4>().and_then(|length| self.extension(length, at)),
            Marker::Reserved => fault(NEVER_USED, at),
            marker => match self.string(marker, at)? {
                Some(text) => Ok(BorrowedValue::Text(Cow::Borrowed(text))),
                None => fault("an unknown marker", at),
            },
        }
    }

    /// A string, if the marker is that of one.
    pub(super) fn string(&mut self, marker: Marker, at: usize) -> Result<Option<&'a str>, Fault> {
        let length = match marker {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 => self.length::<1>()?,
            Marker::Str16 => self.length::<2>()?,
            Marker::Str32 => self.length::<4>()?,
            _ => return Ok(None),
        };
        self.text(length, at).map(Some)
    }

    /// A length of so many bytes.
    pub(super) fn length<const N: usize>(&mut self) -> Result<usize, Fault> {
        Ok(self.array::<N>()?.into_iter().fold(0, |length, byte| length << 8 | usize::from(byte)))
    }

    fn text(&mut self, length: usize, at: usize) -> Result<&'a str, Fault> {
        match std::str::from_utf8(self.take(length, at)?) {
            Ok(text) => Ok(text),
            Err(_) => fault("a string that is not UTF-8", at),
        }
    }

    fn binary(&mut self, length: usize, at: usize) -> Result<BorrowedValue<'a>, Fault> {
        Ok(BorrowedValue::Text(Cow::Owned(BASE64.encode(self.take(length, at)?))))
    }

    fn items(&mut self, length: usize, at: usize, depth_left: usize) -> Result<BorrowedValue<'a>, Fault> {
        let below = self.below(length, at, depth_left)?;
        let mut values = Vec::with_capacity(length.min(ALLOCATE_AT_ONCE));
        for _ in 0..length {
            values.push(self.value(below)?);
        }
        Ok(BorrowedValue::Array(values))
    }

    fn members(&mut self, length: usize, at: usize, depth_left: usize) -> Result<BorrowedValue<'a>, Fault> {
        let below = self.below(length.saturating_mul(2), at, depth_left)?;
        let mut members: Vec<Member<'a>> = Vec::with_capacity(length.min(ALLOCATE_AT_ONCE));
        for _ in 0..length {
            let at = self.position;
            let name = self.key()?;
            if length <= FEW && repeats(&members, name) {
                return fault("a repeated key in a map", at);
            }
            members.push((Cow::Borrowed(name), self.value(below)?));
        }
        if length > FEW && has_repeated_name(&members) {
            return fault("a repeated key in the map", at);
        }
        Ok(BorrowedValue::Object(members))
    }

    pub(super) fn key(&mut self) -> Result<&'a str, Fault> {
        let at = self.position;
        let [first] = self.array()?;
        match self.string(Marker::from_u8(first), at)? {
            Some(key) => Ok(key),
            None => fault("a map key that is not a string", at),
        }
    }

    fn extension(&mut self, length: usize, at: usize) -> Result<BorrowedValue<'a>, Fault> {
        let [kind] = self.array()?;
        let kind = i8::from_be_bytes([kind]);
        if kind == DECIMAL {
            return self.text(length, at).map(|text| BorrowedValue::Text(Cow::Borrowed(text)));
        }
        let payload = self.take(length, at)?;
        if (kind, payload) == UNDEFINED {
            return Ok(BorrowedValue::Null);
        }
        if kind != timestamp::TYPE {
            return fault("an extension of an unknown type", at);
        }
        match timestamp::text(payload) {
            Some(text) => Ok(BorrowedValue::Text(Cow::Owned(text))),
            None => fault("a timestamp out of range", at),
        }
    }

    /// The levels left inside an array or a map of values that take at least so many bytes.
    fn below(&self, min: usize, at: usize, depth_left: usize) -> Result<usize, Fault> {
        let Some(below) = depth_left.checked_sub(1) else {
            return fault("nested too deeply (the limit is `max_depth`)", at);
        };
        self.holds(min, at)?;
        Ok(below)
    }

    /// There must be at least so many bytes left.
    pub(super) fn holds(&self, min: usize, at: usize) -> Result<(), Fault> {
        if min > self.left() { fault("a length that the input does not hold", at) } else { Ok(()) }
    }

    /// The next bytes, of the value that begins at `at`.
    pub(super) fn take(&mut self, length: usize, at: usize) -> Result<&'a [u8], Fault> {
        match self.bytes.get(self.position..).and_then(|left| left.get(..length)) {
            Some(taken) => {
                self.position += length;
                Ok(taken)
            }
            None => fault("a length that the input does not hold", at),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        match self.bytes.get(self.position..).and_then(|left| left.first_chunk()) {
            Some(taken) => {
                self.position += N;
                Ok(*taken)
            }
            None => fault("the input ends too early", self.bytes.len()),
        }
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.position
    }
}

/// JavaScript has one kind of number, and its encoders write whole ones beyond 32 bits as floats: within the range in which
/// it is exact, a whole number is an integer, as its JSON would be.
fn finite(number: f64, at: usize) -> Result<BorrowedValue<'static>, Fault> {
    if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER {
        return Ok(BorrowedValue::Number((number as i64).into()));
    }
    match Number::from_f64(number) {
        Some(number) => Ok(BorrowedValue::Number(number)),
        None => fault("a number that is not finite", at),
    }
}

pub(super) fn fault<T>(what: &'static str, at: usize) -> Result<T, Fault> {
    Err(Fault { what, at })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ApiError;
    use crate::limits::DocumentLimits;

    fn decode(bytes: &[u8], limits: DocumentLimits) -> Result<Value, ApiError> {
        super::decode(bytes, limits).map(Value::from)
    }

    const LIMITS: DocumentLimits = DocumentLimits { depth: 128, values: 1000 };

    fn read(bytes: &[u8]) -> Value {
        decode(bytes, LIMITS).unwrap_or_else(|error| panic!("{bytes:02x?}: {error:?}"))
    }

    #[track_caller]
    fn assert_refused(bytes: &[u8], expected: &str) {
        assert_eq!(decode(bytes, LIMITS).unwrap_err().reason(), format!("Parse error: {expected}"), "{bytes:02x?}");
    }

    #[test]
    fn every_form_of_a_number_is_read() {
        for (bytes, expected) in [
            (&b"\x00"[..], json!(0)),
            (b"\x7f", json!(127)),
            (b"\xe0", json!(-32)),
            (b"\xff", json!(-1)),
            (b"\xcc\xff", json!(255)),
            (b"\xcd\x01\x00", json!(256)),
            (b"\xce\xff\xff\xff\xff", json!(4_294_967_295_u32)),
            (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", json!(u64::MAX)),
            (b"\xd0\x80", json!(-128)),
            (b"\xd1\x80\x00", json!(-32_768)),
            (b"\xd2\x80\x00\x00\x00", json!(i32::MIN)),
            (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", json!(i64::MIN)),
            (b"\xd3\x00\x00\x00\x00\x00\x00\x00\x05", json!(5)),
            (b"\xca\x3f\xc0\x00\x00", json!(1.5)),
            (b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", json!(1)),
            (b"\xcb\x42\x78\xbc\xfe\x56\x80\x00\x00", json!(1_700_000_000_000_i64)),
            (b"\xcb\xc3\x3f\xff\xff\xff\xff\xff\xff", json!(-9_007_199_254_740_991_i64)),
            (b"\xcb\x43\x40\x00\x00\x00\x00\x00\x00", json!(9_007_199_254_740_992.0)),
        ] {
            assert_eq!(read(bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn every_form_of_a_length_is_read() {
        for bytes in [&b"\xa1a"[..], b"\xd9\x01a", b"\xda\x00\x01a", b"\xdb\x00\x00\x00\x01a"] {
            assert_eq!(read(bytes), json!("a"));
        }
        for bytes in [&b"\xc4\x03\x01\x02\xff"[..], b"\xc5\x00\x03\x01\x02\xff", b"\xc6\x00\x00\x00\x03\x01\x02\xff"] {
            assert_eq!(read(bytes), json!("AQL/"));
        }
        for bytes in [&b"\x91\xc0"[..], b"\xdc\x00\x01\xc0", b"\xdd\x00\x00\x00\x01\xc0"] {
            assert_eq!(read(bytes), json!([null]));
        }
        for bytes in [&b"\x81\xa1a\xc3"[..], b"\xde\x00\x01\xa1a\xc3", b"\xdf\x00\x00\x00\x01\xa1a\xc3"] {
            assert_eq!(read(bytes), json!({"a": true}));
        }
    }

    #[test]
    fn the_additions_of_javascript_are_read_as_json_would_show_them() {
        assert_eq!(read(b"\xd4\x00\x00"), json!(null));
        assert_eq!(read(b"\xd6\xff\x00\x00\x00\x00"), json!("1970-01-01T00:00:00.000Z"));
        assert_eq!(read(b"\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x01"), json!("1970-01-01T00:00:01.000Z"));
        assert_eq!(
            read(b"\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
            json!("1969-12-31T23:59:59.000Z")
        );
        for bytes in
            [&b"\xd6\x011234"[..], b"\xc7\x04\x011234", b"\xc8\x00\x04\x011234", b"\xc9\x00\x00\x00\x04\x011234"]
        {
            assert_eq!(read(bytes), json!("1234"));
        }
        assert_eq!(read(b"\x92\x81\xa1a\xd4\x00\x00\x05"), json!([{"a": null}, 5]));
    }

    #[test]
    fn a_refusal_says_what_and_where() {
        assert_refused(b"", "the input ends too early at byte 0");
        assert_refused(b"\x93\x01\x02", "a length that the input does not hold at byte 0");
        assert_refused(b"\x91\xcd\x01", "the input ends too early at byte 3");
        assert_refused(b"\x91\xa5abc", "a length that the input does not hold at byte 1");
        assert_refused(b"\x01\x02", "bytes after the end of the value at byte 1");
        assert_refused(b"\x91\xc1", "the byte c1, which MessagePack never uses, at byte 1");
        assert_refused(b"\x92\x01\xa2\xff\xff", "a string that is not UTF-8 at byte 2");
        assert_refused(b"\xd4\x01\xff", "a string that is not UTF-8 at byte 0");
        assert_refused(b"\x81\x01\x02", "a map key that is not a string at byte 1");
        assert_refused(b"\x81\xc4\x01a\x02", "a map key that is not a string at byte 1");
        assert_refused(b"\x82\xa1a\x01\xa1a\x02", "a repeated key in a map at byte 4");
        assert_refused(b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "a number that is not finite at byte 0");
        assert_refused(b"\x91\xca\xff\x80\x00\x00", "a number that is not finite at byte 1");
        assert_refused(b"\xd4\x05\x00", "an extension of an unknown type at byte 0");
        assert_refused(b"\xd4\x00\x01", "an extension of an unknown type at byte 0");
        assert_refused(b"\xd4\xff\xff", "a timestamp out of range at byte 0");
    }

    #[test]
    fn values_are_counted_wherever_they_are() {
        let many = |count: u16| [b"\x91\x81\xa1a\xdc", &count.to_be_bytes()[..], &vec![1; count.into()]].concat();
        assert!(decode(&many(997), LIMITS).is_ok());
        assert_refused(&many(998), "too many values (the limit is `max_values`) at byte 1004");
    }

    #[test]
    fn depth_is_exact_and_does_not_use_up_the_stack() {
        let arrays = |levels: usize| [vec![0x91; levels - 1], vec![0x90]].concat();
        let maps = |levels: usize| [b"\x81\xa1a".repeat(levels - 1), vec![0x80]].concat();
        assert!(decode(&arrays(128), LIMITS).is_ok());
        assert!(decode(&maps(128), LIMITS).is_ok());
        assert_refused(&arrays(129), "nested too deeply (the limit is `max_depth`) at byte 128");
        assert_refused(&maps(129), "nested too deeply (the limit is `max_depth`) at byte 384");
        assert_refused(&[0x91; 1_000_000], "nested too deeply (the limit is `max_depth`) at byte 128");
        assert!(decode(b"\x01", DocumentLimits { depth: 0, ..LIMITS }).is_ok());
        assert!(decode(b"\x90", DocumentLimits { depth: 0, ..LIMITS }).is_err());
    }
}
