//! OpenAPI v3 documents of the group-versions in use, kept by the hash that the index gives (KEP-2896).
//!
//! In memory as bytes, at most 64 of them; in a private directory where one was given, at most 512 files. Refuses to
//! trust the directory: what it holds is read like any answer, and what is no schema is fetched anew and written over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;

use super::Cluster;
use super::call::{self, Ask, Verb};
use super::error::{CallError, CallKind};
use crate::model::Digest;

const KEPT: usize = 64;
/// Files in the directory; the ones written longest ago go first.
const FILES: usize = 512;

/// What was fetched before.
#[derive(Default)]
pub(super) struct Documents {
    kept: Mutex<BTreeMap<String, Bytes>>,
    dir: OnceLock<PathBuf>,
}

#[derive(Deserialize)]
struct Index {
    paths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "serverRelativeURL")]
    url: String,
}

impl Documents {
    pub fn keep_in(&self, dir: PathBuf) {
        let _ = self.dir.set(dir);
    }

    fn kept(&self, url: &str) -> Option<Bytes> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    fn keep(&self, url: &str, document: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_first();
        }
        kept.insert(url.to_owned(), document);
    }
}

impl Cluster {
    /// The documents of those group-versions, `v1` or `apps/v1`, in the order asked. One index, then one request per
    /// document whose hash is not known yet.
    pub async fn openapi(&self, group_versions: &[String]) -> Vec<(String, Result<Value, CallError>)> {
        let index = match self.index().await {
            Ok(index) => index,
            Err(error) => return group_versions.iter().map(|name| (name.clone(), Err(error.clone()))).collect(),
        };
        let index = &index;
        // Boxed: the compiler cannot see that an unboxed future of a borrowed name is `Send` (rust-lang/rust#102211).
        let asked: Vec<_> = group_versions.iter().map(|name| self.published(index, name).boxed()).collect();
        futures::stream::iter(asked).buffered(8).collect().await
    }

    async fn published(&self, index: &Index, name: &str) -> (String, Result<Value, CallError>) {
        let root = if name.contains('/') { "apis" } else { "api" };
        let document = match index.paths.get(&format!("{root}/{name}")) {
            Some(entry) => self.document(&entry.url).await,
            None => Err(CallError::local(CallKind::KindNotServed, "the server publishes no schema for it")),
        };
        (name.to_owned(), document)
    }

    async fn index(&self) -> Result<Index, CallError> {
        call::json(&self.read(&Ask::get(Verb::Get, "/openapi/v3")).await?)
    }

    async fn document(&self, url: &str) -> Result<Value, CallError> {
        // The URL comes from the server and must stay a path on it.
        if !url.starts_with("/openapi/v3/") {
            return Err(CallError::local(CallKind::Other, "the index of schemas points elsewhere"));
        }
        let documents = &self.inner.openapi;
        if let Some(known) = documents.kept(url) {
            return call::json(&known);
        }
        let file = documents.dir.get().filter(|_| url.contains("hash=")).map(|dir| self.file(dir, url));
        if let Some(value) = read_back(file.as_deref(), documents, url).await {
            return Ok(value);
        }
        let answer = self.read(&Ask::get(Verb::Get, url)).await?;
        let value = call::json(&answer)?;
        if let Some(file) = file.filter(|_| is_schema(&value)) {
            write_down(file, answer.clone()).await;
        }
        if url.contains("hash=") {
            documents.keep(url, answer);
        }
        Ok(value)
    }

    /// Named by server too: one cluster must not say what another one's schema is.
    fn file(&self, dir: &Path, url: &str) -> PathBuf {
        let name = format!("{} {} {url}", self.name(), self.facts().server.raw());
        dir.join(format!("{}.json", Digest::of_bytes(name.as_bytes()).0))
    }
}

async fn read_back(file: Option<&Path>, documents: &Documents, url: &str) -> Option<Value> {
    let bytes = Bytes::from(tokio::fs::read(file?).await.ok()?);
    let value = serde_json::from_slice(&bytes).ok().filter(is_schema)?;
    documents.keep(url, bytes);
    Some(value)
}

/// Whether it says what fields are: anything else on disk is not worth keeping.
fn is_schema(document: &Value) -> bool {
    document.pointer("/components/schemas").is_some_and(Value::is_object)
}

/// Best effort: a cache that cannot be written costs a request.
async fn write_down(file: PathBuf, document: Bytes) {
    let written = tokio::task::spawn_blocking(move || {
        let dir = file.parent()?;
        private_dir(dir).ok()?;
        // A temporary file is ours alone (0600) from its first moment, and stays so.
        let mut fresh = tempfile::Builder::new().prefix(".new-").tempfile_in(dir).ok()?;
        std::io::Write::write_all(&mut fresh, &document).ok()?;
        fresh.persist(&file).ok()?;
        forget_oldest(dir).ok()
    });
    let _ = written.await;
}

/// Makes a directory that only we can enter, or closes one that stood open.
fn private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir)?;
    let meta = std::fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Err(std::io::Error::other("it is a link or no directory"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if meta.permissions().mode().trailing_zeros() < 6 {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// Removes what is beyond the bound, oldest first.
fn forget_oldest(dir: &Path) -> std::io::Result<()> {
    let mut files: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    let over = files.len().saturating_sub(FILES);
    files.sort();
    for (_, file) in files.into_iter().take(over) {
        std::fs::remove_file(file)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "openapi/tests.rs"]
mod tests;
