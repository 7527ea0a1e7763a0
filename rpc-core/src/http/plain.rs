//! The plain face: a method's path, its parameters, the plain envelope.

use std::error::Error;

use bytes::Buf;
use http::{Response, StatusCode};
use http_body::Body;

use super::head::{self, Verb};
use super::respond::{self, ResponseBody};
use super::route::Incoming;
use crate::call::Transport;

impl Incoming<'_> {
    pub(super) async fn plain<B>(&self, path: &str, verb: Verb, body: B) -> Response<ResponseBody>
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let headers = &self.parts.headers;
        let codec = head::codec(headers);
        let origin = self.origin(Transport::Http, codec.as_ref().copied().unwrap_or_default());
        let params = self.params(codec, verb, body, path).await;
        let call = origin.call(path, params);
        if head::is_void(headers) {
            return match self.api().admit(call).await {
                Ok(admitted) => {
                    admitted.detach();
                    respond::empty(StatusCode::ACCEPTED, self.id)
                }
                Err(refused) => respond::plain(&refused, headers, self.id),
            };
        }
        respond::plain(&self.api().call(call).await, headers, self.id)
    }
}
