//! The errors that any call may meet.

use crate::docs::blocks::blocks;
use crate::error::ErrorCode;
use crate::limits::EffectiveLimits;
use crate::method::Method;
use crate::method::entry::UploadUse;
use crate::reserved::{EVERYBODY, GUEST, USER};

/// The table of codes.
pub(super) fn section() -> String {
    let rows = ErrorCode::TABLE.iter().map(|row| {
        format!("| {} | `{}` | {} | {} |", row.status, row.number, row.reason, row.use_when.replace('|', "\\|"))
    });
    let head = ["| HTTP status | Code | Reason | When |".to_owned(), "| --- | --- | --- | --- |".to_owned()];
    let table: Vec<String> = head.into_iter().chain(rows).collect();
    blocks([
        "## Errors".to_owned(),
        "An error answers with its HTTP status and `{\"status\", \"reason\", \"code\", \"data\"}`; in JSON-RPC the code is \
         `error.code`, and what is in `data` is in `error.data`. A method's own errors have their HTTP status as code. \
         Where parameters are invalid, `data.errors` lists each violation with `pointer` (a JSON Pointer into the array of \
         parameters), `keyword` and `message`. Status 429 and some of 503 come with the header `Retry-After`, in seconds. \
         A 500 has an id in `data`, by which the log knows it."
            .to_owned(),
        table.join("\n"),
    ])
}

/// The statuses of the framework that a call of one method may meet, beside those that every call may.
pub(super) fn of(method: &Method) -> String {
    let names = method.permissions();
    let is_open = names.iter().any(|name| [EVERYBODY, GUEST].contains(name));
    let needs_right = names.iter().any(|name| ![EVERYBODY, GUEST, USER].contains(name));
    let EffectiveLimits { concurrency, concurrency_per_user, rate, .. } = method.limits();
    let is_limited = concurrency.is_some() || concurrency_per_user.is_some() || rate.is_some();
    let refuses_rights =
        (!names.contains(&EVERYBODY) && (needs_right || names.contains(&GUEST))) || method.is_session_only();
    let table = [
        ("400", "the parameters are invalid", !method.params().is_empty()),
        ("400", "the file is missing", method.upload() == UploadUse::Required),
        ("401", "nobody is signed in, or the token is bad", !method.ignores_token() && !is_open),
        ("401", "the token is bad", !method.ignores_token() && is_open),
        ("403", "the caller may not", refuses_rights),
        ("413", "the file is too large", method.upload() != UploadUse::None),
        ("429", "a limit was reached", is_limited),
        ("504", "the call took too long", true),
    ];
    let lines = table.iter().filter(|(_, _, may_be)| *may_be);
    lines.map(|(status, when, _)| format!("-   `{status}`: {when}.")).collect::<Vec<_>>().join("\n")
}
