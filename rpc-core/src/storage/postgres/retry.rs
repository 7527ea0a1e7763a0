//! Failures that pass: others were at work at the same time.

/// How often an operation is tried when it fails because of others at the same time.
pub const ATTEMPTS: usize = 10;

/// SQLSTATEs of such failures: a unique value that another transaction committed after this one looked, a serialization
/// failure, a deadlock.
const PASSING: [&str; 3] = ["23505", "40001", "40P01"];

/// Retries an operation that failed because of others at the same time: it then sees what they did. Ten times at most.
///
/// # Errors
///
/// The database fails for another reason, or goes on to.
pub async fn retrying<T, F>(operation: impl Fn() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    for _ in 1..ATTEMPTS {
        match operation().await {
            Err(error) if is_passing(&error) => {}
            done => return done,
        }
    }
    operation().await
}

/// Whether an operation failed because of others at the same time, and may be tried again.
#[must_use]
pub fn is_passing(error: &sqlx::Error) -> bool {
    has_code(error, &PASSING)
}

/// Whether the server answered with one of these SQLSTATEs.
#[must_use]
pub fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| codes.contains(&&*code))
}
