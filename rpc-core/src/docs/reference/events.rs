//! The events that clients hear.

use super::method::who;
use super::types::{Direction, Types};
use crate::Api;
use crate::docs::blocks::{blocks, code};
use crate::events::Event;

/// All events, each with its anchor.
pub(super) fn section(api: &Api, events: &[(&Event, String)], types: &Types) -> String {
    if events.is_empty() {
        return String::new();
    }
    let head = [
        "## Events".to_owned(),
        "Clients that are connected by WebSocket hear events, as JSON-RPC notifications without an answer.".to_owned(),
    ];
    blocks(head.into_iter().chain(events.iter().map(|(described, anchor)| event(api, described, anchor, types))))
}

fn event(api: &Api, event: &Event, anchor: &str, types: &Types) -> String {
    let payload = event.payload_schema().and_then(|schema| schema.get("allOf")?.get(0));
    let (argument, described) = match payload {
        Some(schema) => (
            format!(", {}", types.example(Direction::Received, schema)),
            types.described(Direction::Received, schema, 0),
        ),
        None => (String::new(), "The event has no payload.".to_owned()),
    };
    let message = format!(r#"{{"jsonrpc":"2.0","method":"/event","params":["{}"{argument}]}}"#, event.name());
    blocks([
        format!("<a id=\"{anchor}\"></a>"),
        format!("### {}", event.title()),
        format!("`{}`", event.name()),
        event.description().to_owned(),
        "**Who hears it**".to_owned(),
        event
            .audience()
            .iter()
            .map(|name| format!("-   {}", who(name, api.permissions())))
            .collect::<Vec<_>>()
            .join("\n"),
        "**Payload**".to_owned(),
        described,
        code("json", &message),
    ])
}
