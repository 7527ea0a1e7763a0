//! Documents, each a pure function of the built [`Api`](crate::Api).
