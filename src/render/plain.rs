//! A directory of YAML and JSON, read as it stands: all files below it, in the order of their paths.

use super::paths::{join, tree_error};
use super::{BYTES, DEPTH, FILES, Job, RenderError, kustomization, parse};
use crate::model::{Rendered, Tree, TreeKind};

/// Reads every manifest below the job's path; directories whose name starts with a dot are left out.
pub(super) fn render(job: &Job) -> Result<Rendered, RenderError> {
    let (tree, path) = (job.tree, job.path);
    let mut files = Vec::new();
    collect(tree, path, DEPTH, &mut files)?;
    files.sort();
    let mut out = Rendered { renderer: "plain", ..Rendered::default() };
    let mut bytes = 0;
    for file in files {
        let text = tree.read(&file).map_err(|source| tree_error(&file, source))?;
        bytes += text.len();
        if bytes > BYTES {
            return Err(RenderError::TooLarge { what: "too many bytes of manifests", limit: BYTES });
        }
        let within = file.strip_prefix(path).unwrap_or(&file).trim_start_matches('/');
        parse::read(within, &text, parse::How { is_made: false, without: job.without }, &mut out);
    }
    Ok(out)
}

fn collect(tree: &dyn Tree, dir: &str, depth: usize, files: &mut Vec<String>) -> Result<(), RenderError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(RenderError::TooLarge { what: "directories inside one another, too deep", limit: DEPTH });
    };
    for entry in tree.list(dir).map_err(|source| tree_error(dir, source))? {
        let path = join(dir, &entry.name);
        if kustomization::NAMES.contains(&&*entry.name) || &*entry.name == "Chart.yaml" {
            let what = "a kustomization or chart below a directory of plain YAML; point the app's path at it";
            return Err(RenderError::Refused { file: path, what });
        }
        match entry.kind {
            TreeKind::Dir if !entry.name.starts_with('.') => collect(tree, &path, depth, files)?,
            TreeKind::File | TreeKind::Link if is_manifest(&entry.name) => files.push(path),
            TreeKind::Dir | TreeKind::File | TreeKind::Link | TreeKind::Submodule => {}
        }
        if files.len() > FILES {
            return Err(RenderError::TooLarge { what: "too many files", limit: FILES });
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending))
}
