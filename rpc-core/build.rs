//! Does nothing: Cargo wants a build script where `links` is set, which keeps a second version out of a binary.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
