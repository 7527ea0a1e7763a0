//! What commands write.

use std::io::{self, ErrorKind, Write};

use crate::failure::{Exit, Failure};

/// Writes the result of a command to stdout. A reader that has gone away has read enough.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failure, format!("the result cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line for people to stderr. There is nobody to tell when that fails.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
