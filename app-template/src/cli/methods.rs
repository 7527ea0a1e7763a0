//! `methods`: what can be called.

use std::process::ExitCode;

use clap::Args;
use rpc_core::{Api, docs};

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(super) struct MethodsArgs {
    /// Everything that is known of them, parameter and result schemas too, as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &MethodsArgs, api: &Api) -> Result<ExitCode, Failure> {
    let text = if args.json { format!("{:#}\n", docs::manifest(api)) } else { docs::table(api) };
    output::result(&text)?;
    Ok(ExitCode::SUCCESS)
}
