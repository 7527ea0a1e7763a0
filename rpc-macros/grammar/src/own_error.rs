//! What a method's own error may be called: the numbers and the names that mean something already.

use std::ops::RangeInclusive;

/// The statuses of errors.
pub const STATUSES: RangeInclusive<u16> = 400..=599;

/// Numbers that JSON-RPC 2.0 (section 5.1) and the framework keep for themselves.
pub const RESERVED: RangeInclusive<i32> = -32_999..=-32_000;

/// Numbers that clients take for an HTTP status.
const HTTP: RangeInclusive<i32> = 100..=599;

/// The members of `data` in an error that are not those of a method's own one.
pub const MEMBERS: [&str; 9] =
    ["exception", "status", "meta", "errors", "more_errors", "request_id", "retry_after", "kind", "data"];

/// Whether an error with a status may have a number as its code: it is not reserved, not 0, and no other error's status.
#[must_use]
pub fn is_free(number: i32, status: u16) -> bool {
    number != 0 && !RESERVED.contains(&number) && (!HTTP.contains(&number) || number == i32::from(status))
}
