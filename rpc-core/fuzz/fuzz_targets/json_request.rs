#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::read_json_request;

fuzz_target!(|bytes: &[u8]| read_json_request(bytes));
