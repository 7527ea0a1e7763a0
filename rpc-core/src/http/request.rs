//! A request whose head is read: what is known of it, and what its calls have in common.

use std::net::IpAddr;
use std::sync::Arc;

use http::{Response, request};

use super::head::RequestHead;
use super::respond::{self, ResponseBody};
use super::service::HttpService;
use super::watch::{Activity, Watch};
use crate::api::Api;
use crate::budget::{Account, Share};
use crate::call::{Outcome, RequestId, TraceContext, Transport};
use crate::codec::Codec;
use crate::error::ApiError;
use crate::jsonrpc::CallContext;

/// A request whose head is read.
pub(super) struct RequestContext<'r> {
    pub(super) service: &'r HttpService,
    pub(super) parts: &'r request::Parts,
    pub(super) head: RequestHead<'r>,
    pub(super) id: RequestId,
    pub(super) trace: Option<TraceContext>,
    pub(super) client: Option<IpAddr>,
    /// The account that it is counted on.
    pub(super) account: Option<&'r Arc<Account>>,
    pub(super) activity: Option<Activity<&'r Watch>>,
}

impl RequestContext<'_> {
    pub(super) fn api(&self) -> &Api {
        self.service.api()
    }

    /// What the calls of the request have in common.
    pub(super) fn call_context(&self, transport: Transport, codec: Codec) -> CallContext {
        CallContext {
            credentials: self.head.credentials(),
            codec,
            transport,
            client: self.client,
            request_id: self.id,
            trace: self.trace.clone(),
            share: Share { account: self.account.cloned(), document: None },
        }
    }

    /// An error outside any call, in the plain envelope.
    pub(super) fn refuse(&self, error: ApiError) -> Response<ResponseBody> {
        let codec = self.head.codec().unwrap_or_default();
        respond::plain(&Outcome { codec, result: Err(error) }, self.id)
    }
}
