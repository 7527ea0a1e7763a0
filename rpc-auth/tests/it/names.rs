use std::time::{Duration, Instant};

use proptest::prelude::{any, prop_assert_eq, proptest};
use rpc_auth::{NameFault, PasswordPolicy, email, mailbox, telegram_name, token_name, user_name};

type Check = fn(&str) -> Result<String, NameFault>;

/// Texts and what they are stored as.
fn taken(check: Check, table: &[(&str, &str)]) {
    for (text, stored) in table {
        assert_eq!(check(text).as_deref(), Ok(*stored), "{text:?}");
    }
}

/// Texts and the keyword of what is wrong with them.
fn refused(check: Check, table: &[(&str, &str)]) {
    for (text, keyword) in table {
        let fault = check(text).unwrap_err();
        assert_eq!(fault.keyword(), *keyword, "{text:?}");
        assert_eq!(fault.to_string(), fault.message());
        assert!(text.len() < 8 || !fault.message().contains(text), "{fault}");
    }
}

#[test]
fn user_names_are_stored_trimmed_and_in_lower_case() {
    let longest = "n".repeat(32);
    let table = [
        ("ann", "ann"),
        ("  Ann\n", "ann"),
        ("ANN.LEE-1_x", "ann.lee-1_x"),
        ("Ann@Example.org", "ann@example.org"),
        ("7up", "7up"),
        ("rooted", "rooted"),
        ("nan", "nan"),
        ("infinity", "infinity"),
        ("10.0.0.1", "10.0.0.1"),
        (&longest, &longest),
    ];
    taken(user_name, &table);
}

#[test]
fn bad_user_names_are_refused() {
    let long = "n".repeat(33);
    let table = [
        ("", "minLength"),
        (" an ", "minLength"),
        (&*long, "maxLength"),
        ("ann lee", "pattern"),
        ("änne", "pattern"),
        ("ann\0lee", "pattern"),
        ("ann/lee", "pattern"),
        ("аnn", "pattern"),
        ("1", "not"),
        ("007", "not"),
        ("-12", "not"),
        ("3.14", "not"),
        ("1e5", "not"),
        ("+100", "not"),
        ("12345678901234567890123456789012", "not"),
        ("67e5504410b1426f9247bb680e5fe0c8", "not"),
        ("67e55044-10b1-426f-9247-bb680e5fe0c8", "not"),
        ("67E55044-10B1-426F-9247-BB680E5FE0C8", "not"),
        ("root", "reserved"),
        (" ROOT ", "reserved"),
        ("guest", "reserved"),
        ("Null", "reserved"),
    ];
    refused(user_name, &table);
}

#[test]
fn addresses_are_stored_trimmed_composed_and_in_lower_case() {
    let longest_local = format!("{}@example.org", "l".repeat(64));
    let label = "d".repeat(60);
    let long_domain = format!("a@{label}.{label}.{label}.{label}.org");
    let table = [
        ("ann@example.org", "ann@example.org"),
        (" Ann.Lee+Shop@Example.ORG ", "ann.lee+shop@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"),
        ("ann@localhost", "ann@localhost"),
        ("ann@mail.xn--bcher-kva.example", "ann@mail.xn--bcher-kva.example"),
        ("Ä@BÜCHER.example", "ä@bücher.example"),
        ("a\u{308}@bu\u{308}cher.example", "ä@bücher.example"),
        (&longest_local, &longest_local),
        (&long_domain, &long_domain),
    ];
    taken(email, &table);
}

#[test]
fn bad_addresses_are_refused() {
    let long_local = format!("{}@example.org", "l".repeat(65));
    let long_domain = format!("ann@{}org", "d.".repeat(127));
    let long_label = format!("ann@{}.org", "d".repeat(64));
    let table = [
        ("", "format"),
        ("ann", "format"),
        ("@example.org", "format"),
        ("ann@", "format"),
        ("ann@@example.org", "format"),
        ("ann@lee@example.org", "format"),
        (".ann@example.org", "format"),
        ("ann.@example.org", "format"),
        ("ann..lee@example.org", "format"),
        ("ann@.example.org", "format"),
        ("ann@example..org", "format"),
        ("ann@example.org.", "format"),
        ("ann@-example.org", "format"),
        ("ann@exa mple.org", "format"),
        ("an n@example.org", "format"),
        ("ann@example.org\r\nBcc: bob@example.org", "format"),
        ("ann\0@example.org", "format"),
        ("ann\n@example.org", "format"),
        ("Ann <ann@example.org>", "format"),
        ("<ann@example.org>", "format"),
        ("ann@example.org,bob@example.org", "format"),
        ("\"ann lee\"@example.org", "format"),
        ("ann@[127.0.0.1]", "format"),
        ("mailto:ann@example.org", "format"),
        (&*long_local, "maxLength"),
        (&*long_domain, "maxLength"),
        (&*long_label, "format"),
    ];
    refused(email, &table);
}

