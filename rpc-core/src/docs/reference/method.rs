//! One method: who may call it, what it takes and answers, its limits and errors, and calls to try.

use serde_json::{Map, Value, json};

use super::types::{Direction, Types};
use super::{ReferenceOptions, errors};
use crate::Api;
use crate::docs::blocks::{blocks, code, inside_item};
use crate::method::entry::{ParamStyle, UploadUse};
use crate::method::{Method, Parameter};
use crate::permissions::Permission;
use crate::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};
use crate::units::{format_rate, format_size, format_time};

pub(super) fn section(api: &Api, method: &Method, anchor: &str, options: &ReferenceOptions, types: &Types) -> String {
    let callers = method.permissions().iter().map(|name| format!("-   {}", who(name, api.permissions())));
    blocks([
        format!("<a id=\"{anchor}\"></a>"),
        format!("### {}", method.title()),
        format!("`POST {}`", method.path()),
        if method.is_deprecated() {
            "**Deprecated**: new clients should not call it.".to_owned()
        } else {
            String::new()
        },
        method.description().to_owned(),
        "**Who may call**".to_owned(),
        callers.chain(terms(method)).collect::<Vec<_>>().join("\n"),
        "**Parameters**".to_owned(),
        parameters(method, types),
        upload(method),
        "**Result**".to_owned(),
        types.described(Direction::Received, method.result_schema(), 0),
        "**Limits**".to_owned(),
        limits(method),
        "**Errors**".to_owned(),
        errors::of(method),
        "**Examples**".to_owned(),
        code("shell", &plain(method, options, types)),
        if method.upload() == UploadUse::Required {
            String::new()
        } else {
            code("shell", &json_rpc(method, options, types))
        },
    ])
}

/// What a name in a list of callers or listeners means.
pub(super) fn who(name: &str, permissions: &[Permission]) -> String {
    let meaning = match name {
        EVERYBODY => "everybody, guests too".to_owned(),
        GUEST => "guests: callers who are not signed in".to_owned(),
        USER => "every user who is signed in".to_owned(),
        ROOT => "the user root".to_owned(),
        SELF => "the user whom it concerns".to_owned(),
        _ => match permissions.iter().find(|permission| permission.name == name) {
            Some(permission) => {
                let allows = permission.description.trim_end_matches('.');
                format!("users with the permission \"{}\" ({allows}), and root", permission.title)
            }
            None => "users with this permission, and root".to_owned(),
        },
    };
    format!("`{name}`: {meaning}").trim_end().to_owned()
}

/// What else is asked of the caller.
fn terms(method: &Method) -> impl Iterator<Item = String> {
    let session = method.is_session_only().then(|| "-   A session is needed; API tokens are refused.".to_owned());
    let token = method.ignores_token().then(|| "-   A token that comes with the call is not looked at.".to_owned());
    let event = method.client_event().map(|name| {
        format!("-   Clients reach it with the event `{name}` too, and then hear nothing of what came of it.")
    });
    session.into_iter().chain(token).chain(event)
}

fn parameters(method: &Method, types: &Types) -> String {
    if method.params().is_empty() {
        return "None.".to_owned();
    }
    let items = method.params().iter().map(|param| parameter(param, types));
    items.collect::<Vec<_>>().join("\n")
}

fn parameter(param: &Parameter, types: &Types) -> String {
    let necessity = if param.is_required() { "required" } else { "optional" };
    let described = match param.style() {
        ParamStyle::Opaque => "object".to_owned(),
        _ => types.described(Direction::Sent, param.schema(), 0),
    };
    let (kind, rest) = described.split_once('\n').unwrap_or((&described, ""));
    let text = match param.description() {
        "" => String::new(),
        description => format!("\n\n{description}"),
    };
    let rest = if rest.is_empty() { String::new() } else { format!("\n\n{}", rest.trim_start_matches('\n')) };
    inside_item(&format!("-   **{}** · {necessity} · {kind}{text}{rest}", param.name()))
}

fn upload(method: &Method) -> String {
    let (files, parts) = match method.upload() {
        UploadUse::None => return String::new(),
        UploadUse::Optional => ("may take a file", "the file in the part `file`"),
        UploadUse::Required => ("takes a file", "the file in the part `file`"),
        UploadUse::Several => ("takes files, together", "each file in a part of its own"),
    };
    let size = format_size(method.limits().upload);
    format!(
        "The method {files} of up to {size}: a body of `multipart/form-data` with {parts}, \
         and the array of parameters in the part `params`. It does not travel by WebSocket."
    )
}

fn limits(method: &Method) -> String {
    let limits = method.limits();
    let lines = [
        limits.rate.map(|rate| format!("Calls of one caller over time: {}.", format_rate(rate))),
        limits.concurrency.map(|calls| format!("Calls at the same time: {calls}.")),
        limits.concurrency_per_user.map(|calls| format!("Calls of one caller at the same time: {calls}.")),
        Some(format!("Time of a call: {}.", format_time(limits.timeout))),
        Some(format!("Body: {}.", format_size(limits.max_body))),
    ];
    lines.into_iter().flatten().map(|line| format!("-   {line}")).collect::<Vec<_>>().join("\n")
}

/// Values for the parameters: all up to the last required one; the first, where none is required.
fn examples(method: &Method, types: &Types) -> Vec<Value> {
    let params = method.params();
    let count =
        params.iter().rposition(Parameter::is_required).map_or(usize::from(!params.is_empty()), |last| last + 1);
    let example = |param: &Parameter| match (param.is_required(), param.style()) {
        (_, ParamStyle::Opaque) => json!({}),
        (false, _) if count > 1 => Value::Null,
        _ => types.example(Direction::Sent, param.schema()),
    };
    params.iter().take(count).map(example).collect()
}

fn plain(method: &Method, options: &ReferenceOptions, types: &Types) -> String {
    let url = format!("curl {}{}", options.url, method.path());
    let params = Value::from(examples(method, types)).to_string();
    let body = match method.upload() {
        UploadUse::None => vec![format!("--json {}", shell(&params))],
        _ => vec![
            format!("-F {}", shell(&format!("params={params};type=application/json"))),
            "-F 'file=@FILE'".to_owned(),
        ],
    };
    std::iter::once(url).chain(token(method)).chain(body).collect::<Vec<_>>().join(" \\\n    ")
}

fn json_rpc(method: &Method, options: &ReferenceOptions, types: &Types) -> String {
    let values = examples(method, types);
    let names = method.params().iter().map(|param| param.name().to_owned());
    let params: Map<String, Value> = names.zip(values).filter(|(_, value)| !value.is_null()).collect();
    let params = if params.is_empty() { String::new() } else { format!(",\"params\":{}", Value::from(params)) };
    let request = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"{params}}}", method.path());
    let url = format!("curl {}{}", options.url, options.rpc_path);
    let lines = std::iter::once(url).chain(token(method)).chain([format!("--json {}", shell(&request))]);
    lines.collect::<Vec<_>>().join(" \\\n    ")
}

fn token(method: &Method) -> Option<String> {
    let needs_none =
        method.ignores_token() || method.permissions().iter().any(|name| [EVERYBODY, GUEST].contains(name));
    (!needs_none).then(|| "-H 'Authorization: Bearer <token>'".to_owned())
}

/// A word of a shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
