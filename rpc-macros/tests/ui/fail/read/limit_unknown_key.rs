// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Sortable;

#[derive(ReadFields)]
#[read(limit = 10)]
struct Fields {
    #[read(sortable)]
    name: Sortable,
}

fn main() {}
