//! `diff -f`: a directory, a file or standard input as the one app of an ad hoc config.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;

/// Manifests from a file or a pipe; a renderer reads no more either.
const LIMIT: u64 = 64 << 20;

/// Manifests on disk: the directory that was named, or a private one that holds the file and goes when this goes.
pub struct Manifests {
    dir: PathBuf,
    _private: Option<tempfile::TempDir>,
}

impl Manifests {
    /// Where they lie.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Finds them.
///
/// # Errors
/// A usage error when there is nothing to read.
pub fn manifests(from: &Path) -> Result<Manifests, CliError> {
    if from == Path::new("-") {
        return private("stdin", "stdin.yaml", &read(std::io::stdin().lock(), "standard input")?);
    }
    if from.is_dir() {
        return Ok(Manifests { dir: from.to_owned(), _private: None });
    }
    let unreadable = |error: std::io::Error| CliError::usage(format!("{}: {}", from.display(), error.kind()));
    if !std::fs::metadata(from).map_err(unreadable)?.is_file() {
        return Err(CliError::usage(format!("{}: neither a directory nor a file", from.display())));
    }
    let bytes = read(std::fs::File::open(from).map_err(unreadable)?, &from.display().to_string())?;
    let stem = from.file_stem().map_or_else(|| "manifests".into(), |stem| stem.to_string_lossy());
    let json = from.extension().is_some_and(|extension| extension == "json");
    private(&stem, &format!("{stem}.{}", if json { "json" } else { "yaml" }), &bytes)
}

fn read(from: impl std::io::Read, what: &str) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = from.take(LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|error| CliError::usage(format!("{what}: {}", error.kind())))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(CliError::usage(format!("{what}: larger than 64 MiB")));
    }
    Ok(bytes)
}

fn private(name: &str, file: &str, bytes: &[u8]) -> Result<Manifests, CliError> {
    let trouble = |error: std::io::Error| CliError::failed(format!("no space for temporary files: {}", error.kind()));
    let within = tempfile::Builder::new().prefix("driftdeck-").tempdir().map_err(trouble)?;
    let dir = within.path().join(name);
    std::fs::create_dir(&dir).map_err(trouble)?;
    std::fs::write(dir.join(file), bytes).map_err(trouble)?;
    Ok(Manifests { dir, _private: Some(within) })
}
