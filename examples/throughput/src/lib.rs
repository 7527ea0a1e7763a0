//! Two jobs, served three ways, so that one load can be put on each and their cost compared.
//!
//! `POST /v1/test/test` echoes a string. `POST /v1/users/create` takes one object, validates it, and answers an id and the name.
//! All three take the same requests: a positional array in JSON, and an `Authorization` header with [`TOKEN`].

pub mod bare;
pub mod framework;
mod news;
pub mod peer;
pub mod watch;

/// The token of the load's user, who is signed in and holds the permission "admin".
pub const TOKEN: &str = "throughput_e7c1f0a2b94d4c6d8f53";

/// The body of the job `test`.
pub const TEST_BODY: &str = r#"["hello"]"#;

/// The body of the job `create`.
pub const CREATE_BODY: &str = concat!(
    r#"[{"username":"ann.example","password":"correct horse battery staple","enabled":true,"#,
    r#""permissions":{"admin":false,"reports":true},"email":"ann@example.com","telegram_name":"ann_example"}]"#
);
