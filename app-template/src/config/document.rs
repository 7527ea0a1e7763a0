//! The document about all options, made from their table.

use super::option::OptionSpec;
use super::own::{options, section};
use super::table::METHOD_OPTIONS;
use crate::naming;

/// The document, in Markdown.
pub(crate) fn markdown(program: &str) -> String {
    let mut text = introduction(program);
    let mut above = "";
    for spec in options() {
        if section(spec) != above {
            above = section(spec);
            text += &format!(
                "\n## {above}\n\n| key | variable | type | range | default | |\n| --- | --- | --- | --- | --- | --- |\n"
            );
        }
        text += &line(spec);
    }
    text += &methods();
    text
}

fn introduction(program: &str) -> String {
    let (prefix, variable, file) = (naming::prefix(), naming::config_variable(), naming::config_file());
    format!(
        "# Configuration\n\n\
        <!-- Made by `{program} docs --configuration`. -->\n\n\
        Every option has a key. Its value comes from, the first one that there is: the flag `--key` of `{program} serve`, for keys\n\
        that are marked with it; the variable in the table; a second variable, where the table names one; the file; the default.\n\n\
        - The file is the one that `--config FILE` or `{variable}` names, else `./{file}`, if it is there. It is TOML: `port = 8080`. A key that\n  \
          does not exist is a fault, so that nothing is misspelt unseen.\n\
        - `{prefix}X_FILE` names a file that holds the value of `{prefix}X`, for secrets that are mounted. Line end aside, all of it is the value.\n\
        - A value out of its range is refused at the start, with its name and its bounds. None is longer than 8192 bytes.\n\
        - An empty variable is none. Lists are separated by commas, or arrays in the file.\n\
        - Times have a unit (`250ms`, `30s`, `15min`, `24h`, `30days`), sizes too (`512 B`, `64 KiB`, `1 MiB`, `1 GiB`).\n\
        - `RUST_LOG` goes before `log-level`; `NO_COLOR` is honoured.\n\n\
        `{program} config` shows the values in effect with what set each; `{program} config --check` ends with 3 when something is wrong.\n"
    )
}

fn line(spec: &OptionSpec) -> String {
    let name = if spec.has_flag() { format!("`--{}`", spec.name) } else { format!("`{}`", spec.name) };
    let variables: Vec<String> = spec.variables().map(|variable| format!("`{variable}`")).collect();
    let default = if spec.default.is_empty() { String::new() } else { format!("`{}`", spec.default) };
    let secret = if spec.secret { " Never shown." } else { "" };
    format!(
        "| {name} | {} | {} | {} | {default} | {}.{secret} |\n",
        variables.join(", "),
        spec.kind,
        range(spec),
        spec.text
    )
}

/// `1 to 100`; empty where values have no order.
fn range(spec: &OptionSpec) -> String {
    spec.range.map(|range| format!("{} to {}", range.min, range.max)).unwrap_or_default()
}

fn methods() -> String {
    let mut text = "\n## Methods\n\n\
        Limits of one method stand in the file only, in a table of its own. They go before those of the method's attribute.\n\n\
        ```toml\n[methods.\"/v1/test/test\"]\nconcurrency = 4\nrate = \"10/min\"\n```\n\n\
        | key | type | range | |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for spec in METHOD_OPTIONS {
        text += &format!("| `{}` | {} | {} | {}. |\n", spec.name, spec.kind, range(spec), spec.text);
    }
    text
}
