//! The methods of an API as a table, for people at a terminal.

use crate::method::entry::UploadUse;
use crate::method::{Method, Parameter};
use crate::units::{format_rate, format_size, format_time};
use crate::{Api, Limits};

const HEAD: [&str; 4] = ["METHOD", "PARAMETERS", "PERMISSIONS", "LIMITS"];

/// What stands in a cell that has nothing to say.
const NOTHING: &str = "-";

type Row = [String; HEAD.len()];

/// Writes one line a method, private ones included, under a line of heads. Limits are shown where they are not the default.
#[must_use]
pub fn table(api: &Api) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(api.methods().map(|method| row(method, api.limits())));
    let widths = widths(&rows);
    rows.iter().map(|row| line(row, widths) + "\n").collect()
}

fn row(method: &Method, defaults: &Limits) -> Row {
    let params = method.params().iter().map(Parameter::usage).collect();
    let permissions = method.permissions().iter().map(|name| (*name).to_owned()).collect();
    let lists: [Vec<String>; 3] = [params, permissions, limits(method, defaults)];
    let [params, permissions, limits] =
        lists.map(|list| if list.is_empty() { NOTHING.to_owned() } else { list.join(", ") });
    [method.path().to_owned(), params, permissions, limits]
}

/// The limits that a caller of this method meets and a caller of others does not.
fn limits(method: &Method, defaults: &Limits) -> Vec<String> {
    let limits = method.limits();
    let timeout = (limits.timeout != defaults.call_timeout).then(|| format!("timeout {}", format_time(limits.timeout)));
    let max_body = (limits.max_body != defaults.max_body).then(|| format!("max_body {}", format_size(limits.max_body)));
    let upload = (method.upload() != UploadUse::None).then(|| format!("upload {}", format_size(limits.upload)));
    let cells = [
        method.is_private().then(|| "private".to_owned()),
        method.is_session_only().then(|| "session_only".to_owned()),
        limits.concurrency.map(|calls| format!("concurrency {calls}")),
        limits.concurrency_per_user.map(|calls| format!("concurrency_per_user {calls}")),
        limits.rate.map(|limit| format!("rate {}", format_rate(limit))),
        timeout,
        max_body,
        upload,
    ];
    cells.into_iter().flatten().collect()
}

/// The longest cell of each column, in characters.
fn widths(rows: &[Row]) -> [usize; HEAD.len()] {
    std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
}

fn line(row: &Row, widths: [usize; HEAD.len()]) -> String {
    let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    cells.join("  ").trim_end().to_owned()
}
