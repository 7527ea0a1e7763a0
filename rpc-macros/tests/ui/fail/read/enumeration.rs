// errors: 1

use rpc_core::ReadFields;

#[derive(ReadFields)]
enum Fields {
    Name,
}

fn main() {}
