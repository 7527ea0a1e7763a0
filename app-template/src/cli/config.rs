//! `config`: the configuration in effect.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::flags::ServeFlags;
use super::{serve_config, warn_of_unknown};
use crate::config::{Effective, Sources, effective, section};
use crate::extension::Extension;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Only check the configuration: end with 3 and say what is wrong
    #[arg(long, conflicts_with = "json")]
    check: bool,
    /// Everything that is known of them, as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) serve: ServeFlags,
}

pub(super) fn run(args: &ConfigArgs, sources: &Sources, extension: &Extension) -> Result<ExitCode, Failure> {
    warn_of_unknown(sources.environment());
    let config = serve_config(sources, extension)?;
    if config.depends_on_methods() {
        config.check_methods(&crate::api::build(extension)?)?;
    }
    let values = effective(sources)?;
    match (args.check, args.json) {
        (true, _) => {}
        (false, true) => output::result(&format!("{:#}\n", document(&values, sources)))?,
        (false, false) => output::result(&table(&values))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn name(value: &Effective) -> String {
    match &value.method {
        Some(method) => format!("methods.\"{method}\".{}", value.spec.name),
        None => value.spec.name.to_owned(),
    }
}

fn table(values: &[Effective]) -> String {
    let shown = |value: &Effective| if value.value.is_empty() { "-".to_owned() } else { value.value.clone() };
    let mut rows = vec![("KEY".to_owned(), "VALUE".to_owned(), "SOURCE".to_owned())];
    rows.extend(values.iter().map(|value| (name(value), shown(value), value.source.to_string())));
    let width = |column: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
    };
    let (keys, texts) = (width(|row| &row.0), width(|row| &row.1));
    rows.iter().map(|(key, value, source)| format!("{key:keys$}  {value:texts$}  {source}\n")).collect()
}

fn document(values: &[Effective], sources: &Sources) -> Value {
    let optional = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let (keys, methods): (Vec<_>, Vec<_>) = values.iter().partition(|value| value.method.is_none());
    let key = |value: &&Effective| {
        let spec = value.spec;
        json!({
            "key": spec.name,
            "section": section(spec),
            "type": spec.kind,
            "expected": spec.expected(),
            "minimum": spec.range.map(|range| range.min),
            "maximum": spec.range.map(|range| range.max),
            "default": optional(spec.default),
            "value": optional(&value.value),
            "source": value.source.to_string(),
            "variables": spec.variables().collect::<Vec<_>>(),
            "flag": spec.has_flag().then(|| format!("--{}", spec.name)),
            "secret": spec.secret,
            "description": spec.text,
        })
    };
    let method = |value: &&Effective| json!({"method": value.method, "key": value.spec.name, "value": value.value, "source": value.source.to_string()});
    json!({
        "file": sources.file_name(),
        "keys": keys.iter().map(key).collect::<Vec<_>>(),
        "methods": methods.iter().map(method).collect::<Vec<_>>(),
    })
}
