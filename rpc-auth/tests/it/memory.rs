//! The store in memory.

use rpc_auth::MemoryStore;

rpc_auth::account_store_conformance!(conforms, async { MemoryStore::default() });
