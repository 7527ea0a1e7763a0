// errors: 1

use rpc_core::ReadFields;

#[derive(ReadFields)]
struct Fields {
    #[read("=", sortable)]
    id: String,
}

fn main() {}
