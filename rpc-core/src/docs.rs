//! Documents, each a pure function of the built [`Api`](crate::Api): one file a format.

mod blocks;
mod events;
mod manifest;
mod markdown;
mod reference;
mod schema;
mod table;
mod yaml;

pub use self::events::events;
pub use self::manifest::manifest;
pub use self::markdown::{markdown, markdown_at};
pub use self::reference::{ReferenceOptions, reference};
pub use self::table::table;
