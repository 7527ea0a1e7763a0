//! The document about all metrics, made from their table.

use rpc_core::CallCounts;

use super::table::METRICS;

/// The document, in Markdown.
pub(crate) fn markdown(program: &str) -> String {
    let bounds: Vec<String> = CallCounts::BOUNDS.iter().map(|bound| format!("`{}`", bound.as_secs_f64())).collect();
    let mut text = format!(
        "# Metrics\n\n\
        <!-- Made by `{program} docs --metrics`. -->\n\n\
        `{program} serve --metrics-bind 127.0.0.1:9090` serves them at `http://127.0.0.1:9090/metrics`, in the text format of\n\
        Prometheus, to everybody who can reach that address; without the flag calls are not counted. Every number is of this\n\
        process, since its start. What there is nothing to say of, such as a part that is not in use, is not there.\n\n\
        `method` is the path of a method; calls to unknown ones are counted nowhere. `status` is the status of the answer as it\n\
        is, of a method's first 24 different ones, and `other` for the rest.\n\
        The buckets of times end at {} seconds.\n\n\
        | metric | type | labels | |\n| --- | --- | --- | --- |\n",
        bounds.join(", ")
    );
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, kind) = (metric.full_name(), metric.kind.name());
        text += &format!("| `{name}` | {kind} | {} | {}. |\n", labels.join(", "), metric.text);
    }
    text
}
