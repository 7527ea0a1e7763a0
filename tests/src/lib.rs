//! The README, so that its examples are compiled: no crate that is published reaches outside its own folder.

#![cfg_attr(doctest, doc = include_str!("../../README.md"))]
