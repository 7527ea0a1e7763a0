//! The methods, one module a file.

mod admin;
mod api_tokens;
mod errors;
mod list;
mod profile;
mod rows;
mod session;
mod test;

use rpc_core::Api;

use crate::app::{App, AppError, AppOptions};
use crate::extension::Extension;
use crate::naming;

/// Every method of a program over an application that holds nothing: for documents.
pub(crate) fn build(extension: &Extension) -> Result<Api, AppError> {
    let runtime = tokio::runtime::Runtime::new().map_err(AppError::Runtime)?;
    let tokens = naming::tokens().expect("`Program::run` checks the short name, and a test that of the application");
    let options =
        AppOptions { permissions: extension.permissions().to_vec(), ..AppOptions::new(naming::name(), tokens) };
    let app = runtime.block_on(App::in_memory(options))?;
    Ok(extension.described(app.api_builder()).build()?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Methods that the files of a folder and of those below it declare.
    fn declared(folder: &Path) -> usize {
        let in_one = |path: &Path| {
            if path.is_dir() {
                return declared(path);
            }
            fs::read_to_string(path).unwrap().lines().filter(|line| line.starts_with("#[api_method(")).count()
        };
        fs::read_dir(folder).unwrap().map(|entry| in_one(&entry.unwrap().path())).sum()
    }

    /// A file that no `mod` names is not compiled, and what it declares would be missing without a word.
    #[test]
    fn every_method_of_the_sources_is_in_the_api() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
        assert_eq!(super::build(&crate::extension::Extension::default()).unwrap().methods().len(), declared(&sources));
    }
}
