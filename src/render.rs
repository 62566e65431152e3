//! A tree at a commit → manifests.
//!
//! Owns how an app's directory becomes documents: plain YAML read here, kustomize and helm run on a private export.
//! Refuses remote bases, plugins, the network, and to read a kustomization or a chart as plain YAML.

mod closure;
mod export;
mod kustomization;
mod parse;
mod paths;
mod plain;
mod program;
mod programs;

use std::fmt::Write as _;
use std::path::Path;

use crate::model::{Digest, Foreign, Rendered, Tree, TreeError, Without};

pub use programs::Programs;

/// What a render reads at most: files, bytes in all, directories inside one another.
const FILES: usize = 20_000;
const BYTES: usize = 64 << 20;
const DEPTH: usize = 64;

/// Who makes documents of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renderer {
    /// Read here, as it stands.
    Plain,
    /// `kustomize build`, else `kubectl kustomize`.
    Kustomize,
    /// `helm template`.
    Helm,
}

impl Renderer {
    /// `plain`, `kustomize` or `helm`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }
}

/// Why nothing was rendered. Paths are quoted with escapes: they come from git.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The app's path is not in the tree.
    #[error("path {path:?} is not there")]
    PathNotFound {
        /// Which.
        path: String,
    },
    /// A renderer is not installed.
    #[error("needs {program}: install it, or put it on PATH")]
    NeedsProgram {
        /// Its name.
        program: &'static str,
    },
    /// A file or directory cannot be read.
    #[error("{path:?}: {source}")]
    Tree {
        /// Which.
        path: String,
        /// Why.
        source: TreeError,
    },
    /// A budget is spent.
    #[error("{what} (limit {limit})")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is let through.
        limit: usize,
    },
    /// Something that is not run for a stranger.
    #[error("{file:?}: refused: {what}")]
    Refused {
        /// Where it is asked for.
        file: String,
        /// What.
        what: &'static str,
    },
    /// The renderer failed; its own first words.
    #[error("{program} failed: {}", crate::model::Shown::from(message))]
    Failed {
        /// Which.
        program: &'static str,
        /// Its words.
        message: Foreign,
    },
    /// The renderer took too long.
    #[error("{program} took longer than {seconds} s")]
    TimedOut {
        /// Which.
        program: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// The private directory or the process: the system's words.
    #[error("cannot run a renderer: {0}")]
    Io(#[from] std::io::Error),
}

/// One render to be done.
pub struct Job<'a> {
    /// Where from.
    pub tree: &'a dyn Tree,
    /// The app's path in it; empty = the root.
    pub path: &'a str,
    /// Helm's release name.
    pub app_name: &'a str,
    /// Helm's namespace.
    pub namespace: &'a str,
    /// A directory for private exports.
    pub scratch: &'a Path,
    /// What is installed.
    pub programs: &'a Programs,
    /// Rules of reading that are off (tests only); renders made with and without one must not share a cache.
    pub without: Without,
}

/// Who renders a path: decided by what lies in its top directory.
pub fn detect(tree: &dyn Tree, path: &str) -> Result<Renderer, RenderError> {
    let entries = tree.list(path).map_err(|source| paths::tree_error(path, source))?;
    let has = |wanted: &[&str]| entries.iter().any(|entry| wanted.contains(&&*entry.name));
    Ok(if has(&kustomization::NAMES) {
        Renderer::Kustomize
    } else if has(&["Chart.yaml"]) {
        Renderer::Helm
    } else {
        Renderer::Plain
    })
}

/// Renders an app. Blocks: run it where blocking is allowed.
pub fn render(job: &Job) -> Result<Rendered, RenderError> {
    match detect(job.tree, job.path)? {
        Renderer::Plain => plain::render(job),
        Renderer::Kustomize => program::kustomize(job),
        Renderer::Helm => program::helm(job),
    }
}

/// A content id over everything the render reads: equal ids render alike.
pub fn inputs(tree: &dyn Tree, path: &str) -> Result<Digest, RenderError> {
    let renderer = detect(tree, path)?;
    let mut all = format!("{}\n{path:?}\n", renderer.word());
    for input in input_paths(tree, path)? {
        let id = tree.id(&input).map_err(|source| paths::tree_error(&input, source))?;
        let _ = writeln!(all, "{input:?} {}", id.0);
    }
    Ok(Digest::of_bytes(all.as_bytes()))
}

/// The directories and files whose history is the app's history; the app's own first.
pub fn input_paths(tree: &dyn Tree, path: &str) -> Result<Vec<String>, RenderError> {
    match detect(tree, path)? {
        Renderer::Plain | Renderer::Helm => Ok(vec![path.to_owned()]),
        Renderer::Kustomize => closure::closure(tree, path),
    }
}

#[cfg(test)]
mod tests;
