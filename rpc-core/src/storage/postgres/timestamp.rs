//! Moments in Postgres: a [`Timestamp`] is a `timestamptz`, to the millisecond, from 4714 BC to 294276 AD.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::types::time::OffsetDateTime;
use sqlx::{Decode, Encode, Postgres, Type};

use crate::timestamp::Timestamp;

/// The epoch of Postgres, 2000-01-01, in milliseconds since that of Unix.
const EPOCH: i64 = 946_684_800_000;
/// The first and the last moment that a `timestamptz` can be, in microseconds since its epoch: 4714 BC and 294276 AD.
const FIRST: i64 = -211_813_488_000_000_000;
const LAST: i64 = 9_223_371_331_199_999_999;

/// A `timestamptz` in binary: microseconds since the epoch of Postgres. A moment beyond what it can tell is the nearest.
#[must_use]
pub fn timestamptz(moment: Timestamp) -> i64 {
    moment.millis().saturating_sub(EPOCH).saturating_mul(1000).clamp(FIRST, LAST)
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        OffsetDateTime::type_info()
    }
}

impl PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        OffsetDateTime::array_type_info()
    }
}

impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(timestamptz(*self), buffer)
    }
}

impl Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Text {
            return Err("a moment is asked for in binary".into());
        }
        let micros: i64 = Decode::<Postgres>::decode(value)?;
        Ok(Self::from_millis(micros.div_euclid(1000).saturating_add(EPOCH)))
    }
}
