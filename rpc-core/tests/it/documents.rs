//! The documents that are generated from an API.

mod events;
mod fixture;
mod reference;
mod variants;

use rpc_core::docs;
use serde_json::{Value, json};

/// The reference of the methods whose signatures are below `fixture`.
const GOLDEN: &str = include_str!("../../../docs/api-v1.md");
const EVENTS: &str = include_str!("documents/events.md");
const VARIANTS: &str = include_str!("documents/variants.md");
const VARIANTS_TABLE: &str = include_str!("documents/variants.txt");

/// Like `assert_eq!`, but names the first line that differs.
fn assert_same(actual: &str, expected: &str) {
    let lines = actual.lines().zip(expected.lines());
    if let Some((number, (actual, expected))) = (1..).zip(lines).find(|(_, (actual, expected))| actual != expected) {
        panic!("line {number} is\n{actual}\nand should be\n{expected}");
    }
    assert_eq!(actual.len(), expected.len(), "one text goes on after the other ends");
}

#[test]
fn the_reference_is_the_committed_one() {
    assert_same(&docs::markdown(&fixture::api()), GOLDEN);
}

#[test]
fn the_order_of_declaration_does_not_matter() {
    let forwards =
        fixture::methods().fold(fixture::bare().except("/**"), |api, method| api.method(method)).build().unwrap();
    let backwards =
        fixture::methods().rev().fold(fixture::bare().except("/**"), |api, method| api.method(method)).build().unwrap();
    for api in [forwards, backwards] {
        assert_same(&docs::markdown(&api), GOLDEN);
        assert_eq!(docs::table(&api), docs::table(&fixture::api()));
        assert_eq!(docs::manifest(&api).to_string(), docs::manifest(&fixture::api()).to_string());
    }
}

#[test]
fn each_version_is_a_part_of_its_own() {
    let document = docs::markdown(&variants::api());
    let headings: Vec<&str> =
        document.lines().filter(|line| line.starts_with("# ") || line.starts_with("## ")).collect();
    assert_eq!(headings, ["# API v9", "## Schemas", "## Things", "# API v10", "## New things"]);
    for anchor in ["documents-things-deprecated", "v10-documents-things-deprecated"] {
        assert_eq!(document.matches(&format!("<a id=\"{anchor}\"></a>")).count(), 1, "{anchor}");
        assert_eq!(document.matches(&format!("(#{anchor})")).count(), 1, "{anchor}");
    }
    assert!(document.ends_with("```\n") && !document.contains("\n\n\n"));
}

#[test]
fn private_methods_and_modules_of_them_are_left_out() {
    let document = docs::markdown(&variants::api());
    assert!(!document.contains("/v9/documents/things/private") && !document.contains("Hidden things"));
}

#[test]
fn a_deprecated_method_says_so_after_its_snippets() {
    let document = docs::markdown(&variants::api());
    assert!(document.contains("<!-- tabs:end -->\n\n**Deprecated**\n\nUse `odd` instead.\n\n**Permissions**\n"));
}

#[test]
fn descriptions_stay_in_their_list_item() {
    let document = docs::markdown(&variants::api());
    let expected =
        "-   **first** `[required]` - One line.\n\n    - and\n    - a list\n\n    <!-- prettier-ignore -->\n";
    assert!(document.contains(expected));
}

#[test]
fn schemas_show_what_a_caller_reads() {
    assert_same(&docs::markdown(&variants::api()), VARIANTS);
}

#[test]
fn the_table_has_an_aligned_line_for_each_method() {
    assert_same(&docs::table(&variants::api()), VARIANTS_TABLE);
    assert_eq!(docs::table(&fixture::api()).lines().count(), 36);
}

