//! The table of faults is as complete as the tests, and the tests are as complete as the table. What the document about security
//! promises has its tests too.

use std::collections::BTreeSet;
use std::fs;

use crate::process::{file, workspace};

/// The binary of tests that measure.
const ALONE: &str = "alone";
/// Those that have a file of their own beside the modules of `it`.
const BINARIES: [&str; 2] = [ALONE, "attacks"];
/// The documents that name tests.
const DOCUMENTS: [&str; 2] = ["docs/faults.md", "docs/security.md"];

/// The tests that a text of Rust has.
fn tests_in(text: &str) -> BTreeSet<String> {
    let parts = text.split("test]\n").skip(1);
    let named = parts.filter_map(|part| part.split_once("fn ")?.1.split('(').next().map(str::to_owned));
    named.collect()
}

/// The tests that a document names: the crate that has them, the modules, the name. Modules are those of the binary `it`, unless
/// they begin with the name of another one.
fn named(document: &str) -> Vec<(String, Vec<String>, String)> {
    let text = file(document);
    let quoted = text.split('`').skip(1).step_by(2).filter(|quote| quote.contains("::"));
    let parse = |quote: &str| {
        let (package, path) = quote.split_once(' ').unwrap_or(("tests", quote));
        let mut modules: Vec<String> = path.split("::").map(str::to_owned).collect();
        let name = modules.pop().unwrap();
        (package.to_owned(), modules, name)
    };
    quoted.map(parse).collect()
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let named: Vec<_> = DOCUMENTS.into_iter().flat_map(named).collect();
    assert!(named.len() > 80, "{named:?}");
    for (package, modules, name) in named {
        let binary = if BINARIES.contains(&modules[0].as_str()) { "" } else { "it/" };
        let path = format!("{package}/tests/{binary}{}.rs", modules.join("/"));
        assert!(tests_in(&file(&path)).contains(&name), "{path} has no test {name}");
    }
}

#[test]
fn every_line_of_a_table_of_faults_or_promises_names_a_test() {
    let text = DOCUMENTS.map(file).concat();
    // Other tables have other columns.
    let mut is_of_tests = false;
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("| ---")) {
        let is_head = ["| fault |", "| promise |"].iter().any(|head| line.starts_with(head));
        is_of_tests = is_head || (is_of_tests && line.starts_with("| "));
        if is_of_tests && !is_head {
            lines.push(line);
        }
    }
    assert!(lines.len() > 15, "{lines:?}");
    for line in lines {
        assert!(line.contains("::"), "{line}");
    }
}

#[test]
fn every_test_of_a_fault_is_in_the_table() {
    let named: BTreeSet<(String, String)> = named("docs/faults.md")
        .into_iter()
        .map(|(package, modules, name)| (format!("{package} {}", modules.join("::")), name))
        .collect();
    for (folder, parent) in [("it/faults", "faults"), (ALONE, ALONE)] {
        for entry in fs::read_dir(workspace().join("tests/tests").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let module = path.file_stem().unwrap().to_str().unwrap();
            if module == "table" {
                continue;
            }
            for name in tests_in(&fs::read_to_string(&path).unwrap()) {
                let test = (format!("tests {parent}::{module}"), name);
                assert!(named.contains(&test), "{test:?} is not in docs/faults.md");
            }
        }
    }
}
