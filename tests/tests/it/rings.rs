//! Files that import each other in a ring: none, but for those that are told here.

mod graph;
mod imports;
mod source;

use std::path::{Path, PathBuf};

use self::graph::{Graph, Ring};
use crate::process::workspace;

/// The arrow that closes the one ring that is meant, Api → Method → Handler → Ctx → Api: a handler is a function of the context of
/// its call, in which the call finds the `Api`, its method and its caller.
const MEANT: [(&str, &str); 1] = [("rpc-core/src/method/entry.rs", "rpc-core/src/ctx.rs")];

/// Rings that are still to be untied, each as its files. This list may only get shorter.
const TO_UNTIE: &[&[&str]] = &[];

/// The roots of the crates of a folder: libraries and programs.
fn roots(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = entry.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if name == "src" && folder.join("Cargo.toml").exists() {
            found.extend(["lib.rs", "main.rs"].map(|name| entry.join(name)).into_iter().filter(|path| path.exists()));
            let programs = std::fs::read_dir(entry.join("bin")).into_iter().flatten();
            found.extend(programs.map(|program| program.unwrap().path()).filter(|path| path.is_file()));
        } else {
            roots(&entry, found);
        }
    }
}

/// The graphs of all crates below a folder.
fn graphs(folder: &Path) -> Vec<Graph> {
    let mut found = Vec::new();
    roots(folder, &mut found);
    assert!(!found.is_empty(), "{} has no crate", folder.display());
    found.sort();
    found.iter().map(|root| Graph::of(&source::read(folder, root))).collect()
}

#[test]
fn no_files_import_each_other_in_a_ring() {
    let mut graphs = graphs(workspace());
    for (from, to) in MEANT {
        let is_there = graphs.iter_mut().any(|graph| graph.take_out(from, to));
        assert!(is_there, "{from} does not import {to} any more: take it out of MEANT");
    }
    let found: Vec<Ring> = graphs.iter().flat_map(Graph::rings).collect();
    let is_known = |ring: &&Ring| TO_UNTIE.iter().any(|files| ring.files.iter().all(|file| files.contains(&&**file)));
    let new: String = found.iter().filter(|ring| !is_known(ring)).map(|ring| format!("\n{}", ring.told)).collect();
    assert!(new.is_empty(), "files import each other in a ring:\n{new}");
    for file in TO_UNTIE.iter().copied().flatten() {
        let is_in_one = found.iter().any(|ring| ring.files.contains(*file));
        assert!(is_in_one, "{file} is in no ring any more: take it out of TO_UNTIE");
    }
}

/// Writes the files of a small crate.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("Cargo.toml", "")].iter().chain(files) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_ring_is_found_with_the_lines_that_tie_it() {
    let house = tree(&[
        ("src/lib.rs", "mod bell;\nmod door;\nmod wall;\npub use crate::door::Door;\n"),
        ("src/bell.rs", "//! A bell.\nuse crate::{Door as Gate, wall};\nfn f(_: Gate) { wall::high(); }\n"),
        ("src/door.rs", "mod handle;\npub use self::handle::Door;\n"),
        ("src/door/handle.rs", "pub struct Door;\nfn f() { crate::wall::deep::low(\"\\\"\") }\n"),
        ("src/wall.rs", "pub fn high() {}\npub mod deep {\n    pub fn low(_: &str) { super::super::bell::f(); }\n}\n"),
    ]);
    let found = graphs(house.path())[0].rings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].told,
        "src/bell.rs:2: Door of src/door/handle.rs\n\
         src/bell.rs:3: high of src/wall.rs\n\
         src/door/handle.rs:2: low of src/wall.rs\n\
         src/wall.rs:3: f of src/bell.rs\n"
    );
}

#[test]
fn a_module_and_its_children_are_no_ring_nor_are_tests_and_comments() {
    let house = tree(&[
        ("src/lib.rs", "mod a;\nmod b;\n"),
        ("src/a.rs", "mod c;\nuse self::c::C;\npub struct A(C);\n#[cfg(test)]\nmod tests { use crate::b::B; }\n"),
        ("src/a/c.rs", "use super::A;\npub struct C; // crate::b::B\nconst TEXT: &str = \"crate::b::B\";\n"),
        ("src/b.rs", "use crate::a::A;\nuse std::fmt;\npub struct B(A, fmt::Error);\n"),
    ]);
    assert_eq!(graphs(house.path())[0].rings(), Vec::new());
}

#[test]
fn a_ring_through_a_child_is_one() {
    let house = tree(&[
        ("src/lib.rs", "mod a;\nmod b;\n"),
        ("src/a.rs", "mod c;\nuse self::c::C;\npub struct A(C);\n"),
        ("src/a/c.rs", "use crate::b::B;\npub struct C(B);\n"),
        ("src/b.rs", "use crate::a::A;\npub struct B(Box<A>);\n"),
    ]);
    let found = graphs(house.path())[0].rings();
    let files: Vec<usize> = found.iter().map(|ring| ring.files.len()).collect();
    assert_eq!(files, [3], "{found:?}");
}