#[test]
fn telegram_names_are_stored_without_the_at_and_in_lower_case() {
    taken(telegram_name, &[("ann_l", "ann_l"), (" @Ann_Lee7 ", "ann_lee7"), (&"t".repeat(32), &"t".repeat(32))]);
    let long = "t".repeat(33);
    let table = [
        ("", "minLength"),
        ("@ann7", "minLength"),
        (&*long, "maxLength"),
        ("ann-lee", "pattern"),
        ("@@annlee", "pattern"),
        ("ännlee", "pattern"),
        ("ann lee", "pattern"),
        ("annlee\0", "pattern"),
    ];
    refused(telegram_name, &table);
}

#[test]
fn names_of_tokens_are_any_short_text() {
    let longest = "ü".repeat(100);
    taken(
        token_name,
        &[("7", "7"), ("  Backup job ", "Backup job"), ("夜間バッチ", "夜間バッチ"), (&longest, &longest)],
    );
    let long = "ü".repeat(101);
    refused(
        token_name,
        &[("", "minLength"), (" \n ", "minLength"), (&long, "maxLength"), ("a\nb", "pattern"), ("a\0", "pattern")],
    );
}

proptest! {
    #[test]
    fn a_stored_name_is_stored_as_it_is(text in any::<String>(), near in "[a-zA-Z0-9_@. \u{130}\u{308}\u{212a}-]{0,40}") {
        for check in [user_name, email, telegram_name, token_name] {
            for text in [&text, &near] {
                if let Ok(name) = check(text) {
                    prop_assert_eq!(check(&name), Ok(name));
                }
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn crafted_addresses_that_are_short_enough_to_be_parsed_take_no_time() {
    let begun = Instant::now();
    for length in [63, 255, 300, 640] {
        for part in ["a", "a.", "a-", "@", "a@", "(", "a <", "\\", "\u{301}", "é.", "."] {
            let fill = part.repeat(length / part.len());
            for text in [format!("{fill}!"), format!("a@{fill}!"), format!("{fill}@a!"), format!("{fill}@{fill}!")] {
                assert!(email(&text).is_err(), "{text:?}");
            }
        }
    }
    // Backtracking would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn crafted_texts_of_a_mebibyte_take_no_time() {
    let size = 1 << 20;
    let fill = |part: &str| part.repeat(size / part.len());
    let crafted = [
        fill("a"),
        fill(" "),
        fill("@"),
        fill("a@"),
        fill("a.") + "@" + &fill("a."),
        fill("\""),
        fill("\\\""),
        format!("\"{}\"@example.org", fill("\\a")),
        format!("a@[{}", fill("[")),
        format!("a@{}!", fill("a-")),
        fill("<"),
        fill("a <"),
        fill("1"),
        fill("9.9e"),
        fill("\u{301}"),
        format!("e{}", fill("\u{301}\u{316}")),
        fill("\u{fdfa}"),
        fill("İ"),
        fill("\u{1112}\u{1161}\u{11ab}"),
    ];
    let policy = PasswordPolicy::default();
    for text in &crafted {
        let begun = Instant::now();
        for check in [user_name, email, telegram_name, token_name] {
            assert!(check(text).is_err());
        }
        assert!(policy.check(text, &["ann", "ann@example.org"]).is_err());
        // A quadratic step would take minutes.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?} {:?}", &text.get(..8), begun.elapsed());
    }
}

#[test]
fn addresses_of_one_mailbox_are_counted_as_one() {
    for (address, counted) in [
        ("ann@example.com", "ann@example.com"),
        (" Ann+News@Example.com", "ann@example.com"),
        ("ann+a+b@example.com", "ann@example.com"),
        ("ann+@example.com", "ann@example.com"),
        ("a.nn@example.com", "a.nn@example.com"),
        ("a.n.n+x.y@gmail.com", "ann@gmail.com"),
        ("ann@googlemail.com", "ann@gmail.com"),
        ("ann@GMail.com.", "ann@gmail.com"),
        ("a.nn@mail.gmail.com", "a.nn@mail.gmail.com"),
        ("+news@example.com", "+news@example.com"),
        ("ann", "ann"),
        ("", ""),
    ] {
        assert_eq!(mailbox(address), counted, "{address}");
    }
}
