//! The reference for people who call the API, in Markdown.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{schema, yaml};
use crate::Api;
use crate::method::{Method, Module, Parameter};

/// What the reserved permissions mean.
const RESERVED: [(&str, &str); 4] = [
    ("*", "any connected user"),
    ("guest", "any unauthenticated user"),
    ("user", "any authenticated user"),
    ("root", "root user"),
];

/// Writes the reference of an API: its methods by version, module and path, without the private ones.
#[must_use]
pub fn markdown(api: &Api) -> String {
    let versions = versions(api);
    let anchors = anchors(api, &versions);
    let parts: Vec<String> = versions.iter().map(|version| part(api, version.name, &anchors) + "\n").collect();
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
type Anchors = HashMap<&'static str, String>;

fn public_methods(api: &Api) -> impl Iterator<Item = &Method> {
    api.methods().filter(|method| !method.is_private())
}

fn versions(api: &Api) -> BTreeSet<Version> {
    public_methods(api).map(|method| Version::of(method.path())).collect()
}

/// The path in dashes; without the version in the first part of the document. No two are the same.
fn anchors(api: &Api, versions: &BTreeSet<Version>) -> Anchors {
    let first = versions.first().map_or("", |version| version.name);
    let mut taken = BTreeSet::new();
    let mut anchors = Anchors::new();
    for method in public_methods(api) {
        let path = method.path().trim_start_matches('/');
        let short = path.strip_prefix(first).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path).replace('/', "-");
        let numbered = (2..).map(|number| format!("{short}-{number}"));
        let free = std::iter::once(short.clone()).chain(numbered).find(|anchor| taken.insert(anchor.clone()));
        anchors.insert(method.path(), free.unwrap_or(short));
    }
    anchors
}

/// Blocks with an empty line between each two, without the empty ones.
fn blocks(blocks: impl IntoIterator<Item = String>) -> String {
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n\n")
}

/// The part of one version.
fn part(api: &Api, version: &str, anchors: &Anchors) -> String {
    let of_part = |method: &&Method| !method.is_private() && Version::of(method.path()).name == version;
    let modules = api.modules().filter_map(|(described, methods)| {
        let methods: Vec<&Method> = methods.filter(of_part).collect();
        (!methods.is_empty()).then(|| module(described, &methods, anchors))
    });
    blocks(std::iter::once(format!("# API {version}")).chain(modules))
}

fn module(module: &Module, methods: &[&Method], anchors: &Anchors) -> String {
    let head = [
        format!("## {}", module.title()),
        module.description().to_owned(),
        "Methods:".to_owned(),
        contents(methods, anchors),
    ];
    blocks(head.into_iter().chain(methods.iter().map(|described| method(described, &anchors[described.path()]))))
}

fn contents(methods: &[&Method], anchors: &Anchors) -> String {
    let lines: Vec<String> =
        methods.iter().map(|method| format!("-   [{}](#{})", method.title(), anchors[method.path()])).collect();
    lines.join("\n")
}

fn method(method: &Method, anchor: &str) -> String {
    blocks([
        format!("<a id=\"{anchor}\"></a>"),
        format!("### {}", method.title()),
        snippets(method),
        if method.is_deprecated() { "**Deprecated**".to_owned() } else { String::new() },
        method.description().to_owned(),
        "**Permissions**".to_owned(),
        permissions(method.permissions()),
        "**Parameters**".to_owned(),
        parameters(method),
    ])
}

fn snippets(method: &Method) -> String {
    blocks([
        "<!-- tabs:start -->".to_owned(),
        "#### **JavaScript**".to_owned(),
        code("js", &javascript(method)),
        "#### **cURL**".to_owned(),
        code("shell", &curl(method)),
        "<!-- tabs:end -->".to_owned(),
    ])
}

/// A code block that formatters leave alone.
fn code(language: &str, text: &str) -> String {
    format!("<!-- prettier-ignore -->\n```{language}\n{text}\n```")
}

fn javascript(method: &Method) -> String {
    let path = std::iter::once(format!("\"{}\"", method.path()));
    let arguments: Vec<String> = path.chain(method.params().iter().map(Parameter::usage)).collect();
    format!("const res = await api.call( {} );", arguments.join(", "))
}

fn curl(method: &Method) -> String {
    let lines = [
        "curl",
        "-X POST",
        "-H \"Authorization: Basic <YOUR-API-TOKEN>\"",
        "-H \"Content-Type: application/json\"",
        "-d '[...PARAMETERS]'",
        &format!("\"https://api.domain.com{}\"", method.path()),
    ];
    lines.join(" \\\n    ")
}

fn permissions(names: &[&str]) -> String {
    let lines: Vec<String> = names.iter().map(|name| permission(name)).collect();
    lines.join("\n")
}

fn permission(name: &str) -> String {
    let text = RESERVED.iter().find(|(reserved, _)| *reserved == name);
    let meaning = text.map(|(_, text)| format!(" - {text}")).unwrap_or_default();
    format!("-   \"{}\"{meaning};", escaped(name))
}

/// Text that Markdown shows as it is. An underscore inside a word means nothing and stays.
fn escaped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |char: Option<&char>| char.is_some_and(|char| char.is_alphanumeric());
    let mut escaped = String::new();
    for (position, &char) in chars.iter().enumerate() {
        let is_inside = position > 0 && is_letter(chars.get(position - 1)) && is_letter(chars.get(position + 1));
        let is_special = matches!(char, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '|');
        if is_special || (char == '_' && !is_inside) {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
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

/// The text of a list item, which begins on the first line.
fn inside_item(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .enumerate()
        .map(|(position, line)| if position == 0 || line.is_empty() { line.to_owned() } else { format!("    {line}") })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Version, escaped, permission};

    #[test]
    fn reserved_permissions_are_explained() {
        let lines = ["*", "user", "guest", "root", "admin", "billing:read"].map(permission);
        assert_eq!(
            lines,
            [
                "-   \"\\*\" - any connected user;",
                "-   \"user\" - any authenticated user;",
                "-   \"guest\" - any unauthenticated user;",
                "-   \"root\" - root user;",
                "-   \"admin\";",
                "-   \"billing:read\";",
            ]
        );
    }

    #[test]
    fn names_are_shown_as_they_are() {
        for (name, expected) in [("read_all", "read_all"), ("_a_", "\\_a\\_"), ("a*[b]`", "a\\*\\[b\\]\\`")] {
            assert_eq!(escaped(name), expected);
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let mut versions = ["/v10/a/b", "/beta/a/b", "/v2/a/b", "/v1/a/b"].map(Version::of);
        versions.sort();
        assert_eq!(versions.map(|version| version.name), ["v1", "v2", "v10", "beta"]);
    }
}
