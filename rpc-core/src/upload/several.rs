//! The files that came with a call, by the names of their fields.

use std::sync::Arc;

use super::Upload;
use crate::budget::Hold;

/// The files that came with a call, in their order. A method that takes `&Uploads` takes any number of files, none included, each
/// under the name of its field; the limit `upload` is for all of them together.
///
/// ```
/// # use rpc_core::{ApiError, Uploads, api_method, api_module};
/// # api_module! {
/// #     /// Pictures
/// #     path = "/v1/pictures"
/// # }
/// /// Add pictures
/// #[api_method(path = "/v1/pictures/add", permissions = ["user"], upload = "20 MiB")]
/// async fn add(files: &Uploads) -> Result<u64, ApiError> {
///     Ok(files.all("picture").map(|picture| picture.size()).sum())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Uploads(Vec<(Box<str>, Upload)>);

impl Uploads {
    /// The field of the one file of a method that takes `&Upload`.
    pub(crate) const FILE: &'static str = "file";

    /// The file of a field, the first one where there are several.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Upload> {
        self.all(field).next()
    }

    /// All files of a field.
    pub fn all(&self, field: &str) -> impl Iterator<Item = &Upload> {
        self.iter().filter(move |(name, _)| *name == field).map(|(_, file)| file)
    }

    /// All files, each with the name of its field.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Upload)> {
        self.0.iter().map(|(field, file)| (&**field, file))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all files together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.iter().map(|(_, file)| file.size()).sum()
    }

    pub(crate) fn first(&self) -> Option<&Upload> {
        self.0.first().map(|(_, file)| file)
    }

    /// Holds room in memory with the first file, for as long as that exists. Without a file it comes back.
    pub(crate) fn hold(&mut self, held: Option<Hold>) -> Option<Hold> {
        match self.0.first_mut() {
            Some((_, file)) => {
                file._held[1] = held.map(Arc::new);
                None
            }
            None => held,
        }
    }

    pub(crate) fn push(&mut self, field: &str, file: Upload) {
        self.0.push((field.into(), file));
    }
}

/// The one file of a method that takes `&Upload`.
impl From<Upload> for Uploads {
    fn from(file: Upload) -> Self {
        Self(vec![(Self::FILE.into(), file)])
    }
}
