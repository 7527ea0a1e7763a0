use std::collections::HashSet;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use rpc_auth::{
    HasherOptions, PasswordFault, PasswordHash, PasswordHasher, PasswordPolicy, Verified, generate_password,
};

/// As cheap as Argon2 can be.
const CHEAP: (u32, u32) = (8, 1);

fn hasher((memory_kib, passes): (u32, u32)) -> PasswordHasher {
    PasswordHasher::new(HasherOptions { memory_kib, passes, ..HasherOptions::default() })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn a_password_that_was_set_is_verified_and_with_another_last_character_it_is_not(
        head in "\\PC{0,300}",
        [last, other] in ["[a-m]", "[n-z]"],
    ) {
        let hasher = hasher(CHEAP);
        let password = format!("{head}{last}");
        let verified = run(async {
            let hash = hasher.hash(&password).await.unwrap();
            let mut verified = Vec::new();
            for text in [&password, &format!("{head}{other}"), &head, &format!("{password}{other}")] {
                verified.push(hasher.verify(text, Some(&hash)).await.unwrap());
            }
            verified
        });
        prop_assert_eq!(verified, [Verified::Yes, Verified::No, Verified::No, Verified::No]);
    }

    #[test]
    fn the_policy_takes_any_text(text in any::<String>(), context in any::<String>()) {
        let policy = PasswordPolicy::default();
        let checked = policy.check(&text, &[&context]);
        prop_assert!(policy.check(context.trim(), &[&context]).is_err());
        if text.contains('\0') {
            prop_assert_eq!(checked, Err(PasswordFault::Nul));
        }
    }
}

#[test_waits::test]
async fn a_long_password_is_not_cut() {
    let hasher = hasher(CHEAP);
    let long = "ü".repeat(512);
    assert_eq!(PasswordPolicy::default().check(&long, &[]), Ok(()));
    let hash = hasher.hash(&long).await.unwrap();
    assert_eq!(hasher.verify(&long, Some(&hash)).await, Ok(Verified::Yes));
    let cut = "ü".repeat(511);
    for other in [cut.clone(), format!("{cut}u"), format!("{cut}û")] {
        assert_eq!(hasher.verify(&other, Some(&hash)).await, Ok(Verified::No));
    }
}

#[test_waits::test]
async fn composed_and_decomposed_forms_are_one_password() {
    let hasher = hasher(CHEAP);
    let forms = [
        ["\u{c5}ngstr\u{f6}m-7", "A\u{30a}ngstro\u{308}m-7"],
        ["e\u{323}\u{302}e\u{323}\u{302}", "\u{1ec7}\u{1ec7}"],
        ["\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"],
        ["\u{fb01}nd", "find"],
        ["\u{ff50}\u{ff41}\u{ff53}\u{ff53}", "pass"],
    ];
    for [first, second] in forms {
        for (set, given) in [(first, second), (second, first)] {
            let hash = hasher.hash(set).await.unwrap();
            assert_eq!(hasher.verify(given, Some(&hash)).await, Ok(Verified::Yes), "{set} {given}");
        }
    }
    let hash = hasher.hash("Passwort mit Umlaut ä").await.unwrap();
    assert_eq!(hasher.verify("passwort mit umlaut ä", Some(&hash)).await, Ok(Verified::No));
}

