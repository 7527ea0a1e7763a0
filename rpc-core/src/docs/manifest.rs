//! Everything that is known of an API, as JSON, for programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::events::Event;
use crate::limits::Rate;
use crate::method::entry::UploadUse;
use crate::method::errors::DeclaredError;
use crate::method::{Method, Module, Parameter};
use crate::permissions::Permission;
use crate::{Api, EffectiveLimits};

/// Describes an API, private methods included: `modules`, `permissions`, `methods`, `events` and `definitions`.
///
/// A `$ref` of `#/$defs/Name` stands for `definitions.params.Name` in a parameter's schema, and for
/// `definitions.result.Name` in the schema of a result or of an error's details; the payload of an event has its own `$defs`. Times are
/// milliseconds, sizes are bytes, `null` is no limit.
#[must_use]
pub fn manifest(api: &Api) -> Value {
    let methods = api.modules().flat_map(|(module, methods)| methods.map(move |described| (module, described)));
    let mut methods: Vec<(&Module, &Method)> = methods.collect();
    methods.sort_by_key(|(_, method)| method.path());
    json!({
        "modules": api.modules().map(|(described, _)| module(described)).collect::<Vec<_>>(),
        "permissions": api.permissions().iter().map(permission).collect::<Vec<_>>(),
        "methods": methods.iter().map(|(module, described)| method(module, described)).collect::<Vec<_>>(),
        "events": api.events().map(event).collect::<Vec<_>>(),
        "definitions": {"params": param_definitions(api), "result": api.result_definitions()},
    })
}

fn module(module: &Module) -> Value {
    json!({"path": module.path(), "title": module.title(), "description": module.description()})
}

fn permission(permission: &Permission) -> Value {
    let Permission { name, title, description, default } = permission;
    json!({"name": name, "title": title, "description": description, "default": default})
}

fn method(module: &Module, method: &Method) -> Value {
    json!({
        "id": method.path(),
        "title": method.title(),
        "description": method.description(),
        "module": module.path(),
        "permissions": method.permissions(),
        "params": method.params().iter().map(parameter).collect::<Vec<_>>(),
        "result": method.result_schema(),
        "errors": method.errors().iter().map(error).collect::<Vec<_>>(),
        "limits": limits(method.limits(), method.upload()),
        "upload": upload(method.upload()),
        "deprecated": method.is_deprecated(),
        "private": method.is_private(),
        "session_only": method.is_session_only(),
        "ignores_token": method.ignores_token(),
        "read_only": method.is_read_only(),
        "idempotent": method.is_idempotent(),
        "destructive": method.is_destructive(),
        "log": method.is_logged(),
        "client_event": method.entry.client_event,
    })
}

fn error(error: &DeclaredError) -> Value {
    json!({
        "status": error.status(),
        "code": error.code(),
        "kind": error.kind(),
        "reason": error.reason(),
        "description": error.description(),
        "details": error.details_schema(),
    })
}

fn event(event: &Event) -> Value {
    json!({
        "name": event.name(),
        "title": event.title(),
        "description": event.description(),
        "audience": event.audience(),
        "payload": event.payload_schema(),
    })
}

fn parameter(param: &Parameter) -> Value {
    json!({
        "name": param.name(),
        "description": param.description(),
        "required": param.is_required(),
        "schema": param.schema(),
    })
}

fn limits(limits: &EffectiveLimits, upload: UploadUse) -> Value {
    json!({
        "concurrency": limits.concurrency,
        "concurrency_per_user": limits.concurrency_per_user,
        "rate": limits.rate.map(rate),
        "timeout_ms": milliseconds(limits.timeout),
        "max_body": limits.max_body,
        "upload": (upload != UploadUse::None).then_some(limits.upload),
    })
}

fn rate(rate: Rate) -> Value {
    json!({"calls": rate.calls, "period_ms": milliseconds(rate.period)})
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn upload(used: UploadUse) -> &'static str {
    match used {
        UploadUse::None => "none",
        UploadUse::Optional => "optional",
        UploadUse::Required => "required",
        UploadUse::Several => "several",
    }
}

/// The definitions of all methods' parameters, by name; a name means the same in every method.
fn param_definitions(api: &Api) -> Map<String, Value> {
    let of_methods = api.methods().filter_map(|method| method.params_schema().get("$defs")?.as_object());
    let sorted: BTreeMap<&String, &Value> = of_methods.flatten().collect();
    sorted.into_iter().map(|(name, schema)| (name.clone(), schema.clone())).collect()
}
