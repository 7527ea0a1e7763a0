//! What a program adds to the application: permissions, states, changes of its API and of what it serves.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use rpc_core::http::HttpService;
use rpc_core::{ApiBuilder, Bus, Clock, Permission, State};

use crate::app::App;
use crate::config::{ConfigOption, OptionValue, OwnValues};
use crate::failure::{Exit, Failure};

/// Why a program does not start, in words for whoever started it.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Gives a state that was made to an API.
type Give = Box<dyn FnOnce(ApiBuilder) -> ApiBuilder + Send>;
type Giving = Pin<Box<dyn Future<Output = Result<Give, StartError>> + Send>>;
type MakeState = Box<dyn Fn(ProgramParts) -> Giving + Send + Sync>;
type ChangeApi = Box<dyn Fn(ApiBuilder) -> ApiBuilder + Send + Sync>;
type ChangeService = Box<dyn Fn(HttpService, &ProgramParts) -> HttpService + Send + Sync>;

/// What a program is built on when its storage is open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ProgramParts {
    app: App,
    values: OwnValues,
    #[cfg(feature = "postgres")]
    pool: Option<sqlx::PgPool>,
}

impl ProgramParts {
    pub(crate) fn new(app: App, values: OwnValues) -> Self {
        Self {
            app,
            values,
            #[cfg(feature = "postgres")]
            pool: None,
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn with_pool(self, pool: Option<sqlx::PgPool>) -> Self {
        Self { pool, ..self }
    }

    /// The application: accounts, settings, mails, the log of calls.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The bus over which nodes tell each other of changes.
    #[must_use]
    pub fn bus(&self) -> Arc<dyn Bus> {
        self.app.bus()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.app.shared_clock()
    }

    /// The connections of this node to its database; `None` when everything is in memory.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres(&self) -> Option<&sqlx::PgPool> {
        self.pool.as_ref()
    }

    /// The value of an option that the program added.
    ///
    /// # Errors
    ///
    /// The option was not added, or it has no default and nothing sets it.
    pub fn value<T: OptionValue>(&self, option: &ConfigOption<T>) -> Result<T, StartError> {
        Ok(self.values.required(option)?)
    }

    /// The value of an option that the program added, if anything sets it.
    ///
    /// # Errors
    ///
    /// The option was not added.
    pub fn optional<T: OptionValue>(&self, option: &ConfigOption<T>) -> Result<Option<T>, StartError> {
        Ok(self.values.optional(option)?)
    }
}

/// What a program adds.
#[derive(Default)]
pub(crate) struct Extension {
    permissions: Vec<Permission>,
    states: Vec<MakeState>,
    api: Vec<ChangeApi>,
    service: Vec<ChangeService>,
}

impl Extension {
    pub(crate) fn add_permission(&mut self, permission: Permission) {
        self.permissions.push(permission);
    }

    pub(crate) fn add_state<S, F, Made>(&mut self, make: F)
    where
        S: State,
        F: Fn(ProgramParts) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<S, StartError>> + Send + 'static,
    {
        self.states.push(Box::new(move |parts| {
            let making = make(parts);
            Box::pin(async move {
                let state = making.await?;
                let give: Give = Box::new(move |builder: ApiBuilder| builder.state(state));
                Ok(give)
            })
        }));
    }

    pub(crate) fn change_api(&mut self, change: impl Fn(ApiBuilder) -> ApiBuilder + Send + Sync + 'static) {
        self.api.push(Box::new(change));
    }

    pub(crate) fn change_service(
        &mut self,
        change: impl Fn(HttpService, &ProgramParts) -> HttpService + Send + Sync + 'static,
    ) {
        self.service.push(Box::new(change));
    }

    /// Permissions beside the application's own.
    pub(crate) fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// The API that is served: with states.
    pub(crate) async fn api(&self, builder: ApiBuilder, parts: &ProgramParts) -> Result<ApiBuilder, Failure> {
        let mut builder = self.changed(builder);
        for make in &self.states {
            let give = make(parts.clone()).await.map_err(|error| Failure::new(Exit::Failure, error))?;
            builder = give(builder);
        }
        Ok(builder)
    }

    /// The API that is described: without states, which need a storage.
    pub(crate) fn described(&self, builder: ApiBuilder) -> ApiBuilder {
        self.changed(builder).for_documents()
    }

    fn changed(&self, builder: ApiBuilder) -> ApiBuilder {
        self.api.iter().fold(builder, |builder, change| change(builder))
    }

    /// What is served over HTTP.
    pub(crate) fn service(&self, service: HttpService, parts: &ProgramParts) -> HttpService {
        self.service.iter().fold(service, |service, change| change(service, parts))
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension").field("permissions", &self.permissions).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::{Method, Permission};

    use super::Extension;

    #[test]
    fn what_is_described_has_the_permissions_and_changes_of_the_program_and_answers_no_call() {
        let mut extension = Extension::default();
        extension.add_permission(Permission::new("reader", "Reader", "Reads."));
        extension.change_api(|api| api.only("/v1/test/**"));
        let api = crate::api::build(&extension).unwrap();
        assert!(api.methods().map(Method::path).all(|path| path.starts_with("/v1/test/")));
        assert!(api.permissions().iter().any(|permission| permission.name == "reader"));
        assert!(api.is_stopping());
    }
}
