//! A notice arrives as it was given.

use serde_json::{Value, json};

use super::{Node, other};
use crate::bus::{Notice, PublishedEvent};
use crate::events::Audience;

/// Characters that something on the way may take for its own.
const ODD: [&str; 8] = [
    "",
    "a\0b",
    "\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}",
    "'; DROP TABLE users; --",
    "$1 %s {} ${x} :x",
    "ß é e\u{301} Ω 漢字 \u{feff}\u{2028}\u{202e}",
    "😀\u{10ffff}\u{fffd}",
    "\\u0000 \\\\u0000",
];

fn event(audience: Audience, payload: Option<Value>) -> Notice {
    Notice::Event(PublishedEvent { name: "/some/event".into(), audience, payload })
}

async fn arrives(here: &Node, there: &mut Node, notice: Notice) {
    here.says(notice.clone()).await;
    let heard = there.hears().await;
    // Not `assert_eq`: some are a megabyte.
    assert!(heard == notice, "{:.200} came as {:.200}", format!("{notice:?}"), format!("{heard:?}"));
}

/// Every kind of notice, with every audience and with and without a payload.
pub async fn every_kind_arrives_as_given(here: Node, mut there: Node) {
    let audiences = [
        Audience::Everyone,
        Audience::User("7".into()),
        Audience::Users,
        Audience::Root,
        Audience::Guests,
        Audience::Permission("admin".into()),
    ];
    let payloads = [None, Some(json!({"b": 1, "a": [1.5, -0.0, u64::MAX, i64::MIN, true, null]}))];
    for audience in audiences {
        for payload in &payloads {
            arrives(&here, &mut there, event(audience.clone(), payload.clone())).await;
        }
    }
    arrives(&here, &mut there, Notice::User("7".into())).await;
    arrives(&here, &mut there, Notice::Other { topic: "t".into(), content: Value::Null }).await;
}

/// In every place where a notice has text.
pub async fn odd_characters_arrive_as_given(here: Node, mut there: Node) {
    for text in ODD {
        arrives(&here, &mut there, Notice::User(text.into())).await;
        arrives(&here, &mut there, Notice::Other { topic: text.into(), content: json!({text: [text]}) }).await;
        arrives(&here, &mut there, event(Audience::Permission(text.into()), Some(json!(text)))).await;
    }
}

/// Nothing is cut: around 8,000 bytes, where Postgres draws a line, and up to a megabyte, both ways.
pub async fn any_size_arrives_whole(mut here: Node, mut there: Node) {
    let around = (7_900..8_050).step_by(7).chain([64 * 1024, 1024 * 1024]);
    for size in around {
        arrives(&here, &mut there, event(Audience::Everyone, Some(json!("x".repeat(size))))).await;
    }
    for text in ["漢".repeat(2_700), "\0".repeat(1_400), "x\0é".repeat(100_000)] {
        here.has_heard();
        arrives(&there, &mut here, event(Audience::Everyone, Some(json!(text)))).await;
    }
}

/// Large and small ones in the order in which they were announced.
pub async fn a_large_notice_keeps_its_place(here: Node, mut there: Node) {
    for number in 0..30 {
        here.says(other(number)).await;
        here.says(event(Audience::Everyone, Some(json!(number.to_string().repeat(20_000))))).await;
    }
    for number in 0..30 {
        assert_eq!(there.hears().await, other(number));
        let Notice::Event(event) = there.hears().await else { unreachable!("events and numbers take turns") };
        assert!(event.payload == Some(json!(number.to_string().repeat(20_000))), "{number}");
    }
}
