//! The keys of `#[api_method(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use super::{Keys, Pair, Pairs};
use crate::fault::Faults;
use crate::grammar::path::{self, PathKind};
use crate::grammar::{name, quantity};

const PATH: &str = "path";
const PERMISSIONS: &str = "permissions";
const DEPRECATED: &str = "deprecated";
const PRIVATE: &str = "private";
const SESSION_ONLY: &str = "session_only";
const LOG: &str = "log";
const CONCURRENCY: &str = "concurrency";
const CONCURRENCY_PER_USER: &str = "concurrency_per_user";
const RATE: &str = "rate";
const TIMEOUT: &str = "timeout";
const MAX_BODY: &str = "max_body";
const UPLOAD: &str = "upload";

const PATH_EXAMPLE: &str = "path = \"/v1/module/method\"";
const PERMISSIONS_EXAMPLE: &str = "permissions = [\"user\"]";

const KEYS: Keys = Keys {
    of: "#[api_method]",
    names: &[
        PATH,
        PERMISSIONS,
        DEPRECATED,
        PRIVATE,
        SESSION_ONLY,
        LOG,
        CONCURRENCY,
        CONCURRENCY_PER_USER,
        RATE,
        TIMEOUT,
        MAX_BODY,
        UPLOAD,
    ],
    besides: "",
};

/// What the attribute says.
pub(crate) struct MethodAttr {
    pub(crate) path: String,
    /// `None`: the key is missing, or was refused.
    pub(crate) permissions: Option<Permissions>,
    pub(crate) deprecated: bool,
    pub(crate) private: bool,
    pub(crate) session_only: Option<Span>,
    pub(crate) log: bool,
    pub(crate) limits: LimitsAttr,
}

/// Who may call.
pub(crate) struct Permissions {
    /// The key.
    pub(crate) span: Span,
    pub(crate) names: Vec<LitStr>,
}

/// The limits that the attribute sets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitsAttr {
    pub(crate) concurrency: Option<u32>,
    pub(crate) concurrency_per_user: Option<u32>,
    pub(crate) rate: Option<quantity::Rate>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body: Option<u64>,
    pub(crate) upload: Option<u64>,
}

impl MethodAttr {
    /// Reads the keys; what is missing or wrong becomes a fault.
    pub(crate) fn read(tokens: TokenStream, faults: &mut Faults) -> Self {
        let mut attr = Self {
            path: String::new(),
            permissions: None,
            deprecated: false,
            private: false,
            session_only: None,
            log: true,
            limits: LimitsAttr::default(),
        };
        let pairs = Pairs::read(tokens, &KEYS, faults);
        for pair in &pairs.list {
            attr.set(pair, faults);
        }
        pairs.require(PATH, PATH_EXAMPLE, &KEYS, faults);
        pairs.require(PERMISSIONS, PERMISSIONS_EXAMPLE, &KEYS, faults);
        attr
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        match pair.key.to_string().as_str() {
            PATH => {
                if let Some(path) = pair.string(PATH_EXAMPLE, faults) {
                    faults.take(&path, path::check(&path.value(), PathKind::Method));
                    self.path = path.value();
                }
            }
            PERMISSIONS => self.permissions = permissions(pair, faults),
            DEPRECATED => self.deprecated = pair.flag(faults).is_some(),
            PRIVATE => self.private = pair.flag(faults).is_some(),
            SESSION_ONLY => self.session_only = pair.flag(faults),
            LOG => self.log = pair.boolean("log = false", faults).unwrap_or(true),
            _ => self.limits.set(pair, faults),
        }
    }
}

impl LimitsAttr {
    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        match pair.key.to_string().as_str() {
            CONCURRENCY => self.concurrency = pair.integer(1..=u32::MAX, "concurrency = 4", faults),
            CONCURRENCY_PER_USER => {
                self.concurrency_per_user = pair.integer(1..=u32::MAX, "concurrency_per_user = 1", faults);
            }
            RATE => self.rate = pair.text("rate = \"10/min\"", quantity::rate, faults),
            TIMEOUT => self.timeout = pair.text("timeout = \"30s\"", quantity::timeout, faults),
            MAX_BODY => self.max_body = pair.text("max_body = \"1 MiB\"", quantity::size, faults),
            UPLOAD => self.upload = pair.text("upload = \"10 MiB\"", quantity::size, faults),
            _ => {}
        }
    }
}

fn permissions(pair: &Pair, faults: &mut Faults) -> Option<Permissions> {
    let mut names = pair.strings(PERMISSIONS_EXAMPLE, faults)?;
    let given = names.len();
    names.retain(|name| faults.take(name, name::permission(&name.value())).is_some());
    (given == 0 || !names.is_empty()).then(|| Permissions { span: pair.key.span(), names })
}
