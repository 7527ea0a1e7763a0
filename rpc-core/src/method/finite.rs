//! Answers with a number that is not finite: neither JSON nor MessagePack, as it is spoken here, has one.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::codec::finite::first_not_finite;
use crate::{ApiError, RequestId};

/// What becomes of an answer that holds NaN or an infinity, which JSON cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// The call fails with 500, and the log says where the number is. The default where `debug_assertions` are on, so in tests.
    Refuse,
    /// `null` stands for the number, and the log says so once for each method, as an error. The default in a release build: one
    /// number does not take the rest of the answer from the caller.
    Null,
}

impl Default for NonFinite {
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::Refuse } else { Self::Null }
    }
}

/// What a method does about numbers that are not finite.
#[derive(Debug)]
pub(crate) struct Finite {
    rule: NonFinite,
    /// By its schema, the data may hold a number with a fraction.
    pub(crate) may_be_broken: bool,
    told: AtomicBool,
}

impl Finite {
    pub(crate) fn new(rule: NonFinite, may_be_broken: bool) -> Self {
        Self { rule, may_be_broken, told: AtomicBool::new(false) }
    }

    /// Looks for the reason of a `null` in what was encoded for a call of a method.
    pub(super) fn check(
        &self,
        value: &dyn erased_serde::Serialize,
        method: &str,
        request_id: RequestId,
    ) -> Result<(), ApiError> {
        if self.rule == NonFinite::Null && self.told.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(pointer) = first_not_finite(value) else { return Ok(()) };
        match self.rule {
            NonFinite::Refuse => Err(ApiError::internal(format!(
                "the number at \"{pointer}\" of the answer is not finite, and JSON has no such number: answer an `Option`, or another number"
            ))),
            NonFinite::Null => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        event = "answer.not_finite",
                        method,
                        pointer,
                        %request_id,
                        "a number that is not finite was answered as `null`"
                    );
                }
                Ok(())
            }
        }
    }
}
