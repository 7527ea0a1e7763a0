//! The events of an API for people who write clients, in Markdown.

use super::blocks::{Anchors, blocks, code, contents, who};
use super::{schema, yaml};
use crate::Api;
use crate::events::Event;
use crate::method::Method;

/// Writes the reference of an API's events: those that clients receive, and those by which they reach methods.
#[must_use]
pub fn events(api: &Api) -> String {
    let mut anchors = Anchors::default();
    let received: Vec<Part> = api.events().map(|event| received(event, &mut anchors)).collect();
    let sent: Vec<Part> = sent_events(api).into_iter().map(|(name, method)| sent(name, method, &mut anchors)).collect();
    let sections = blocks([section(&RECEIVED, &received), section(&SENT, &sent)]);
    if sections.is_empty() {
        return sections;
    }
    blocks(["# Events".to_owned(), sections]) + "\n"
}

/// What all events of one direction have in common.
struct Direction {
    title: &'static str,
    /// Paragraphs, each with the message that it is about.
    messages: &'static [(&'static str, &'static str)],
}

const RECEIVED: Direction = Direction {
    title: "Events from the server",
    messages: &[
        (
            "They reach the clients that are connected to the RPC endpoint by WebSocket, as JSON-RPC notifications:",
            r#"{ "jsonrpc": "2.0", "method": "/event", "params": [name, payload] }"#,
        ),
        (
            "A client that subscribes to names receives the events of these names as `/publish` in place of `/event`, \
             until it sends `/unsubscribe` with them:",
            r#"{ "jsonrpc": "2.0", "method": "/subscribe", "params": [[name]] }"#,
        ),
    ],
};

const SENT: Direction = Direction {
    title: "Events from clients",
    messages: &[(
        "They are sent to the RPC endpoint as JSON-RPC notifications, and each of them calls a method, with the \
         permissions and the parameters of that method. Nobody is told what came of the call:",
        r#"{ "jsonrpc": "2.0", "method": "/event", "params": [name, ...parameters] }"#,
    )],
};

/// The text of one event, and what a link to it needs.
struct Part {
    title: &'static str,
    anchor: String,
    text: String,
}

/// The methods that clients reach by events, ordered by the names of these.
fn sent_events(api: &Api) -> Vec<(&'static str, &Method)> {
    let public = api.methods().filter(|method| !method.is_private());
    let mut sent: Vec<_> = public.filter_map(|method| Some((method.entry.client_event?, method))).collect();
    sent.sort_by_key(|(name, _)| *name);
    sent
}

/// Nothing when there are no events of that direction.
fn section(direction: &Direction, parts: &[Part]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let messages = direction.messages.iter().flat_map(|(about, message)| [(*about).to_owned(), code("js", message)]);
    let links = contents(parts.iter().map(|part| (part.title, part.anchor.as_str())));
    let head = std::iter::once(format!("## {}", direction.title)).chain(messages);
    blocks(head.chain(["Events:".to_owned(), links]).chain(parts.iter().map(|part| part.text.clone())))
}

fn received(event: &Event, anchors: &mut Anchors) -> Part {
    let anchor = anchors.add(event.name());
    let (arguments, payload) = match event.payload_schema() {
        Some(schema) => (vec!["payload".to_owned()], code("yaml", &yaml::document(&schema::of_payload(schema)))),
        None => (Vec::new(), "The event has no payload.".to_owned()),
    };
    let text = blocks([
        head(&anchor, event.title()),
        message(event.name(), arguments),
        event.description().to_owned(),
        "**Audience**".to_owned(),
        who(event.audience()),
        "**Payload**".to_owned(),
        payload,
    ]);
    Part { title: event.title(), anchor, text }
}

fn sent(name: &str, method: &Method, anchors: &mut Anchors) -> Part {
    let anchor = anchors.add(name);
    let text = blocks([
        head(&anchor, method.title()),
        message(name, method.params().iter().map(|param| param.name().to_owned())),
        if method.is_deprecated() { "**Deprecated**".to_owned() } else { String::new() },
        "**Method**".to_owned(),
        format!("-   \"{}\";", method.path()),
    ]);
    Part { title: method.title(), anchor, text }
}

fn head(anchor: &str, title: &str) -> String {
    blocks([format!("<a id=\"{anchor}\"></a>"), format!("### {title}")])
}

fn message(name: &str, arguments: impl IntoIterator<Item = String>) -> String {
    let params: Vec<String> = std::iter::once(format!("\"{name}\"")).chain(arguments).collect();
    code("js", &format!(r#"{{ "jsonrpc": "2.0", "method": "/event", "params": [{}] }}"#, params.join(", ")))
}
