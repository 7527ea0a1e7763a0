// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Condition;

#[derive(ReadFields)]
struct Fields {
    #[read(sortable)]
    name: Option<Condition<String>>,
}

fn main() {}
