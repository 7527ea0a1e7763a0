//! An answer to a client inside the process.

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fail;
use crate::call::Outcome;
use crate::error::Details;
use crate::limits::DocumentLimits;

/// An answer, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReply {
    /// The HTTP status.
    pub status: u16,
    /// The reason.
    pub reason: String,
    /// The data; `null` for an error.
    pub data: Value,
    /// Further fields, such as `total`.
    pub extra: Map<String, Value>,
    /// The number of the error's code.
    pub code: Option<i32>,
    /// The details of an error, such as what is wrong with the parameters.
    pub details: Details,
}

impl TestReply {
    /// The data as a type.
    ///
    /// # Panics
    ///
    /// The call failed, or the data are something else: the message has the answer.
    #[must_use]
    #[track_caller]
    pub fn data_as<T: DeserializeOwned>(&self) -> T {
        self.read().unwrap_or_else(|reason| fail(format_args!("the call {reason}")))
    }

    /// The data as a type, or in words what they are in place of it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.code.is_some() {
            return Err(self.told_failure());
        }
        T::deserialize(&self.data).map_err(|error| {
            format!("answered {}, which is no `{}`: {error}\n{:#}", self.status, type_name::<T>(), self.data)
        })
    }

    fn told_failure(&self) -> String {
        let details = serde_json::to_string(&self.details).unwrap_or_default();
        format!("failed: {} {} {details}", self.status, self.reason)
    }
}

impl From<Outcome> for TestReply {
    fn from(outcome: Outcome) -> Self {
        let (status, reason) = (outcome.status(), outcome.reason().to_owned());
        match outcome.result {
            Ok(reply) => Self {
                status,
                reason,
                data: outcome.codec.decode(&reply.data, DocumentLimits::NONE).expect("an encoded reply decodes"),
                extra: reply.extra,
                code: None,
                details: Details::default(),
            },
            Err(error) => Self {
                status,
                reason,
                data: Value::Null,
                extra: Map::new(),
                code: Some(error.number()),
                details: error.details().clone(),
            },
        }
    }
}
