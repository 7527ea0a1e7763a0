//! The committed reference.

use std::path::Path;

use crate::world::World;

#[test_waits::test]
async fn the_committed_reference_is_the_one_of_the_methods() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api-v1.md");
    let document = rpc_core::docs::markdown(&World::new().await.api);
    assert!(document == std::fs::read_to_string(committed).unwrap(), "write it again: docs -o docs/api-v1.md");
}
