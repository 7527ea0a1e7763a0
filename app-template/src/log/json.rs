//! Events as lines of JSON: `ts`, `level`, `target`, `msg`, then the fields of the event, `event` with its stable name first,
//! then those of the spans around it, which tell of the call that it is part of.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format.
#[derive(Debug)]
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut visitor = Visitor(Map::new());
        visitor.0.insert("ts".to_owned(), time.into());
        visitor.0.insert("level".to_owned(), event.metadata().level().as_str().into());
        visitor.0.insert("target".to_owned(), event.metadata().target().into());
        visitor.0.insert("msg".to_owned(), Value::Null);
        event.record(&mut visitor);
        let Visitor(mut line) = visitor;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                add_missing(&mut line, &fields.fields);
            }
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The fields of a span: an object when it begins, and one more whenever it learns some. They are put together only when
/// an event is told in it: each call has a span, and few of them tell anything.
#[derive(Debug)]
pub(super) struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut object = Vec::with_capacity(OBJECT);
        let mut serializer = serde_json::Serializer::new(&mut object);
        let map = serializer.serialize_map(None).map_err(|_| fmt::Error)?;
        let mut visitor = Visitor(Written { map, is_whole: true });
        fields.record(&mut visitor);
        visitor.0.end()?;
        writer.write_str(str::from_utf8(&object).map_err(|_| fmt::Error)?)
    }
}

/// Bytes that the fields of most spans have.
const OBJECT: usize = 256;

/// An object that takes fields one by one.
trait Object {
    fn put<V: Serialize + Into<Value>>(&mut self, name: &str, value: V);
}

impl Object for Map<String, Value> {
    fn put<V: Serialize + Into<Value>>(&mut self, name: &str, value: V) {
        self.insert(name.to_owned(), value.into());
    }
}

/// An object that is written as it comes.
struct Written<M> {
    map: M,
    is_whole: bool,
}

impl<M: SerializeMap> Object for Written<M> {
    fn put<V: Serialize + Into<Value>>(&mut self, name: &str, value: V) {
        self.is_whole &= self.map.serialize_entry(name, &value).is_ok();
    }
}

impl<M: SerializeMap> Written<M> {
    fn end(self) -> fmt::Result {
        if self.map.end().is_ok() && self.is_whole { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Adds the fields of a span to a line, unless the event or a span further inside has them.
fn add_missing(line: &mut Map<String, Value>, fields: &str) {
    for object in serde_json::Deserializer::from_str(fields).into_iter::<Map<String, Value>>() {
        for (name, value) in object.into_iter().flatten() {
            line.entry(name).or_insert(value);
        }
    }
}

/// Puts fields into an object.
struct Visitor<O>(O);

impl<O: Object> Visitor<O> {
    fn put<V: Serialize + Into<Value>>(&mut self, field: &Field, value: V) {
        self.0.put(if field.name() == "message" { "msg" } else { field.name() }, value);
    }
}

impl<O: Object> Visit for Visitor<O> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt;

    use super::{JsonFields, JsonLines};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_tells_of_the_spans_around_it_and_has_the_last_word() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields)
            .event_format(JsonLines);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let outer =
                tracing::info_span!("outer", method = "/v1/a/b", "odd \"name\"" = "é\n", user = tracing::field::Empty);
            outer.in_scope(|| {
                let inner = tracing::info_span!("inner", method = "/v1/c/d", count = 3_u64);
                outer.record("user", "7");
                inner.in_scope(|| tracing::info!(event = "told", count = 4, "it is told"));
            });
        });
        let lines: Vec<Value> = String::from_utf8(lines.0.lock().unwrap().clone())
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0]["ts"].is_string());
        let expected = json!({"ts": lines[0]["ts"], "level": "INFO", "target": "app_template::log::json::tests", "msg": "it is told", "event": "told", "count": 4, "method": "/v1/c/d", "odd \"name\"": "é\n", "user": "7"});
        assert_eq!(lines[0], expected);
    }
}
