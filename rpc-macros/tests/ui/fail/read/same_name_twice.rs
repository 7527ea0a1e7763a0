// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::{Condition, Sortable};

#[derive(ReadFields)]
struct Fields {
    #[read("=")]
    name: Option<Condition<String>>,
    #[read(sortable, rename = "name")]
    other: Sortable,
}

fn main() {}
