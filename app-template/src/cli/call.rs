//! `call`: one method, called inside the process.

use std::process::ExitCode;

use clap::Args;
use rpc_core::reserved::GUEST;
use rpc_core::{Identity, TestClient, TestReply};
use serde_json::{Map, Value};

use super::flags::StorageFlags;
use super::operator::Operator;
use super::{runtime, serve_config};
use crate::NAME;
use crate::app::{App, AppError};
use crate::config::Sources;
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::output;

/// Violations that an error names.
const NAMED: usize = 2;

#[derive(Debug, Args)]
pub(super) struct CallArgs {
    /// The method: /v1/test/test
    path: String,
    /// Its parameters by position, each in JSON
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    args: Vec<String>,
    /// Who calls: guest, or a user in the storage by name or id; in memory there is root alone
    #[arg(long = "as", value_name = "USER", default_value = GUEST)]
    user: String,
    #[command(flatten)]
    pub(super) storage: StorageFlags,
}

pub(super) fn run(args: &CallArgs, sources: &Sources, message_format: MessageFormat) -> Result<ExitCode, Failure> {
    let config = serve_config(sources)?;
    let params =
        args.args.iter().enumerate().map(|(position, text)| parse(position, text)).collect::<Result<_, _>>()?;
    let reply = runtime()?.block_on(async {
        let operator = Operator::open(config, message_format).await?;
        let reply = call(&operator.app, args, params).await;
        operator.close().await;
        reply
    })?;
    if reply.code.is_some() {
        return Err(Failure::new(Exit::Failure, refusal(&args.path, &reply)));
    }
    output::result(&format!("{:#}\n", Value::Object(envelope(reply))))?;
    Ok(ExitCode::SUCCESS)
}

async fn call(app: &App, args: &CallArgs, params: Vec<Value>) -> Result<TestReply, Failure> {
    let api = app.api().map_err(AppError::from)?;
    if api.method(&args.path).is_none() {
        let message = format!("there is no method {}. Try: {NAME} methods", args.path);
        return Err(Failure::new(Exit::Failure, message));
    }
    let identity = identity(app, &args.user).await?;
    Ok(TestClient::new(api).identity(identity).call(&args.path, Value::Array(params)).await)
}

async fn identity(app: &App, user: &str) -> Result<Identity, Failure> {
    if user == GUEST {
        return Ok(Identity::guest());
    }
    let found = app.accounts().identity_of(user).await.map_err(|error| Failure::new(Exit::Storage, error))?;
    found.ok_or_else(|| Failure::new(Exit::Failure, format!("there is no enabled user \"{user}\"")))
}

fn parse(position: usize, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let number = position + 1;
        let message = format!("argument {number} is no JSON: {error}\n  A text has quotes of its own: '\"{text}\"'");
        Failure::new(Exit::Usage, message)
    })
}

/// The answer as it travels over HTTP.
fn envelope(reply: TestReply) -> Map<String, Value> {
    let fixed = [("status", reply.status.into()), ("reason", reply.reason.into()), ("data", reply.data)];
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(reply.extra).collect()
}

fn refusal(path: &str, reply: &TestReply) -> String {
    let violations = &reply.details.errors;
    let mut text = format!("{path}: {} {}", reply.status, reply.reason);
    for violation in violations.iter().take(NAMED) {
        text += &format!("\n  {} {}", violation.pointer, violation.message);
    }
    match violations.len().saturating_sub(NAMED) as u64 + reply.details.more_errors {
        0 => text,
        more => format!("{text} (and {more} more)"),
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::{Details, TestReply, Violation};
    use serde_json::{Map, Value};

    use super::refusal;

    #[test]
    fn a_refusal_is_three_lines_at_most() {
        let violation = |position: usize| Violation {
            pointer: format!("/{position}"),
            keyword: "type".into(),
            message: format!("`p{position}` must be a string"),
        };
        let mut reply = TestReply {
            status: 400,
            reason: "Parameters are invalid".to_owned(),
            data: Value::Null,
            extra: Map::new(),
            code: Some(-32602),
            details: Details::default(),
            headers: Default::default(),
            file: None,
        };
        assert_eq!(refusal("/v1/a/b", &reply), "/v1/a/b: 400 Parameters are invalid");
        reply.details = Details { errors: (0..5).map(violation).collect(), more_errors: 7, ..Details::default() };
        let expected =
            "/v1/a/b: 400 Parameters are invalid\n  /0 `p0` must be a string\n  /1 `p1` must be a string (and 10 more)";
        assert_eq!(refusal("/v1/a/b", &reply), expected);
    }
}
