//! Which renderers are installed.

use std::ffi::OsStr;
use std::path::PathBuf;

/// Where the renderer programs are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// `kustomize`.
    pub kustomize: Option<PathBuf>,
    /// `kubectl`, which has kustomize within.
    pub kubectl: Option<PathBuf>,
    /// `helm`.
    pub helm: Option<PathBuf>,
}

impl Programs {
    /// Looks along a search path, as the shell's `PATH`; only absolute directories count.
    #[must_use]
    pub fn find(path_var: &OsStr) -> Self {
        Self {
            kustomize: seek(path_var, "kustomize"),
            kubectl: seek(path_var, "kubectl"),
            helm: seek(path_var, "helm"),
        }
    }
}

fn seek(path_var: &OsStr, name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    std::env::split_paths(path_var)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|file| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0))
}
