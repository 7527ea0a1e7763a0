//! The grammars of the texts that attributes hold. Pure functions: text in, value or [`Fault`](crate::fault::Fault) out.

pub(crate) mod name;
pub(crate) mod nearest;
pub(crate) mod operator;
pub(crate) mod path;
pub(crate) mod quantity;
#[expect(unreachable_pub, reason = "public where `rpc-core` compiles the file")]
pub(crate) mod reserved;
pub(crate) mod shape;
pub(crate) mod units;
