//! The types of options, each with the text forms that it takes.

mod database;
mod lists;
mod log;
mod mail;
mod web;

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use rpc_auth::{Secret, SignUp};
use rpc_core::http::ForwardedHeader;
use rpc_core::{Rate, units};

pub(crate) use self::database::DatabaseUrl;
pub(crate) use self::lists::{Networks, Origins};
pub(crate) use self::log::{LogFormat, LogLevel};
pub(crate) use self::mail::EhloName;
pub(crate) use self::web::{HttpUrl, Prefix, PublicUrl};
use crate::app::Avatars;
use crate::mail::SmtpTls;
use crate::settings::SecretBox;

/// A type that flags, variables and the file are read into: texts, switches, numbers, times (`Duration`), rates, addresses and
/// paths are; implement it for a type of your own.
pub trait OptionValue: Sized {
    /// Its name in documents and, in upper case, in the help of a flag: `number`.
    const KIND: &'static str;
    /// What it takes, for people: `true or false`.
    const EXPECTED: &'static str;
    /// Whether it is a list: separated by commas, or in the file an array.
    const IS_LIST: bool = false;
    /// What its values are compared by, where they have an order: options of the type have bounds then.
    const MEASURE: Option<fn(&Self) -> u128> = None;

    /// Reads a text.
    fn parse(text: &str) -> Option<Self>;
}

/// Implements [`OptionValue`]: kind, what it takes, how a text is read, and what values with an order are compared by.
macro_rules! values {
    ($($type:ty: $kind:literal, $expected:literal, $parse:expr $(, by $measure:expr)?;)*) => {$(
        impl OptionValue for $type {
            const KIND: &'static str = $kind;
            const EXPECTED: &'static str = $expected;
            $(const MEASURE: Option<fn(&Self) -> u128> = Some($measure);)?

            fn parse(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
        }
    )*};
}

values! {
    IpAddr: "address", "an IP address, such as 127.0.0.1 or ::1", |text| text.parse().ok();
    SocketAddr: "address:port", "an address and a port, such as 127.0.0.1:9090", |text| text.parse().ok();
    u16: "number", "a number", |text| text.parse().ok(), by |number| (*number).into();
    u32: "number", "a whole number", |text| text.parse().ok(), by |number| (*number).into();
    NonZeroU32: "number", "a whole number", |text| text.parse().ok(), by |number| number.get().into();
    NonZeroUsize: "number", "a whole number", |text| text.parse().ok(), by |number| number.get() as u128;
    bool: "switch", "true or false", |text| text.parse().ok();
    Duration: "time", "a time, such as 250ms, 30s, 15min, 24h or 30days", units::parse_time, by Duration::as_nanos;
    Size: "size", "a size, such as 512 B, 64 KiB or 1 MiB", |text| units::parse_size(text).map(Size), by |size| size.0.into();
    Rate: "rate", "calls over a time, such as 5/s, 10/min, 100/h or 1000/day", units::parse_rate, by calls_a_day;
    PathBuf: "path", "a path", |text| Some(text.into());
    String: "text", "a text", |text| Some(text.to_owned());
    Secret: "text", "a text", |text| Some(Self::new(text.to_owned()));
    SecretBox: "key", "32 bytes in Base64, as `openssl rand -base64 32` prints them", |text| Self::with_key(text).ok();
    SignUp: "choice", "on, disabled or off", |text| match text {
        "on" => Some(Self::On),
        "disabled" => Some(Self::Disabled),
        "off" => Some(Self::Off),
        _ => None,
    };
    Avatars: "choice", "none or gravatar", |text| match text {
        "none" => Some(Self::None),
        "gravatar" => Some(Self::Gravatar),
        _ => None,
    };
    SmtpTls: "choice", "auto, implicit or starttls", |text| match text {
        "auto" => Some(Self::Auto),
        "implicit" => Some(Self::Implicit),
        "starttls" => Some(Self::StartTls),
        _ => None,
    };
    ForwardedHeader: "choice", "x-forwarded-for or forwarded", |text| match text {
        "x-forwarded-for" => Some(Self::XForwardedFor),
        "forwarded" => Some(Self::Forwarded),
        _ => None,
    };
}

/// What rates are compared by.
fn calls_a_day(rate: &Rate) -> u128 {
    const DAY: u128 = 24 * 60 * 60;
    u128::from(rate.calls) * DAY / u128::from(rate.period.as_secs().max(1))
}

/// Bytes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    /// The number of bytes in memory; what is larger than the memory is all of it.
    pub(crate) fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The number of whole KiB.
    pub(crate) fn kib(self) -> u32 {
        u32::try_from(self.0 / 1024).unwrap_or(u32::MAX)
    }
}
