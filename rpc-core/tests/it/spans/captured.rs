//! A subscriber that keeps the spans of calls, for the thread of each test.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The fields of a span.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

thread_local! {
    static SPANS: RefCell<Vec<Fields>> = const { RefCell::new(Vec::new()) };
    static EVENTS: RefCell<Vec<(String, Vec<Fields>)>> = const { RefCell::new(Vec::new()) };
}

/// What this thread's test has seen since it started.
pub(crate) struct Captured;

impl Captured {
    pub(crate) fn start() -> Self {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Keep);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        SPANS.take();
        EVENTS.take();
        Self
    }

    /// The spans of calls that have closed, in that order.
    pub(crate) fn spans(&self) -> Vec<Fields> {
        SPANS.with_borrow(Clone::clone)
    }

    /// The spans around each event with a message, innermost first.
    pub(crate) fn scopes(&self, message: &str) -> Vec<Vec<Fields>> {
        EVENTS.with_borrow(|events| {
            events.iter().filter(|(known, _)| known == message).map(|(_, scope)| scope.clone()).collect()
        })
    }
}

struct Keep;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keep {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if span.metadata().target() == "rpc_core::call" {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(fields) = context.span(id).unwrap().extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(message) = fields.field("message") else { return };
        let scope = context.event_scope(event).into_iter().flatten();
        let scope = scope.filter_map(|span| span.extensions().get::<Fields>().cloned()).collect();
        EVENTS.with_borrow_mut(|events| events.push((message.to_owned(), scope)));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(fields) = context.span(&id).unwrap().extensions().get::<Fields>() {
            SPANS.with_borrow_mut(|spans| spans.push(fields.clone()));
        }
    }
}
