// errors: 4

use rpc_core::ReadFields;
use rpc_core::read::{Condition, Sortable};

#[derive(ReadFields)]
#[read(max_limit = 5000)]
struct Fields {
    #[read("!=", colour = "red")]
    name: Option<Condition<String>>,
    age: Sortable,
}

fn main() {}
