//! The committed reference.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::World;

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

#[tokio::test]
async fn the_committed_reference_is_the_one_of_the_methods() {
    let document = rpc_core::docs::markdown(&World::new().await.api);
    assert!(
        document == fs::read_to_string(workspace("docs/api-v1.md")).unwrap(),
        "write it again: docs -o docs/api-v1.md"
    );
}

/// The specification is beside some checkouts only; what counts is the committed text.
#[test]
fn the_committed_reference_deviates_from_the_specification_in_one_schema() {
    let Ok(specification) = fs::read_to_string(workspace("../shared/spec/api-v1.md")) else { return };
    let document = fs::read_to_string(workspace("docs/api-v1.md")).unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (document, specification) = (lines(&document), lines(&specification));
    let same = document.iter().zip(&specification).take_while(|(line, other)| line == other).count();
    let deviates = &specification[same];
    assert_eq!(deviates.trim(), "items: [{operator: {type: string, enum: [like]}}, {name: {type: string}}]");
    let rest = &specification[same + 1..];
    assert_eq!(&document[document.len() - rest.len()..], rest);
    assert_eq!(document.len() - rest.len() - same, 7, "the schema has other lines");
}
