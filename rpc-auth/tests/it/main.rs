//! Tokens from outside: their text, and what an API makes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixed;
mod token;
