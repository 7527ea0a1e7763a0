//! The documents that people read.

use crate::process::{file, workspace};

/// Whether one text becomes the other by replacing one run of lines; that run in both.
fn replaced<'t>(before: &'t str, after: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut before, mut after): (Vec<_>, Vec<_>) = (before.split('\n').collect(), after.split('\n').collect());
    while before.last() == after.last() {
        before.pop();
        after.pop();
    }
    let same = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    (before.split_off(same), after.split_off(same))
}

/// The specification is the text that the methods were built after.
#[test]
fn the_committed_reference_deviates_from_the_specification_in_one_schema() {
    let (specification, reference) = (file("tests/fixtures/api-v1.specification.md"), file("docs/api-v1.md"));
    let (before, after) = replaced(&specification, &reference);
    let indented = |lines: &[&str]| lines.iter().map(|line| format!("{:20}{line}", "")).collect::<Vec<_>>();
    assert_eq!(before, indented(&["items: [{operator: {type: string, enum: [like]}}, {name: {type: string}}]"]));
    let correct = [
        "prefixItems:",
        "    -",
        "        type: string",
        "        enum:",
        "            - like",
        "    -",
        "        type: string",
    ];
    assert_eq!(after, indented(&correct));
}

#[test]
fn the_readme_shows_the_example_hello() {
    let program = file("examples/hello/src/main.rs");
    let code: Vec<&str> = program.lines().skip_while(|line| line.starts_with("//!")).skip(1).collect();
    let readme = file("README.md");
    assert!(
        readme.contains(&format!("```rust,no_run,standalone_crate\n{}\n```\n", code.join("\n"))),
        "examples/hello and README.md differ"
    );
    assert!(program.lines().count() <= 50, "the smallest program is not small");
}

/// The library's documentation has it as a test, so that it compiles.
#[test]
fn the_readme_swaps_storage_and_mailer_as_the_library_does() {
    let library = file("app-template/src/lib.rs");
    let header = library.lines().map_while(|line| line.strip_prefix("//!"));
    let text: String = header.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect();
    let code = text.split("```\n").find(|block| block.contains("AppParts {")).unwrap();
    assert!(file("README.md").contains(&format!("```rust,ignore\n{code}```\n")), "README.md has other code:\n{code}");
    let body = code.lines().skip_while(|line| !line.is_empty()).skip(1).count();
    assert!(body <= 10, "it takes {body} lines");
}

#[test]
fn what_people_read_first_is_short() {
    for name in ["README.md", "ARCHITECTURE.md"] {
        assert!(file(name).lines().count() <= 150, "{name}");
    }
}

#[test]
fn files_that_the_documents_name_are_there() {
    for name in ["README.md", "ARCHITECTURE.md"] {
        let text = file(name);
        let quoted = text.split('`').skip(1).step_by(2);
        let paths = quoted.filter(|quote| quote.contains('/') && !quote.starts_with(['/', '.', '#', '"']));
        for path in paths.filter(|path| path.ends_with(".rs") || path.ends_with(".md") || path.ends_with('/')) {
            assert!(path.contains('<') || workspace().join(path).exists(), "{name} names {path}, which is not there");
        }
    }
}
