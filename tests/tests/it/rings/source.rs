//! The modules of a crate, read from its root on.

use std::path::Path;

use super::imports::{Child, Imports, Mention};

/// A module: of a file, or inline in one.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: Vec<String>,
    /// The path of its file in the workspace.
    pub(crate) file: String,
    /// The path of the module that is the file.
    pub(crate) file_module: Vec<String>,
    pub(crate) items: Vec<String>,
    pub(crate) uses: Vec<(String, Vec<String>)>,
    pub(crate) mentions: Vec<Mention>,
}

/// The modules of the crate that begins with a file.
pub(crate) fn read(workspace: &Path, root: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    read_file(workspace, root, root.parent().unwrap(), &[], &mut modules);
    modules
}

/// Reads the file of a module, whose children lie in a folder.
fn read_file(workspace: &Path, file: &Path, folder: &Path, path: &[String], modules: &mut Vec<Module>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let name = file.strip_prefix(workspace).unwrap().to_str().unwrap();
    let place = Place { workspace, file: name, file_module: path };
    place.read(Imports::of(tokens), folder, path, modules);
}

/// Where a module stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    workspace: &'a Path,
    file: &'a str,
    file_module: &'a [String],
}

impl Place<'_> {
    fn read(self, imports: Imports, folder: &Path, path: &[String], modules: &mut Vec<Module>) {
        let Imports { items, uses, mentions, children } = imports;
        let file_module = self.file_module.to_vec();
        modules.push(Module { path: path.to_vec(), file: self.file.to_owned(), file_module, items, uses, mentions });
        for child in children {
            let (Child::Inline(name, _) | Child::File(name)) = &child;
            let path = [path, std::slice::from_ref(name)].concat();
            let inside = folder.join(name);
            match child {
                Child::Inline(_, imports) => self.read(imports, &inside, &path, modules),
                // One whose file lies elsewhere is that of another crate.
                Child::File(_) if !inside.with_extension("rs").exists() => {}
                Child::File(_) => read_file(self.workspace, &inside.with_extension("rs"), &inside, &path, modules),
            }
        }
    }
}
