//! The bus of a single process.

use std::sync::Arc;

use rpc_core::{Bus, LocalBus};

rpc_core::bus_conformance!(local, async {
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
    (Arc::clone(&bus), bus, ())
});
