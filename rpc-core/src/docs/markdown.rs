//! The reference for people who call the API, in Markdown.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::blocks::{Anchors, blocks, code, contents, inside_item, who};
use super::{schema, yaml};
use crate::Api;
use crate::method::{Method, Module, Parameter};

/// Writes the reference of an API: its methods by version, module and path, without the private ones.
#[must_use]
pub fn markdown(api: &Api) -> String {
    markdown_at(api, "https://api.domain.com")
}

/// The same with calls to another server: a URL without a slash at the end.
#[must_use]
pub fn markdown_at(api: &Api, url: &str) -> String {
    let versions = versions(api);
    let anchors = names(api, &versions);
    let parts: Vec<String> = versions.iter().map(|version| part(api, version.name, &anchors, url) + "\n").collect();
    parts.join("\n")
}

/// The first segment of a path, ordered by its number: `v2` before `v10`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    number: u32,
    name: &'static str,
}

impl Version {
    fn of(path: &'static str) -> Self {
        let name = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let number = name.trim_start_matches('v').parse().unwrap_or(u32::MAX);
        Self { number, name }
    }
}

/// The anchor of each method, by its path.
type Names = HashMap<&'static str, String>;

fn public_methods(api: &Api) -> impl Iterator<Item = &Method> {
    api.methods().filter(|method| !method.is_private())
}

fn versions(api: &Api) -> BTreeSet<Version> {
    public_methods(api).map(|method| Version::of(method.path())).collect()
}

/// The path in dashes; without the version in the first part of the document.
fn names(api: &Api, versions: &BTreeSet<Version>) -> Names {
    let first = versions.first().map_or("", |version| version.name);
    let mut anchors = Anchors::default();
    let named = public_methods(api).map(|method| {
        let path = method.path().trim_start_matches('/');
        let short = path.strip_prefix(first).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
        (method.path(), anchors.add(short))
    });
    named.collect()
}

/// The part of one version.
fn part(api: &Api, version: &str, anchors: &Names, url: &str) -> String {
    let of_part = |method: &&Method| !method.is_private() && Version::of(method.path()).name == version;
    let modules = api.modules().filter_map(|(described, methods)| {
        let methods: Vec<&Method> = methods.filter(of_part).collect();
        (!methods.is_empty()).then(|| module(described, &methods, anchors, url))
    });
    blocks(std::iter::once(format!("# API {version}")).chain(modules))
}

fn module(module: &Module, methods: &[&Method], anchors: &Names, url: &str) -> String {
    let head = [
        format!("## {}", module.title()),
        module.description().to_owned(),
        "Methods:".to_owned(),
        contents(methods.iter().map(|method| (method.title(), anchors[method.path()].as_str()))),
    ];
    blocks(head.into_iter().chain(methods.iter().map(|described| method(described, &anchors[described.path()], url))))
}

fn method(method: &Method, anchor: &str, url: &str) -> String {
    blocks([
        format!("<a id=\"{anchor}\"></a>"),
        format!("### {}", method.title()),
        snippets(method, url),
        if method.is_deprecated() { "**Deprecated**".to_owned() } else { String::new() },
        method.description().to_owned(),
        "**Permissions**".to_owned(),
        who(method.permissions()),
        "**Parameters**".to_owned(),
        parameters(method),
    ])
}

fn snippets(method: &Method, url: &str) -> String {
    blocks([
        "<!-- tabs:start -->".to_owned(),
        "#### **JavaScript**".to_owned(),
        code("js", &javascript(method)),
        "#### **cURL**".to_owned(),
        code("shell", &curl(method, url)),
        "<!-- tabs:end -->".to_owned(),
    ])
}

fn javascript(method: &Method) -> String {
    let path = std::iter::once(format!("\"{}\"", method.path()));
    let arguments: Vec<String> = path.chain(method.params().iter().map(Parameter::usage)).collect();
    format!("const res = await api.call( {} );", arguments.join(", "))
}

fn curl(method: &Method, url: &str) -> String {
    let lines = [
        "curl",
        "-X POST",
        "-H \"Authorization: Basic <YOUR-API-TOKEN>\"",
        "-H \"Content-Type: application/json\"",
        "-d '[...PARAMETERS]'",
        &format!("\"{url}{}\"", method.path()),
    ];
    lines.join(" \\\n    ")
}

fn parameters(method: &Method) -> String {
    if method.params().is_empty() {
        return "Method require no parameters.".to_owned();
    }
    let none = Map::new();
    let definitions = method.params_schema().get("$defs").and_then(Value::as_object).unwrap_or(&none);
    blocks(method.params().iter().map(|param| parameter(param, definitions)))
}

fn parameter(param: &Parameter, definitions: &Map<String, Value>) -> String {
    let necessity = if param.is_required() { "required" } else { "not required" };
    let name = format!("-   **{}** `[{necessity}]`", param.name());
    let head = match param.description() {
        "" => name,
        description => format!("{name} - {description}"),
    };
    let schema = yaml::document(&schema::of_parameter(param, definitions));
    inside_item(&blocks([head, code("yaml", &schema)]))
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_ordered_by_number() {
        let mut versions = ["/v10/a/b", "/beta/a/b", "/v2/a/b", "/v1/a/b"].map(Version::of);
        versions.sort();
        assert_eq!(versions.map(|version| version.name), ["v1", "v2", "v10", "beta"]);
    }
}
