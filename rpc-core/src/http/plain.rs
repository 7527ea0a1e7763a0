//! Plain HTTP: a method's path, its parameters, the plain envelope.

use std::sync::Arc;

use http::{Response, StatusCode};

use super::body::IncomingBody;
use super::content::Content;
use super::head::Verb;
use super::pages;
use super::request::RequestContext;
use super::respond::{self, ResponseBody};
use crate::call::{Call, Transport};
use crate::method::Method;

impl RequestContext<'_> {
    /// A path that names no method: a page, or nothing.
    pub(super) async fn page_or_plain<B: IncomingBody>(
        &self,
        path: &str,
        verb: Verb,
        body: B,
    ) -> Response<ResponseBody> {
        match pages::answer(self.service.shared(), path, &self.parts.headers, self.id).await {
            Some(page) => page,
            None => self.plain(path, None, verb, body).await,
        }
    }

    pub(super) async fn plain<B: IncomingBody>(
        &self,
        path: &str,
        method: Option<&Arc<Method>>,
        verb: Verb,
        body: B,
    ) -> Response<ResponseBody> {
        let Content { codec, params, uploads, held } =
            self.content(verb, body, method.map(AsRef::as_ref), Transport::Http).await;
        let mut context = self.call_context(Transport::Http, codec);
        context.share.document = held.map(Arc::new);
        let call = Call { uploads, ..context.into_call(path, params) };
        if self.head.is_void {
            return match self.api().admit(call).await {
                Ok(admitted) => {
                    admitted.detach().await;
                    respond::empty(StatusCode::ACCEPTED, self.id)
                }
                Err(refused) => respond::plain(&refused, self.id),
            };
        }
        self.plain_answer(self.api().call_to(method, call).await)
    }
}
