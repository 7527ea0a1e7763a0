// errors: 1

use rpc_core::ReadFields;
use rpc_core::read::Sortable;

#[derive(ReadFields)]
#[read(default_limit = 200)]
struct Fields {
    #[read(sortable)]
    name: Sortable,
}

fn main() {}
