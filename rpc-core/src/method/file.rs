//! A file as what a handler returns.

use super::output::Answer;
use crate::reply::{Download, FileContent, Reply};

impl Answer for Download {
    type Data = FileContent;

    fn into_reply(self) -> Reply<FileContent> {
        Self::into_reply(self)
    }
}
