//! The flags that set options, made from the table of all options.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{self, Flag, Flags, OptionSpec, options};
use crate::naming;

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
    /// The configuration file.
    pub(super) file: Option<PathBuf>,
}

fn is_of_serve(spec: &OptionSpec) -> bool {
    matches!(spec.flag, Flag::Serve | Flag::ServeShort(_) | Flag::Storage)
}

fn is_of_storage(spec: &OptionSpec) -> bool {
    spec.flag == Flag::Storage
}

fn is_global(spec: &OptionSpec) -> bool {
    spec.flag == Flag::Global
}

/// The flag of an option.
fn arg(spec: &'static OptionSpec) -> Arg {
    let variables = spec.variables().collect::<Vec<_>>().join(", ");
    let default = if spec.default.is_empty() { String::new() } else { format!(" [default: {}]", spec.default) };
    let arg = Arg::new(spec.name).long(spec.name).help(format!("{} [env: {variables}]{default}", spec.text));
    let arg = match spec.flag {
        Flag::ServeShort(letter) => arg.short(letter),
        Flag::Global => arg.global(true).help_heading("Every command"),
        Flag::Serve | Flag::Storage | Flag::None => arg,
    };
    if spec.kind == "switch" {
        return arg.action(ArgAction::SetTrue);
    }
    let parse = move |text: &str| match spec.takes(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected {}", spec.expected())),
    };
    arg.value_name(spec.kind.to_uppercase()).value_parser(parse)
}

/// What a command line sets of the selected options.
fn flags(matches: &ArgMatches, selected: fn(&OptionSpec) -> bool) -> Flags {
    let value = |spec: &&'static OptionSpec| match spec.kind {
        "switch" => matches.get_flag(spec.name).then(|| "true".to_owned()),
        _ => matches.get_one::<String>(spec.name).cloned(),
    };
    let specs = options().iter().filter(|spec| selected(spec));
    specs.filter_map(|spec| Some((spec.name, value(spec)?))).collect()
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

from_table!(ServeFlags, options().iter().filter(|spec| is_of_serve(spec)).map(|spec| arg(spec)), |matches| {
    Self(flags(matches, is_of_serve))
});

from_table!(StorageFlags, options().iter().filter(|spec| is_of_storage(spec)).map(|spec| arg(spec)), |matches| {
    Self(flags(matches, is_of_storage))
});

from_table!(
    GlobalFlags,
    options().iter().filter(|spec| is_global(spec)).map(|spec| arg(spec)).chain([file()]),
    |matches| { Self { flags: flags(matches, is_global), file: matches.get_one::<PathBuf>("config").cloned() } }
);

fn file() -> Arg {
    let (variable, file) = (naming::config_variable(), naming::config_file());
    Arg::new("config")
        .long("config")
        .global(true)
        .help_heading("Every command")
        .value_name("FILE")
        .value_parser(config::parse::<PathBuf>)
        .help(format!("Configuration file, in TOML [env: {variable}] [default: {file}, if it is there]"))
}
