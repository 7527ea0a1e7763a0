//! The methods of an API as a table, for people at a terminal.

use std::time::Duration;

use crate::limits::Rate;
use crate::method::entry::UploadUse;
use crate::method::{Method, Parameter};
use crate::{Api, Limits};

const HEAD: [&str; 4] = ["METHOD", "PARAMETERS", "PERMISSIONS", "LIMITS"];

/// What stands in a cell that has nothing to say.
const NOTHING: &str = "-";

/// Units of time in seconds, and of size in bytes; the largest first.
const PERIODS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "h"), (60, "min"), (1, "s")];
const SIZES: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

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
    let timeout = (limits.timeout != defaults.call_timeout).then(|| format!("timeout {}", time(limits.timeout)));
    let max_body = (limits.max_body != defaults.max_body).then(|| format!("max_body {}", size(limits.max_body)));
    let upload = (method.upload() != UploadUse::None).then(|| format!("upload {}", size(limits.upload)));
    let cells = [
        method.is_private().then(|| "private".to_owned()),
        method.is_session_only().then(|| "session_only".to_owned()),
        limits.concurrency.map(|calls| format!("concurrency {calls}")),
        limits.concurrency_per_user.map(|calls| format!("concurrency_per_user {calls}")),
        limits.rate.map(|limit| format!("rate {}", rate(limit))),
        timeout,
        max_body,
        upload,
    ];
    cells.into_iter().flatten().collect()
}

/// `10/min`, as in the attribute.
fn rate(rate: Rate) -> String {
    let unit = PERIODS.iter().find(|(seconds, _)| rate.period == Duration::from_secs(*seconds));
    unit.map_or_else(|| format!("{}/{}", rate.calls, time(rate.period)), |(_, unit)| format!("{}/{unit}", rate.calls))
}

/// `30s`, `1500ms`, as in the attribute.
fn time(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        format!("{}s", duration.as_secs())
    } else {
        format!("{}ms", duration.as_millis())
    }
}

/// `10 MiB`, as in the attribute.
fn size(bytes: u64) -> String {
    let unit = SIZES.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// The longest cell of each column, in characters.
fn widths(rows: &[Row]) -> [usize; HEAD.len()] {
    std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
}

fn line(row: &Row, widths: [usize; HEAD.len()]) -> String {
    let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{rate, size, time};
    use crate::Rate;

    #[test]
    fn quantities_are_written_as_in_the_attribute() {
        let rates =
            [1, 60, 3_600, 86_400, 90].map(|seconds| rate(Rate { calls: 3, period: Duration::from_secs(seconds) }));
        assert_eq!(rates, ["3/s", "3/min", "3/h", "3/day", "3/90s"]);
        assert_eq!([30_000, 1_500].map(|milliseconds| time(Duration::from_millis(milliseconds))), ["30s", "1500ms"]);
        assert_eq!(
            [0, 1000, 1024, 1536, 10 << 20, 3 << 30].map(size),
            ["0 B", "1000 B", "1 KiB", "1536 B", "10 MiB", "3 GiB"]
        );
    }
}
