#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::read_msgpack_request;

fuzz_target!(|bytes: &[u8]| read_msgpack_request(bytes));