#[test]
fn bad_passwords_are_refused_with_the_reason() {
    let too_short = PasswordFault::TooShort { min: 8 };
    let too_long = PasswordFault::TooLong { max_bytes: 1024 };
    let table: [(&str, PasswordFault, &str); 24] = [
        ("", too_short, "minLength"),
        ("1234567", too_short, "minLength"),
        ("ööööööö", too_short, "minLength"),
        ("o\u{308}o\u{308}o\u{308}o\u{308}", too_short, "minLength"),
        ("🐙🐙🐙🐙🐙🐙🐙", too_short, "minLength"),
        (&"x".repeat(1025), too_long, "maxLength"),
        (&"ü".repeat(513), too_long, "maxLength"),
        // 18 characters each in NFKC.
        (&"\u{fdfa}".repeat(32), too_long, "maxLength"),
        (&"\u{fdfa}".repeat(300_000), too_long, "maxLength"),
        // 1,026 bytes as it is given; 342 in NFKC.
        (&"\u{1112}\u{1161}\u{11ab}".repeat(114), too_long, "maxLength"),
        ("password", PasswordFault::Common, "common"),
        ("PassWord", PasswordFault::Common, "common"),
        ("\u{ff50}\u{ff41}\u{ff53}\u{ff53}word", PasswordFault::Common, "common"),
        ("12345678", PasswordFault::Common, "common"),
        ("qwertyuiop", PasswordFault::Common, "common"),
        ("iloveyou1", PasswordFault::Common, "common"),
        ("letmein123", PasswordFault::Common, "common"),
        ("annabelle.lee", PasswordFault::IsContext, "context"),
        ("AnnaBelle.Lee", PasswordFault::IsContext, "context"),
        ("a.lee-1849@example.org", PasswordFault::IsContext, "context"),
        ("A.Lee-1849@Example.org", PasswordFault::IsContext, "context"),
        ("a.lee-1849", PasswordFault::IsContext, "context"),
        ("Über-Laden", PasswordFault::IsContext, "context"),
        ("long enough\0", PasswordFault::Nul, "pattern"),
    ];
    let context = ["annabelle.lee", "a.lee-1849@example.org", "U\u{308}ber-laden"];
    for (password, fault, keyword) in table {
        assert_eq!(PasswordPolicy::default().check(password, &context), Err(fault), "{password}");
        assert_eq!(fault.keyword(), keyword);
    }
}

#[test]
fn good_passwords_are_taken() {
    let context = ["ann", "ann@example.org", "shop", ""];
    let good = [
        "annannannann",
        "my shop in example.org",
        "ann@example.org!",
        "correct horse battery staple",
        "        x",
        "aaaa aaaa aaaa",
        "🐙🐙🐙🐙🐙🐙🐙🐙",
        "ööööüüüü",
        &"x".repeat(1024),
        // 9 bytes, and 3 bytes in NFKC.
        &"\u{1112}\u{1161}\u{11ab}".repeat(113),
    ];
    for password in good {
        assert_eq!(PasswordPolicy::default().check(password, &context), Ok(()), "{password}");
    }
    let short = PasswordPolicy { min_chars: 4, ..PasswordPolicy::default() };
    assert_eq!(short.check("5ü7!", &[]), Ok(()));
    assert_eq!(short.check("1234", &[]), Err(PasswordFault::Common));
}

#[test_waits::test]
async fn every_check_costs_one_hash_whether_there_is_a_user_or_not() {
    let hasher = hasher(CHEAP);
    let hash = hasher.hash("password").await.unwrap();
    let unusable = PasswordHash::unusable();
    let broken = [
        "",
        unusable.expose(),
        "$argon2id$v=19$m=8,t=1,p=1",
        "$2b$12$abc",
        "$argon2id$v=19$m=8,t=0,p=1$c29tc2FsdA$aGFzaGhhc2g",
    ];
    let broken = broken.map(PasswordHash::from_phc);
    let hashes = [None, Some(&hash)].into_iter().chain(broken.iter().map(Some));
    for hash in hashes {
        let before = hasher.hashes();
        assert_eq!(hasher.verify("wrong", hash).await, Ok(Verified::No));
        assert_eq!(hasher.verify("!", hash).await, Ok(Verified::No));
        assert_eq!(hasher.hashes(), before + 2);
    }
}

