#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::decode_msgpack;

fuzz_target!(|bytes: &[u8]| decode_msgpack(bytes));
