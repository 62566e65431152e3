//! Paths inside a tree.

use super::RenderError;
use crate::model::TreeError;

/// `dir/name`, where the root is empty.
pub(super) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// A reference as written in a directory, from the root; `None` = above the root, or absolute.
pub(super) fn resolve(dir: &str, reference: &str) -> Option<String> {
    if reference.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A tree's error at a path.
pub(super) fn tree_error(path: &str, source: TreeError) -> RenderError {
    match source {
        TreeError::NotFound => RenderError::PathNotFound { path: path.to_owned() },
        source => RenderError::Tree { path: path.to_owned(), source },
    }
}
