//! `migrate` and `user`: work on a storage that outlives the process. There is none yet, and both say so.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::example;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    command: Option<Migrate>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Migrate {
    /// Do what is pending; what happens without a word
    #[command(after_help = example(&["migrate up"]))]
    Up,
    /// Say what is pending; ends with 1 when something is
    #[command(after_help = example(&["migrate status"]))]
    Status,
}

#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    command: User,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum User {
    /// List the users
    #[command(after_help = example(&["user list --json"]))]
    List,
    /// Make a user; a password is generated unless one is given
    #[command(after_help = example(&["user create ann --admin"]))]
    Create {
        /// The name
        name: String,
        /// Give the permission `admin`
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Set a password; it is generated unless one is given
    #[command(after_help = example(&["user set-password ann --password-stdin < password.txt"]))]
    SetPassword {
        /// The name
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Let a user sign in again
    #[command(after_help = example(&["user enable ann"]))]
    Enable {
        /// The name
        name: String,
    },
    /// Keep a user from signing in
    #[command(after_help = example(&["user disable ann"]))]
    Disable {
        /// The name
        name: String,
    },
    /// Give root a new password
    #[command(after_help = example(&["user reset-root-password"]))]
    ResetRootPassword,
}

#[derive(Debug, Clone, Args)]
struct PasswordArgs {
    /// Read the password from the first line of stdin; never from an argument, which others can see
    #[arg(long)]
    password_stdin: bool,
}

/// The answer to all of them while the only storage is memory, which is gone with its process.
pub(super) fn refuse() -> Result<ExitCode, Failure> {
    Err(Failure::new(Exit::Configuration, "memory storage has nothing to change"))
}
