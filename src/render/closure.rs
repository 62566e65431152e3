//! Everything a kustomization reads, inside the tree: its directory, and transitively what it names.

use std::collections::BTreeSet;

use super::paths::{join, resolve, tree_error};
use super::{FILES, RenderError, kustomization};
use crate::model::{Tree, TreeError};

/// The directories and files of a build, the app's own first; what lies within another is left out.
pub(super) fn closure(tree: &dyn Tree, path: &str) -> Result<Vec<String>, RenderError> {
    let mut dirs = BTreeSet::new();
    let mut files = BTreeSet::new();
    let mut open = vec![path.to_owned()];
    while let Some(dir) = open.pop() {
        if !dirs.insert(dir.clone()) {
            continue;
        }
        if dirs.len() + files.len() > FILES {
            return Err(RenderError::TooLarge { what: "too many references", limit: FILES });
        }
        for target in references(tree, &dir)? {
            if tree.list(&target).is_ok() {
                open.push(target);
            } else {
                files.insert(target);
            }
        }
    }
    dirs.remove(path);
    let mut all = vec![path.to_owned()];
    for input in dirs.into_iter().chain(files) {
        if !all.iter().any(|outer| is_within(&input, outer)) {
            all.push(input);
        }
    }
    Ok(all)
}

fn is_within(path: &str, outer: &str) -> bool {
    outer.is_empty() || path == outer || path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn references(tree: &dyn Tree, dir: &str) -> Result<Vec<String>, RenderError> {
    let mut targets = Vec::new();
    for name in kustomization::NAMES {
        let file = join(dir, name);
        let text = match tree.read(&file) {
            Ok(text) => text,
            Err(TreeError::NotFound) => continue,
            Err(source) => return Err(tree_error(&file, source)),
        };
        for reference in kustomization::references(&file, &text)? {
            targets.push(place(tree, dir, &file, &reference)?);
        }
    }
    Ok(targets)
}

/// A reference's place in the tree. Whatever is not there would be fetched by kustomize: refused.
fn place(tree: &dyn Tree, dir: &str, file: &str, reference: &str) -> Result<String, RenderError> {
    let refused = |what| RenderError::Refused { file: file.to_owned(), what };
    if reference.contains("://") || reference.contains("?ref=") || reference.starts_with("git@") {
        return Err(refused("a remote base; bring it into the repository"));
    }
    let target = resolve(dir, reference).ok_or_else(|| refused("a reference above the repository's root"))?;
    match tree.id(&target) {
        Ok(_) => Ok(target),
        Err(TreeError::NotFound) => Err(refused("a reference to what is not in the repository")),
        Err(source) => Err(tree_error(&target, source)),
    }
}
