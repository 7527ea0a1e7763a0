#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_core::__private::fuzz::client_address;

fuzz_target!(|bytes: &[u8]| client_address(bytes));
