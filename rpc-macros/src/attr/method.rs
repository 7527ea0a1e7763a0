//! The keys of `#[api_method(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};

use super::who::Who;
use super::{Keys, Pair, Pairs, Text};
use crate::fault::Faults;
use crate::grammar::name::WhoKind;
use crate::grammar::path::PathKind;
use crate::grammar::quantity;

const PATH: &str = "path";
const PERMISSIONS: &str = "permissions";
const DEPRECATED: &str = "deprecated";
const PRIVATE: &str = "private";
const SESSION_ONLY: &str = "session_only";
const IGNORES_TOKEN: &str = "ignores_token";
const READ_ONLY: &str = "read_only";
const IDEMPOTENT: &str = "idempotent";
const DESTRUCTIVE: &str = "destructive";
const LOG: &str = "log";
const CONCURRENCY: &str = "concurrency";
const CONCURRENCY_PER_USER: &str = "concurrency_per_user";
const RATE: &str = "rate";
const TIMEOUT: &str = "timeout";
const MAX_BODY: &str = "max_body";
const UPLOAD: &str = "upload";
const CLIENT_EVENT: &str = "client_event";

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
        IGNORES_TOKEN,
        READ_ONLY,
        IDEMPOTENT,
        DESTRUCTIVE,
        LOG,
        CONCURRENCY,
        CONCURRENCY_PER_USER,
        RATE,
        TIMEOUT,
        MAX_BODY,
        UPLOAD,
        CLIENT_EVENT,
    ],
    besides: "",
};

/// What the attribute says.
pub(crate) struct MethodAttr {
    /// `None`: the key is missing, or was refused.
    pub(crate) path: Option<Text>,
    /// `None`: the key is missing, or was refused.
    pub(crate) permissions: Option<Who>,
    pub(crate) deprecated: bool,
    pub(crate) private: bool,
    pub(crate) session_only: Option<Span>,
    pub(crate) ignores_token: Option<Span>,
    pub(crate) read_only: bool,
    pub(crate) idempotent: bool,
    pub(crate) destructive: Option<Span>,
    pub(crate) log: bool,
    pub(crate) client_event: Option<ClientEvent>,
    pub(crate) limits: LimitsAttr,
}

/// The event by which clients reach the method.
pub(crate) struct ClientEvent {
    /// The key.
    pub(crate) span: Span,
    pub(crate) name: Text,
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
            path: None,
            permissions: None,
            deprecated: false,
            private: false,
            session_only: None,
            ignores_token: None,
            read_only: false,
            idempotent: false,
            destructive: None,
            log: true,
            client_event: None,
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
            PATH => self.path = pair.path(PathKind::Method, PATH_EXAMPLE, faults),
            PERMISSIONS => self.permissions = Who::read(pair, WhoKind::Permission, PERMISSIONS_EXAMPLE, faults),
            DEPRECATED => self.deprecated = pair.flag(faults).is_some(),
            PRIVATE => self.private = pair.flag(faults).is_some(),
            SESSION_ONLY => self.session_only = pair.flag(faults),
            IGNORES_TOKEN => self.ignores_token = pair.flag(faults),
            READ_ONLY => self.read_only = pair.flag(faults).is_some(),
            IDEMPOTENT => self.idempotent = pair.flag(faults).is_some(),
            DESTRUCTIVE => self.destructive = pair.flag(faults),
            LOG => self.log = pair.boolean("log = false", faults).unwrap_or(true),
            CLIENT_EVENT => self.client_event = client_event(pair, faults),
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

fn client_event(pair: &Pair, faults: &mut Faults) -> Option<ClientEvent> {
    let name = pair.path(PathKind::Event, "client_event = \"/typing\"", faults)?;
    Some(ClientEvent { span: pair.key.span(), name })
}
