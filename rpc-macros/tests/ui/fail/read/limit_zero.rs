// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Sortable;

#[derive(ReadFields)]
#[read(max_limit = 0)]
struct Fields {
    #[read(sortable)]
    name: Sortable,
}

fn main() {}
