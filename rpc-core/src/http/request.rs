//! A request whose head is read: what is known of it, and what its calls have in common.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Method, Response, request};

use super::head::ParsedHead;
use super::origin::Page;
use super::respond::{self, ResponseBody};
use super::service::HttpService;
use super::watch::{Activity, Watch};
use crate::api::Api;
use crate::budget::{Account, Share};
use crate::call::{CallHead, CookieUse, Outcome, RequestId, TraceContext, Transport};
use crate::codec::Codec;
use crate::error::ApiError;
use crate::jsonrpc::CallContext;

/// A request whose head is read.
pub(super) struct RequestContext<'r> {
    pub(super) service: &'r HttpService,
    pub(super) parts: &'r request::Parts,
    pub(super) head: ParsedHead<'r>,
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
    pub(super) fn call_context(&self, transport: Transport, codec: Codec) -> CallContext<'_> {
        CallContext {
            credentials: self.head.credentials(),
            codec,
            transport,
            client: self.client,
            head: self.call_head(self.cookie_use()),
            request_id: self.id,
            trace: self.trace.clone(),
            share: Share { account: self.account.cloned(), document: None },
        }
    }

    /// The head, without a copy.
    pub(super) fn call_head(&self, cookies: CookieUse) -> CallHead<'_> {
        CallHead::of(&self.parts.headers, &self.parts.extensions, cookies)
    }

    /// Whether its cookies may be credentials. Every page can cause a GET, by a link or a picture.
    fn cookie_use(&self) -> CookieUse {
        match self.parts.method {
            _ if !self.head.has_cookie => CookieUse::Count,
            Method::POST => self.cookie_use_of_page(),
            _ => CookieUse::Ignored,
        }
    }

    /// Whether the page that calls is known to be one that may: by its origin, or by what the browser says where it tells none.
    /// Browsers tell the origin of each POST and of each upgrade, so that what tells nothing is no page of this server.
    pub(super) fn cookie_use_of_page(&self) -> CookieUse {
        let site = HeaderValue::from_static("same-origin");
        match self.service.shared().origins.judge(self.parts) {
            Page::Allowed => CookieUse::Count,
            Page::None if self.parts.headers.get("sec-fetch-site") == Some(&site) => CookieUse::Count,
            _ => CookieUse::Refused,
        }
    }

    /// An error outside any call, in the plain envelope.
    pub(super) fn refuse(&self, error: ApiError) -> Response<ResponseBody> {
        let codec = self.head.codec().unwrap_or_default();
        respond::plain(&Outcome { codec, result: Err(error) }, self.id)
    }
}
