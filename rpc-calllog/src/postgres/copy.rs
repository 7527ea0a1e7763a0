//! Calls in the binary form of `COPY`.

use std::net::IpAddr;

use rpc_core::RequestId;
use rpc_core::storage::postgres::timestamptz;

use crate::call::{Admission, LoggedCall};

/// The columns, in the order in which [`rows`] writes them. `id` is the column's default.
pub(super) const COPY: &str = "COPY rpc_calllog_calls (finished, runtime, status, accepted, declined, exception, method, \
                               user_id, username, reason, transport, client, request_id) FROM STDIN (FORMAT binary)";
const COLUMNS: i16 = 13;

/// The signature, no flags, no further header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: i16 = -1;
const NULL: i32 = -1;

/// Bytes of [`numbers`].
const NUMBERS: usize = 2 + (4 + 8) + (4 + 8) + (4 + 4) + 3 * (4 + 1);

/// A row for most calls.
const ROW: usize = 232;

/// Families of addresses in an `inet`; the second is that of IPv4 and one more, on all systems.
const IPV4: u8 = 2;
const IPV6: u8 = 3;

/// The calls as rows, in their order.
pub(super) fn rows(calls: &[LoggedCall]) -> Vec<u8> {
    let mut rows = Rows(Vec::with_capacity(calls.len() * ROW + HEADER.len() + 2));
    rows.0.extend_from_slice(HEADER);
    calls.iter().for_each(|call| rows.add(call));
    rows.0.extend_from_slice(&END.to_be_bytes());
    rows.0
}

/// The number of columns, and those that have the same length in every row, each after its length: put together in one piece,
/// since there are as many rows as calls.
fn numbers(call: &LoggedCall) -> [u8; NUMBERS] {
    let runtime = i64::try_from(call.runtime.as_nanos()).unwrap_or(i64::MAX);
    let mut row = [0; NUMBERS];
    let mut rest = &mut row[..];
    let mut put = |bytes: &[u8]| {
        let (place, after) = std::mem::take(&mut rest).split_at_mut(bytes.len());
        place.copy_from_slice(bytes);
        rest = after;
    };
    put(&COLUMNS.to_be_bytes());
    put(&8_i32.to_be_bytes());
    put(&timestamptz(call.finished()).to_be_bytes());
    put(&8_i32.to_be_bytes());
    put(&runtime.to_be_bytes());
    put(&4_i32.to_be_bytes());
    put(&i32::from(call.status).to_be_bytes());
    for flag in [call.admission == Admission::Accepted, call.admission == Admission::Declined, call.exception] {
        put(&1_i32.to_be_bytes());
        put(&[u8::from(flag)]);
    }
    row
}

struct Rows(Vec<u8>);

impl Rows {
    fn add(&mut self, call: &LoggedCall) {
        self.0.extend_from_slice(&numbers(call));
        self.field(call.method.as_bytes());
        self.text(call.caller.as_ref().map(|caller| &*caller.id));
        self.text(call.caller.as_ref().map(|caller| &*caller.name));
        self.field(call.reason.as_bytes());
        self.field(call.transport.as_bytes());
        self.address(call.client);
        self.text(call.request_id.as_ref().map(RequestId::as_str));
    }

    /// # Panics
    ///
    /// It has 2 GiB.
    fn field(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("no text of a call has gigabytes");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn null(&mut self) {
        self.0.extend_from_slice(&NULL.to_be_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.field(text.as_bytes()),
            None => self.null(),
        }
    }

    /// Family, bits, that it is no network, and the bytes after their number.
    fn address(&mut self, address: Option<IpAddr>) {
        match address {
            Some(IpAddr::V4(address)) => {
                let [a, b, c, d] = address.octets();
                self.field(&[IPV4, 32, 0, 4, a, b, c, d]);
            }
            Some(IpAddr::V6(address)) => {
                let mut bytes = [0; 20];
                bytes[..4].copy_from_slice(&[IPV6, 128, 0, 16]);
                bytes[4..].copy_from_slice(&address.octets());
                self.field(&bytes);
            }
            None => self.null(),
        }
    }
}
