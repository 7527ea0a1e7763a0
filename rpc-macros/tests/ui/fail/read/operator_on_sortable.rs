// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Sortable;

#[derive(ReadFields)]
struct Fields {
    #[read("=", sortable)]
    name: Sortable,
}

fn main() {}
