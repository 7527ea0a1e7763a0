//! The files that templates come from.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::TemplateError;

macro_rules! built_in {
    ($($file:literal)*) => {
        [$(($file, include_str!(concat!("../../../templates/mail/", $file)))),*]
    };
}

/// The templates that the application brings, each with the name of its file.
pub(super) const BUILT_IN: [(&str, &str); 10] = built_in! {
    "confirm-email.txt" "confirm-email.html"
    "reset-password.txt" "reset-password.html"
    "set-password.txt" "set-password.html"
    "address-in-use.txt" "address-in-use.html"
    "address-changed.txt" "address-changed.html"
};

/// The file of a folder that takes the place of a built-in template, if there is one.
pub(super) fn read(folder: Option<&Path>, file: &str) -> Result<Option<String>, TemplateError> {
    let Some(path) = folder.map(|folder| folder.join(file)) else { return Ok(None) };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TemplateError::Unreadable { file: path.display().to_string(), source }),
    }
}
