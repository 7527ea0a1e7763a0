//! The flags that set keys, made from the table of all settings.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{self, CONFIG_VARIABLE, FILE, Flag, Flags, KEYS, Row};

/// The flags of `serve`.
#[derive(Debug, Default)]
pub(super) struct ServeFlags(pub(super) Flags);

/// The flags of commands that work on the storage.
#[derive(Debug, Default)]
pub(super) struct StorageFlags(pub(super) Flags);

/// The flags of every command.
#[derive(Debug, Default)]
pub(super) struct GlobalFlags {
    pub(super) flags: Flags,
    /// The file of settings.
    pub(super) file: Option<PathBuf>,
}

fn is_of_serve(row: &Row) -> bool {
    matches!(row.flag, Flag::Serve | Flag::ServeShort(_) | Flag::Storage)
}

fn is_of_storage(row: &Row) -> bool {
    row.flag == Flag::Storage
}

fn is_global(row: &Row) -> bool {
    row.flag == Flag::Global
}

/// The flag of a key.
fn arg(row: &'static Row) -> Arg {
    let variables = row.variables().collect::<Vec<_>>().join(", ");
    let default = if row.default.is_empty() { String::new() } else { format!(" [default: {}]", row.default) };
    let arg = Arg::new(row.name).long(row.name).help(format!("{} [env: {variables}]{default}", row.text));
    let arg = match row.flag {
        Flag::ServeShort(letter) => arg.short(letter),
        Flag::Global => arg.global(true).help_heading("Every command"),
        Flag::Serve | Flag::Storage | Flag::None => arg,
    };
    if row.kind == "switch" {
        return arg.action(ArgAction::SetTrue);
    }
    let parse = move |text: &str| match row.takes(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected {}", row.expected())),
    };
    arg.value_name(row.kind.to_uppercase()).value_parser(parse)
}

/// What a command line sets of the selected keys.
fn flags(matches: &ArgMatches, selected: fn(&Row) -> bool) -> Flags {
    let value = |row: &&'static Row| match row.kind {
        "switch" => matches.get_flag(row.name).then(|| "true".to_owned()),
        _ => matches.get_one::<String>(row.name).cloned(),
    };
    let rows = KEYS.iter().filter(|row| selected(row));
    rows.filter_map(|row| Some((row.name, value(row)?))).collect()
}

/// Implements clap's traits by a list of flags and what is made of their values.
macro_rules! from_table {
    ($type:ty, $args:expr, $read:expr) => {
        impl Args for $type {
            fn augment_args(command: Command) -> Command {
                command.args($args)
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $type {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                let read: fn(&ArgMatches) -> Self = $read;
                Ok(read(matches))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

from_table!(ServeFlags, KEYS.iter().filter(|row| is_of_serve(row)).map(|row| arg(row)), |matches| {
    Self(flags(matches, is_of_serve))
});

from_table!(StorageFlags, KEYS.iter().filter(|row| is_of_storage(row)).map(|row| arg(row)), |matches| {
    Self(flags(matches, is_of_storage))
});

from_table!(GlobalFlags, KEYS.iter().filter(|row| is_global(row)).map(|row| arg(row)).chain([file()]), |matches| {
    Self { flags: flags(matches, is_global), file: matches.get_one::<PathBuf>("config").cloned() }
});

fn file() -> Arg {
    Arg::new("config")
        .long("config")
        .global(true)
        .help_heading("Every command")
        .value_name("FILE")
        .value_parser(config::parse::<PathBuf>)
        .help(format!("File of settings, in TOML [env: {CONFIG_VARIABLE}] [default: {FILE}, if it is there]"))
}
