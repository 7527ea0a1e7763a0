//! The committed references.

use std::path::Path;

use crate::world::World;

#[test_waits::test]
async fn the_committed_reference_is_the_one_of_the_methods() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api-v1.md");
    let document = rpc_core::docs::markdown(&World::new().await.api);
    assert!(document == std::fs::read_to_string(committed).unwrap(), "write it again: docs -o docs/api-v1.md");
}

#[test_waits::test]
async fn the_committed_whole_reference_is_the_one_of_the_methods() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference.md");
    let document = rpc_core::docs::reference(&World::new().await.api, &rpc_core::docs::ReferenceOptions::default());
    assert!(
        document == std::fs::read_to_string(committed).unwrap(),
        "write it again: docs --format reference -o docs/reference.md"
    );
}