#[test]
fn the_manifest_describes_a_method_completely() {
    let manifest = docs::manifest(&variants::api());
    let method = manifest["methods"]
        .as_array()
        .unwrap()
        .iter()
        .find(|method| method["id"] == "/v9/documents/things/odd")
        .unwrap();
    let expected = json!({
        "id": "/v9/documents/things/odd",
        "title": "Odd",
        "description": "With everything.",
        "module": "/v9/documents/things",
        "permissions": ["user", "admin"],
        "params": [
            {"name": "name", "description": "", "required": true, "schema": {"type": "string"}},
            {
                "name": "tree",
                "description": "",
                "required": false,
                "schema": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
            },
        ],
        "result": {"$ref": "#/$defs/Receipt"},
        "errors": [],
        "limits": {
            "concurrency": 4,
            "concurrency_per_user": 1,
            "rate": {"calls": 10, "period_ms": 60_000},
            "timeout_ms": 5_000,
            "max_body": 2 << 20,
            "upload": 3 << 20,
        },
        "upload": "required",
        "deprecated": false,
        "private": false,
        "session_only": true,
        "ignores_token": false,
        "read_only": false,
        "idempotent": false,
        "destructive": false,
        "log": false,
        "client_event": null,
    });
    assert_eq!(*method, expected);
    assert_eq!(
        manifest["modules"][0],
        json!({"path": "/v10/documents/things", "title": "New things", "description": ""})
    );
}

/// Every `$ref` in a value, as the name that it refers to.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"));
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_manifest_defines_what_it_refers_to() {
    for api in [fixture::api(), variants::api()] {
        let manifest = docs::manifest(&api);
        for part in ["params", "result"] {
            let of_methods =
                manifest["methods"].as_array().unwrap().iter().flat_map(|method| references(&method[part]));
            let definitions = &manifest["definitions"][part];
            for name in of_methods.chain(references(definitions)) {
                assert!(definitions.get(name).is_some(), "{part} {name}");
            }
        }
    }
}

#[test]
fn the_manifest_lists_the_declared_permissions() {
    let manifest = docs::manifest(&fixture::api());
    let expected = json!([{
        "name": "admin",
        "title": "Administrator",
        "description": "May change users and settings.",
        "default": false,
    }]);
    assert_eq!(manifest["permissions"], expected);
}

const ALL_EVENTS: [&str; 2] = ["/declared-events/**", "/v9/declared-events/**"];

#[test]
fn the_events_are_the_committed_ones() {
    assert_same(&docs::events(&events::api(&ALL_EVENTS)), EVENTS);
}

#[test]
fn each_direction_of_events_stands_alone() {
    let sent = docs::events(&events::api(&ALL_EVENTS[1..]));
    let (head, received) = EVENTS.split_once("## Events from clients").unwrap();
    assert_eq!(sent, format!("# Events\n\n## Events from clients{received}"));
    assert!(head.starts_with("# Events\n\n## Events from the server\n"));
}

#[test]
fn an_api_without_events_has_no_document_of_them() {
    assert_eq!(docs::events(&fixture::api()), "");
}

#[test]
fn the_manifest_describes_events_in_both_directions() {
    let manifest = docs::manifest(&events::api(&ALL_EVENTS));
    let event = |name: &str| manifest["events"].as_array().unwrap().iter().find(|event| event["name"] == name).unwrap();
    let over = json!({
        "name": "/declared-events/over",
        "title": "All is over",
        "description": "",
        "audience": ["*"],
        "payload": null,
    });
    assert_eq!(*event("/declared-events/over"), over);
    let changed = event("/declared-events/things/changed");
    assert_eq!(changed["description"], "- and\n- a list");
    assert_eq!(changed["audience"], json!(["self", "root", "admin"]));
    assert!(references(&changed["payload"]).iter().all(|name| changed["payload"]["$defs"].get(name).is_some()));
    let client_events: Vec<&Value> =
        manifest["methods"].as_array().unwrap().iter().map(|method| &method["client_event"]).collect();
    assert_eq!(client_events, [&json!("/declared-events/look"), &Value::Null, &json!("/declared-events/typing")]);
}

#[test]
fn an_api_of_private_methods_has_an_empty_reference() {
    let api = fixture::bare().only("/v9/documents/hidden/**").build().unwrap();
    assert_eq!(docs::markdown(&api), "");
}
