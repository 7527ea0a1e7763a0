//! Which file of a crate takes a name of which other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::source::Module;

/// More steps than it takes from a name to where it is defined.
const STEPS: usize = 32;

/// The arrows between files, each with the names that make it and the first line of each.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    arrows: BTreeMap<String, BTreeMap<String, BTreeMap<String, usize>>>,
}

/// Files that import each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ring {
    pub(crate) files: BTreeSet<String>,
    /// The lines that tie it.
    pub(crate) told: String,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
enum Found<'a> {
    Module(&'a Module),
    /// An item of a module, as it is called there.
    Item(&'a Module, &'a str),
}

impl Graph {
    /// The graph of a crate. A module may look up at those that it is inside of: to them it has no arrows.
    pub(crate) fn of(modules: &[Module]) -> Self {
        let mut graph = Self::default();
        let names = Names { modules };
        for module in modules {
            for mention in module.mentions.iter().filter(|mention| mention.path.len() > 1) {
                let Some(Found::Item(target, name)) = names.path(module, &mention.path, STEPS) else { continue };
                if module.file_module.starts_with(&target.file_module) {
                    continue;
                }
                let arrows = graph.arrows.entry(module.file.clone()).or_default();
                let lines = arrows.entry(target.file.clone()).or_default();
                lines.entry(name.to_owned()).and_modify(|line| *line = mention.line.min(*line)).or_insert(mention.line);
            }
        }
        graph
    }

    /// Takes an arrow out; tells whether it was there.
    pub(crate) fn take_out(&mut self, from: &str, to: &str) -> bool {
        self.arrows.get_mut(from).and_then(|arrows| arrows.remove(to)).is_some()
    }

    /// The files that a file reaches, over others too.
    fn reached(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut left = vec![from];
        while let Some(file) = left.pop() {
            for next in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(next.as_str()) {
                    left.push(next);
                }
            }
        }
        reached
    }

    /// The rings.
    pub(crate) fn rings(&self) -> Vec<Ring> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.arrows.keys().map(|file| (file.as_str(), self.reached(file))).collect();
        let mut rings = BTreeSet::new();
        for (file, reach) in reached.iter().filter(|(file, reach)| reach.contains(*file)) {
            let back = |other: &&&str| reached.get(**other).is_some_and(|reach| reach.contains(file));
            rings.insert(reach.iter().filter(back).map(|other| (*other).to_owned()).collect::<BTreeSet<String>>());
        }
        rings.into_iter().map(|files| Ring { told: self.told(&files), files }).collect()
    }

    /// The lines that tie a ring.
    fn told(&self, files: &BTreeSet<String>) -> String {
        let mut told = String::new();
        for (from, arrows) in self.arrows.iter().filter(|(from, _)| files.contains(*from)) {
            for (to, lines) in arrows.iter().filter(|(to, _)| files.contains(*to)) {
                for (name, line) in lines {
                    writeln!(told, "{from}:{line}: {name} of {to}").unwrap();
                }
            }
        }
        told
    }
}

/// Looks names up.
#[derive(Clone, Copy)]
struct Names<'a> {
    modules: &'a [Module],
}

impl<'a> Names<'a> {
    fn module(self, path: &[String]) -> Option<&'a Module> {
        self.modules.iter().find(|module| module.path == path)
    }

    /// What a path in a module leads to; nothing, when it leads out of the crate.
    fn path(self, module: &'a Module, path: &'a [String], steps: usize) -> Option<Found<'a>> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found::Module(self.module(&[])?),
            "self" => Found::Module(module),
            "super" => Found::Module(self.module(module.path.split_last()?.1)?),
            name => self.name(module, name, rest.is_empty(), steps)?,
        };
        for (index, name) in rest.iter().enumerate() {
            let Found::Module(module) = found else { break };
            found = match name.as_str() {
                "super" => Found::Module(self.module(module.path.split_last()?.1)?),
                "*" => Found::Item(module, "*"),
                name => self.name(module, name, index + 1 == rest.len(), steps).unwrap_or(Found::Item(module, name)),
            };
        }
        Some(found)
    }

    /// What a name of a module is. A module and a function may have the same: the function stands last in a path.
    fn name(self, module: &'a Module, name: &'a str, is_last: bool, steps: usize) -> Option<Found<'a>> {
        let child = || self.module(&[module.path.as_slice(), &[name.to_owned()]].concat()).map(Found::Module);
        let item = || module.items.iter().any(|item| item == name).then_some(Found::Item(module, name));
        let brought = || {
            let same = module.uses.iter().filter(|(alias, _)| alias == name);
            same.filter_map(|(_, path)| self.path(module, path, steps)).next()
        };
        let all = || {
            let all = module.uses.iter().filter(|(alias, _)| alias == "*");
            all.filter_map(|(_, path)| match self.path(module, path.split_last()?.1, steps)? {
                Found::Module(other) => self.name(other, name, is_last, steps.checked_sub(1)?),
                Found::Item(..) => None,
            })
            .next()
        };
        match is_last {
            true => item().or_else(brought).or_else(child).or_else(all),
            false => child().or_else(item).or_else(brought).or_else(all),
        }
    }
}
