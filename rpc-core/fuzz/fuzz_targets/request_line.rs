#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::{normalize_path, read_query};

fuzz_target!(|bytes: &[u8]| {
    normalize_path(bytes);
    read_query(bytes);
});
