//! What conformance suites have in common: the tests that they are made into, and that none is forgotten.

use std::collections::BTreeSet;
use std::fs;

use tokio::runtime::Builder;

/// Threads that a property runs on: what is started at once runs at once.
const THREADS: usize = 4;

/// Runs a test on a runtime of its own.
///
/// # Panics
///
/// The test fails; or the system gives no threads.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    runtime.expect("a test gets threads").block_on(test);
}

/// Makes sure that the list of a suite, in `<suite>.rs`, names every property that the files of the folder `<suite>` hold.
///
/// # Panics
///
/// It does not name one; or there is none.
pub fn check_list(suite: &str) {
    let list = fs::read_to_string(format!("{suite}.rs")).expect("the suite has a list");
    let listed: BTreeSet<&str> = list.split_whitespace().collect();
    let mut count = 0;
    for file in fs::read_dir(suite).expect("the suite has a folder") {
        let source = fs::read_to_string(file.expect("the folder is read").path()).expect("a source is text");
        for declared in source.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let property = declared.split(['<', '(']).next().unwrap_or_default();
            assert!(listed.contains(property), "{property} is in no list");
            count += 1;
        }
    }
    assert!(count > 0, "{suite} has no properties");
}

/// A module of tests, one for each property: what the macro of a suite expands to. The path in brackets is that of the suite, with
/// its `check` and a module for each group of properties.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_suite {
    ([$($suite:tt)*] $module:ident, $constructor:expr; $($group:ident { $($property:ident)* })*) => {
        mod $module {
            use $($suite)* as __suite;

            #[allow(unused_imports, clippy::wildcard_imports, reason = "the constructor says what it needs")]
            use super::*;

            $($(
                #[test]
                fn $property() {
                    __suite::check($constructor, __suite::$group::$property);
                }
            )*)*
        }
    };
}
