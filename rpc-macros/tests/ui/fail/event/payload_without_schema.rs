// errors: 1

use rpc_core::api_event;

#[derive(serde::Serialize)]
struct Settings;

api_event! {
    /// Title
    name = "/settings/updated",
    audience = ["*"],
    payload = Vec<Settings>
}

fn main() {}