#[test_waits::test]
async fn over_1024_bytes_nothing_is_normalised_and_the_check_costs_one_hash() {
    let hasher = hasher(CHEAP);
    // In NFKC all of them are "x" and 340 times the same syllable, or are longer than a password.
    let composed = format!("x{}", "\u{d55c}".repeat(340));
    let decomposed = format!("x{}", "\u{1112}\u{1161}\u{11ab}".repeat(340));
    let ligatures = "\u{fdfa}".repeat(300_000);
    let hash = hasher.hash(&composed).await.unwrap();
    assert_eq!(hasher.verify(&composed, Some(&hash)).await, Ok(Verified::Yes));
    for text in [&decomposed, &ligatures, &"x".repeat(1025), &"\u{fdfa}".repeat(32)] {
        let before = hasher.hashes();
        assert_eq!(hasher.verify(text, Some(&hash)).await, Ok(Verified::No));
        let empty = hasher.hash("").await.unwrap();
        assert_eq!(hasher.verify(text, Some(&empty)).await, Ok(Verified::No), "nor is it the stand-in");
        let unusable = hasher.hash(text).await.unwrap();
        assert_eq!(unusable, PasswordHash::unusable());
        assert_eq!(hasher.verify(text, Some(&unusable)).await, Ok(Verified::No));
        assert_eq!(hasher.hashes(), before + 5);
    }
    let bold = PasswordPolicy { max_bytes: 1_000_000, ..PasswordPolicy::default() };
    assert_eq!(bold.check(&"x".repeat(1025), &[]), Err(PasswordFault::TooLong { max_bytes: 1024 }));
}

#[test_waits::test]
async fn hashes_of_weaker_parameters_are_told_apart() {
    let today = (16, 2);
    let table = [
        ((16, 2), Verified::Yes),
        ((32, 3), Verified::Yes),
        ((8, 2), Verified::YesButWeak),
        ((16, 1), Verified::YesButWeak),
        ((64, 1), Verified::YesButWeak),
    ];
    for (then, expected) in table {
        let hash = hasher(then).hash("password").await.unwrap();
        assert_eq!(hasher(today).verify("password", Some(&hash)).await, Ok(expected), "{then:?}");
        assert_eq!(hasher(today).verify("passwort", Some(&hash)).await, Ok(Verified::No), "{then:?}");
    }
}

#[test_waits::test]
async fn hashes_of_other_programs_are_verified() {
    // From the tests of the reference implementation of Argon2: other functions, versions and lanes, salts of 8 bytes.
    let hashes = [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ];
    for hash in hashes.map(PasswordHash::from_phc) {
        assert_eq!(hasher(CHEAP).verify("password", Some(&hash)).await, Ok(Verified::YesButWeak));
        assert_eq!(hasher(CHEAP).verify("passwore", Some(&hash)).await, Ok(Verified::No));
    }
}

#[test_waits::test]
async fn a_hash_is_argon2id_with_the_parameters_of_owasp_and_a_salt_of_its_own() {
    let hasher = PasswordHasher::new(HasherOptions::default());
    let (first, second) = (hasher.hash("password").await.unwrap(), hasher.hash("password").await.unwrap());
    assert!(first.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.expose());
    assert_ne!(first, second);
    assert_eq!(hasher.verify("password", Some(&second)).await, Ok(Verified::Yes));
    assert!(!format!("{first:?} {hasher:?}").contains("argon2id$"));
}

#[test_waits::test]
async fn parameters_below_the_least_are_raised() {
    let options =
        HasherOptions { memory_kib: 0, passes: 0, lanes: 0, parallel: 0, queue: 0, ..HasherOptions::default() };
    let hash = PasswordHasher::new(options).hash("password").await.unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.expose());
}

#[test]
fn a_generated_password_can_be_set_and_read_out() {
    let passwords: Vec<_> = (0..200).map(|_| generate_password().unwrap()).collect();
    let texts: HashSet<&str> = passwords.iter().map(|password| password.expose()).collect();
    assert_eq!(texts.len(), passwords.len());
    for text in texts {
        assert_eq!(PasswordPolicy::default().check(text, &[]), Ok(()));
        let groups: Vec<&str> = text.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4; 5]);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(groups.concat().bytes().all(|byte| is_plain(byte) && !b"lo01".contains(&byte)), "{text}");
    }
}
