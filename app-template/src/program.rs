//! The program: the command line of the application, with what one's own crate adds to it.

use std::process::ExitCode;

use rpc_core::http::HttpService;
use rpc_core::{ApiBuilder, Permission, State};

use crate::config::{ConfigOption, OptionValue, OwnOptions};
use crate::extension::{Extension, ProgramParts, StartError};
use crate::failure::{Exit, Failure};
use crate::naming::{self, Naming};
use crate::{cli, output};

/// A program that is the application and more: its commands, configuration, log and metrics, and beside its methods all others of
/// the binary.
///
/// ```no_run
/// use app_template::{App, ConfigOption, Program};
/// use rpc_core::{ApiError, Permission, api_method, api_module};
///
/// static CURRENCY: ConfigOption<String> = ConfigOption::new("currency", "EUR", "Currency of prices");
///
/// struct Shop {
///     currency: String,
/// }
///
/// api_module! {
///     /// Shop
///     path = "/v1/shop"
/// }
///
/// /// Currency of prices
/// #[api_method(path = "/v1/shop/currency", permissions = ["clerk"])]
/// async fn currency(shop: &Shop) -> Result<String, ApiError> {
///     Ok(shop.currency.clone())
/// }
///
/// fn main() -> std::process::ExitCode {
///     Program::new("shop")
///         .version(env!("CARGO_PKG_VERSION"))
///         .permission(Permission::new("clerk", "Clerk", "Sells."))
///         .option(&CURRENCY)
///         .state(async |parts| Ok(Shop { currency: parts.value(&CURRENCY)? }))
///         .run()
/// }
/// ```
#[derive(Debug)]
pub struct Program {
    naming: Naming,
    options: OwnOptions,
    extension: Extension,
    #[cfg(feature = "postgres")]
    tables: Vec<rpc_core::storage::postgres::Tables>,
}

impl Program {
    /// A program with a name: `shop`. Its variables begin with `SHOP_`, its file is `shop.toml`, its tokens begin with `shop_`, unless
    /// [`short_name`](Self::short_name) says otherwise.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self::named(Naming { name, version: "", short: name })
    }

    /// The reference application as it is.
    #[must_use]
    pub fn reference() -> Self {
        Self::named(naming::REFERENCE)
    }

    fn named(naming: Naming) -> Self {
        Self {
            naming,
            options: OwnOptions::default(),
            extension: Extension::default(),
            #[cfg(feature = "postgres")]
            tables: Vec::new(),
        }
    }

    /// The version that `--version`, the log and the metrics tell: `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.naming.version = version;
        self
    }

    /// What the names of variables, file and tokens begin with, where the name is too long for that or has a dash: 1 to 16 lower-case
    /// letters and digits, a letter first. Tokens that were given out stop to be good when it changes.
    #[must_use]
    pub fn short_name(mut self, short: &'static str) -> Self {
        self.naming.short = short;
        self
    }

    /// Declares a permission for methods of one's own.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        self.extension.add_permission(permission);
        self
    }

    /// Adds an option to the configuration: `serve --help`, `config` and `docs --configuration` show it, and a bad value is told
    /// with all others before anything starts.
    #[must_use]
    pub fn option<T: OptionValue>(mut self, option: &'static ConfigOption<T>) -> Self {
        self.options.add(option);
        self
    }

    /// Makes a state for methods when the storage is open and the application stands on it. Other nodes wait meanwhile, so that it
    /// may make what all of them share. Commands that serve nothing, such as `docs`, do without.
    ///
    /// An error ends the start, and is shown as it is.
    #[must_use]
    pub fn state<S, F, Made>(mut self, make: F) -> Self
    where
        S: State,
        F: Fn(ProgramParts) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<S, StartError>> + Send + 'static,
    {
        self.extension.add_state(make);
        self
    }

    /// Changes the API that is served and described: `.api(|api| api.only("/v1/shop/**").only("/v1/session/**"))`.
    #[must_use]
    pub fn api(mut self, change: impl Fn(ApiBuilder) -> ApiBuilder + Send + Sync + 'static) -> Self {
        self.extension.change_api(change);
        self
    }

    /// Changes what is served over HTTP, such as further pages.
    #[must_use]
    pub fn http(mut self, change: impl Fn(HttpService, &ProgramParts) -> HttpService + Send + Sync + 'static) -> Self {
        self.extension.change_service(change);
        self
    }

    /// Adds tables of one's own to those that `serve` and `migrate` make and bring up to date, when everything is in Postgres.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn tables(mut self, tables: rpc_core::storage::postgres::Tables) -> Self {
        self.tables.push(tables);
        self
    }

    /// Runs the program: reads the command line and the environment of the process, and does what they say. A process runs one.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let Self { naming, options, extension, .. } = self;
        let declared = declare(naming, options);
        #[cfg(feature = "postgres")]
        crate::storage::postgres::declare(self.tables);
        match declared {
            Ok(()) => cli::run(&extension),
            Err(failure) => {
                output::note(&failure);
                failure.exit.into()
            }
        }
    }
}

/// Runs the reference application.
#[must_use]
pub fn run() -> ExitCode {
    Program::reference().run()
}

/// Makes known what all commands and messages ask for.
fn declare(naming: Naming, options: OwnOptions) -> Result<(), Failure> {
    let fault = |fault: String| Failure::new(Exit::Failure, fault);
    naming::set(naming).map_err(|set| fault(format!("this process runs {} already", set.name)))?;
    naming::tokens().map_err(|error| {
        let Naming { name, short, .. } = naming;
        fault(format!("\"{short}\" cannot be the short name of {name}: {error}\n  Try: `.short_name(\"…\")`"))
    })?;
    options.declare().map_err(fault)
}
