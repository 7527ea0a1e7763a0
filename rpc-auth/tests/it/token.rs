use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};
use rpc_auth::{TokenFormat, TokenHash, TokenKind};

fn format() -> TokenFormat {
    TokenFormat::new("app").unwrap()
}

#[test]
fn no_two_tokens_are_the_same() {
    let (first, second) = (format().generate(TokenKind::Api).unwrap(), format().generate(TokenKind::Api).unwrap());
    assert_ne!(first.expose(), second.expose());
}

#[test]
fn a_token_of_another_application_is_none() {
    let token = TokenFormat::new("shop").unwrap().generate(TokenKind::Api).unwrap();
    assert_eq!(format().parse(token.expose()), None);
}

#[test]
fn a_new_token_does_not_print() {
    let token = format().generate(TokenKind::Session).unwrap();
    assert_eq!(format!("{token:?} {:?}", Some(&token)), "Secret(…) Some(Secret(…))");
}

proptest! {
    #[test]
    fn what_was_generated_is_read_back(kind in select(&TokenKind::ALL)) {
        let token = format().generate(kind).unwrap();
        let text = token.expose();
        prop_assert_eq!(text.len(), "app_".len() + kind.name().len() + 1 + 36);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{}", text);
        let parsed = format().parse(text).unwrap();
        prop_assert_eq!((parsed.kind, parsed.hash), (kind, TokenHash::of(text)));
    }

    #[test]
    fn one_changed_character_is_always_seen(kind in select(&TokenKind::ALL), place in any::<Index>(), other in "[0-9A-Za-z_]") {
        let token = format().generate(kind).unwrap();
        let place = place.index(token.expose().len());
        let mut text = token.expose().to_owned();
        text.replace_range(place..=place, &other);
        prop_assert_eq!(format().parse(&text).is_some(), text == token.expose());
    }

    #[test]
    fn two_swapped_neighbours_are_always_seen(place in 0..35_usize) {
        let token = format().generate(TokenKind::Api).unwrap();
        let mut bytes = token.expose().as_bytes().to_vec();
        let start = "app_api_".len();
        bytes.swap(start + place, start + place + 1);
        let text = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(format().parse(&text).is_some(), text == token.expose());
    }

    #[test]
    fn no_text_panics(text in any::<String>(), random in "[0-9A-Za-z]{30,42}", tail in any::<String>()) {
        prop_assert_eq!(format().parse(&text), None);
        let _ = format().parse(&format!("app_api_{random}"));
        let _ = format().parse(&format!("app_api_{random}{tail}"));
        prop_assert_eq!(format().parse(&format!("app_{text}_{random}")), None);
    }
}
