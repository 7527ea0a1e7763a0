//! The whole reference: of a small API with every feature, by a golden; of others, by what must hold.

use std::collections::HashSet;

use rpc_core::docs::{ReferenceOptions, reference};
use rpc_core::{Api, Method};
use serde_json::Value;

use super::{assert_same, fixture};

const GOLDEN: &str = include_str!("reference.md");

/// Methods of all sorts, types of all forms, and events.
fn everything() -> Api {
    fixture::bare()
        .only("/v9/documents/**")
        .only("/v9/unions/**")
        .only("/declared-events/**")
        .only("/v9/declared-events/**")
        .build()
        .unwrap()
}

fn written(api: &Api) -> String {
    reference(api, &ReferenceOptions::default())
}

#[test]
fn the_whole_reference_is_the_committed_one() {
    assert_same(&written(&everything()), GOLDEN);
}

/// The parameters of the calls by plain HTTP, with the path of each.
fn calls(document: &str) -> Vec<(String, Value)> {
    let of_block = |block: &str| {
        let call = block.split("\n```").next()?.strip_prefix("curl https://api.example.com")?;
        let (path, rest) = call.split_once(" \\\n")?;
        let params = match rest.split_once("params=") {
            Some((_, params)) => params.split_once(";type=application/json'")?.0,
            None => rest.split_once("--json '")?.1.strip_suffix('\'')?,
        };
        let params = params.replace(r"'\''", "'");
        path.starts_with("/v").then(|| (path.to_owned(), serde_json::from_str(&params).unwrap()))
    };
    document.split("```shell\n").filter_map(of_block).collect()
}

#[test]
fn every_example_of_parameters_fits_its_method() {
    for api in [everything(), fixture::api()] {
        let calls = calls(&written(&api));
        let public = api.methods().filter(|method| !method.is_private()).count();
        assert_eq!(calls.len(), public);
        for (path, params) in calls {
            let schema = api.method(&path).map(Method::params_schema).unwrap();
            let validator = jsonschema::validator_for(schema).unwrap();
            assert!(validator.is_valid(&params), "{path} {params}");
        }
    }
}

#[test]
fn every_link_leads_to_one_anchor() {
    for api in [everything(), fixture::api()] {
        let document = written(&api);
        let anchors: Vec<&str> =
            document.split("<a id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
        let unique: HashSet<&str> = anchors.iter().copied().collect();
        assert_eq!(anchors.len(), unique.len());
        let headings = ["calls", "errors", "events", "types"];
        for link in document.split("](#").skip(1).map(|rest| rest.split_once(')').unwrap().0) {
            assert!(unique.contains(link) || headings.contains(&link), "{link}");
        }
    }
}

#[test]
fn the_address_of_calls_is_the_one_that_is_asked_for() {
    let document = reference(&everything(), &ReferenceOptions::default().url("http://localhost:8080/"));
    assert!(document.contains("curl http://localhost:8080/v9/documents/things/odd"));
    assert!(!document.contains("api.example.com"));
}

#[test]
fn private_methods_are_in_no_part_of_it() {
    let document = written(&everything());
    assert!(!document.contains("/v9/documents/things/private") && !document.contains("Hidden"));
}
