#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::decode_json;

fuzz_target!(|bytes: &[u8]| decode_json(bytes));
