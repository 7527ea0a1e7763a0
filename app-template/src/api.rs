//! The methods, one module a file, and the API that they make.

mod test;

use rpc_core::{Api, BuildError, Permission, TracingObserver};

/// Allows what concerns all users.
const ADMIN: Permission = Permission::new("admin", "Administration", "Manage users and settings");

/// Every method of the binary.
pub(crate) fn build() -> Result<Api, BuildError> {
    Api::builder().expect("/v1/test/**").permission(ADMIN).observer(TracingObserver).build()
}
