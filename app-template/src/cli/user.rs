//! `user`: users in the storage, listed and changed by whoever runs the application, as root would.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use rpc_auth::{
    AccountError, Accounts, PageRequest, Password, ROOT_NAME, RootUser, Secret, SignUpFields, UserFields, UserId,
    UserQuery, UserRecord,
};
use rpc_core::{Identity, User as Caller};
use serde_json::{Value, json};

use super::flags::StorageFlags;
use super::operator::Operator;
use super::{example, runtime};
use crate::app::ADMIN;
use crate::config::Sources;
use crate::extension::Extension;
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::storage::require_database;
use crate::{naming, output};

/// Users that are read at once.
const PAGE: u32 = 100;

#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    command: User,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    pub(super) storage: StorageFlags,
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
        /// The name, or the id
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Let a user sign in again
    #[command(after_help = example(&["user enable ann"]))]
    Enable {
        /// The name, or the id
        name: String,
    },
    /// Keep a user from signing in, and end their sessions
    #[command(after_help = example(&["user disable ann"]))]
    Disable {
        /// The name, or the id
        name: String,
    },
    /// Give root a new password, and end root's sessions; make root, where there is none
    #[command(after_help = example(&["user reset-root-password"]))]
    ResetRootPassword,
}

#[derive(Debug, Clone, Args)]
struct PasswordArgs {
    /// Read the password from the first line of stdin; never from an argument, which others can see
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(
    args: UserArgs,
    sources: &Sources,
    message_format: MessageFormat,
    extension: &Extension,
) -> Result<ExitCode, Failure> {
    let UserArgs { command, json, storage: _ } = args;
    let config = super::serve_config(sources, extension)?;
    require_database(&config.storage)?;
    let answer = runtime()?.block_on(async {
        let operator = Operator::open(config, message_format).await?;
        let answer = answer(operator.app.accounts(), command).await;
        operator.close().await;
        answer
    })?;
    output::result(&if json { format!("{:#}\n", answer.json) } else { answer.text })?;
    Ok(ExitCode::SUCCESS)
}

/// What a command found or did, for people and for programs.
struct Answer {
    text: String,
    json: Value,
}

async fn answer(accounts: &Accounts, command: User) -> Result<Answer, Failure> {
    let root = Caller::new(&UserId::ROOT.to_string(), ROOT_NAME).root().into();
    match command {
        User::List => list(accounts, &root).await,
        User::Create { name, admin, password } => create(accounts, &root, name, admin, password.read()?).await,
        User::SetPassword { name, password } => {
            let password = password.read()?.map_or(Password::Generated, Password::Given);
            let generated = accounts.set_user_password(&root, &name, password).await;
            let generated = generated.map_err(|error| refusal(&name, &error))?;
            Ok(done(&name, "has a new password", generated.as_ref()))
        }
        User::Enable { name } => set_enabled(accounts, &root, &name, true).await,
        User::Disable { name } => set_enabled(accounts, &root, &name, false).await,
        User::ResetRootPassword => reset_root_password(accounts).await,
    }
}

async fn list(accounts: &Accounts, root: &Identity) -> Result<Answer, Failure> {
    let (mut text, mut rows) = (format!("{:<8} {:<32} {:<8} {}\n", "ID", "NAME", "", "PERMISSIONS"), Vec::new());
    loop {
        let page = PageRequest { offset: rows.len() as u64, limit: PAGE };
        let query = UserQuery { id: None, search: None, name: None, with_root: true, order: Vec::new(), page };
        let found = accounts.users(root, query).await.map_err(|error| refusal("users", &error))?;
        if found.rows.is_empty() {
            return Ok(Answer { text, json: rows.into() });
        }
        for user in found.rows {
            let held = accounts.vocabulary().held_by(&user).into_iter().collect::<Vec<_>>().join(", ");
            let state = if user.enabled { "" } else { "disabled" };
            let line = format!("{:<8} {:<32} {state:<8} {held}", user.id, user.name);
            text += &format!("{}\n", line.trim_end());
            rows.push(row(accounts, &user));
        }
    }
}

fn row(accounts: &Accounts, user: &UserRecord) -> Value {
    let held: BTreeMap<_, _> = accounts.vocabulary().held_by(user).into_iter().map(|name| (name, true)).collect();
    json!({
        "id": user.id.to_string(),
        "name": user.name,
        "email": user.email,
        "email_confirmed": user.email_confirmed,
        "telegram_name": user.telegram_name,
        "enabled": user.enabled,
        "created": user.created,
        "permissions": held,
    })
}

async fn create(
    accounts: &Accounts,
    root: &Identity,
    name: String,
    admin: bool,
    password: Option<String>,
) -> Result<Answer, Failure> {
    let permissions = if admin { BTreeMap::from([(ADMIN.name.to_owned(), true)]) } else { BTreeMap::new() };
    let account = SignUpFields { user_name: name.clone(), password, ..SignUpFields::default() };
    let made = accounts.create_user(root, UserFields { account, enabled: true, permissions }).await;
    let made = made.map_err(|error| refusal(&name, &error))?;
    let mut answer = done(&made.user.name, "was made", made.password.as_ref());
    answer.json["id"] = made.user.id.to_string().into();
    Ok(answer)
}

async fn set_enabled(accounts: &Accounts, root: &Identity, name: &str, enabled: bool) -> Result<Answer, Failure> {
    let result = accounts.set_user_enabled(root, name, enabled).await;
    result.map_err(|error| refusal(name, &error))?;
    Ok(done(name, if enabled { "is enabled" } else { "is disabled" }, None))
}

async fn reset_root_password(accounts: &Accounts) -> Result<Answer, Failure> {
    let refused = |error| refusal(ROOT_NAME, &error);
    let password = match accounts.ensure_root(None).await.map_err(refused)? {
        RootUser::MadeWith(password) => password,
        RootUser::Existed | RootUser::Made => accounts.reset_root_password().await.map_err(refused)?,
    };
    Ok(done(ROOT_NAME, "has a new password", Some(&password)))
}

/// What was done to a user, and the password that was generated on the way.
fn done(name: &str, what: &str, password: Option<&Secret>) -> Answer {
    let mut answer = Answer { text: format!("{name} {what}\n"), json: json!({"name": name}) };
    if let Some(password) = password {
        answer.text += &format!("password   {}\n", password.expose());
        answer.json["password"] = password.expose().into();
    }
    answer
}

/// Why something was not done, in one line for each fault.
fn refusal(name: &str, error: &AccountError) -> Failure {
    let (exit, text) = match error {
        AccountError::Store(error) => {
            let cause = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            (Exit::Storage, format!("{error}{cause}"))
        }
        AccountError::Invalid(faults) => {
            let faults: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
            (Exit::Failure, faults.join("\n  "))
        }
        AccountError::NotSignedIn => {
            (Exit::Failure, format!("there is no root user yet. Try: {} user reset-root-password", naming::name()))
        }
        error => (Exit::Failure, error.to_string()),
    };
    Failure::new(exit, format!("{name}: {text}"))
}

impl PasswordArgs {
    /// The first line of stdin, if it is asked for.
    fn read(&self) -> Result<Option<String>, Failure> {
        if !self.password_stdin {
            return Ok(None);
        }
        let line = io::stdin().lock().lines().next();
        let line = line.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
        line.map(Some).map_err(|error| Failure::new(Exit::Usage, format!("no password on stdin: {error}")))
    }
}
