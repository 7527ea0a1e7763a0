//! The context of calls: what all calls of one HTTP request or one connection have in common.

use std::net::IpAddr;
use std::sync::Arc;

use crate::budget::{Hold, Share};
use crate::call::{Call, CallHead, Credentials, Params, RequestId, TraceContext, Transport};
use crate::codec::Codec;
use crate::upload::Uploads;

/// All of a call but its path and parameters.
#[derive(Debug, Clone)]
pub(crate) struct CallContext<'r> {
    pub(crate) credentials: Credentials,
    pub(crate) codec: Codec,
    pub(crate) transport: Transport,
    pub(crate) client: Option<IpAddr>,
    pub(crate) head: CallHead<'r>,
    pub(crate) request_id: RequestId,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) share: Share,
}

impl<'r> CallContext<'r> {
    /// A call in this context. `document` is the room of what its parameters are a part of.
    pub(crate) fn call<'p>(&self, path: &'p str, params: Params, document: Option<Arc<Hold>>) -> Call<'p>
    where
        'r: 'p,
    {
        let mut call = self.clone().into_call(path, params);
        call.share.document = document;
        call
    }

    /// The only call in this context.
    pub(crate) fn into_call<'p>(self, path: &'p str, params: Params) -> Call<'p>
    where
        'r: 'p,
    {
        Call {
            path,
            params,
            codec: self.codec,
            credentials: self.credentials,
            transport: self.transport,
            client: self.client,
            head: self.head,
            request_id: self.request_id,
            trace: self.trace,
            uploads: Uploads::default(),
            share: self.share,
        }
    }
}
