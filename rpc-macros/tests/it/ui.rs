//! Programs that compile, and programs with faults: each of those begins with the number of errors that it must give, and
//! has the compiler's words beside it.

use std::fs;
use std::path::{Path, PathBuf};

const UI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui");

#[test]
fn programs_compile_or_are_refused_with_these_words() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/ui/pass/*.rs");
    tests.compile_fail("tests/ui/fail/*/*.rs");
}

#[test]
fn one_fault_gives_one_error() {
    let programs = failing_programs();
    assert!(programs.len() >= 40, "{} programs", programs.len());
    for program in programs {
        let text = fs::read_to_string(&program).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let expected: usize = first.strip_prefix("// errors: ").expect(first).parse().unwrap();
        let words = fs::read_to_string(program.with_extension("stderr")).unwrap();
        let is_error = |line: &&str| line.starts_with("error") && !line.starts_with("error: aborting");
        let given = words.lines().filter(is_error).count();
        assert_eq!(given, expected, "{}", program.display());
    }
}

#[test]
fn every_error_of_the_macros_has_a_help_text() {
    for program in failing_programs().iter().filter(|program| !program.parent().unwrap().ends_with("types")) {
        let words = fs::read_to_string(program.with_extension("stderr")).unwrap();
        for error in words.split("\nerror").filter(|error| !error.starts_with('[') && !error.starts_with("error[")) {
            assert!(error.contains("= help: "), "{}: {error}", program.display());
        }
    }
}

fn failing_programs() -> Vec<PathBuf> {
    let folders = fs::read_dir(Path::new(UI).join("fail")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut programs: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    programs.sort();
    programs
}
