// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Condition;

#[derive(ReadFields)]
struct Fields<T> {
    #[read("=")]
    name: Option<Condition<T>>,
}

fn main() {}
