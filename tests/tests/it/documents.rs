//! The documents that people read.

use crate::process::{file, workspace};

/// The reference that the methods were built after, where the workspace lies beside it.
const SPECIFICATION: &str = "../shared/spec/api-v1.md";

/// A section of a reference: from its heading to the next one of the same level.
fn section<'a>(document: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let start = document.find(&heading).unwrap_or_else(|| panic!("no section {title}")) + 1;
    let rest = &document[start..];
    let end = rest[1..].find("\n## ").map_or(rest.len(), |end| end + 2);
    &rest[..end]
}

#[test]
fn the_section_on_test_is_the_one_of_the_specification() {
    let Ok(specification) = std::fs::read_to_string(workspace().join(SPECIFICATION)) else { return };
    assert_eq!(section(&file("docs/api-v1.md"), "Test").trim_end(), section(&specification, "Test").trim_end());
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
