//! The bodies: what git declares, and what a cluster has. Neither can be printed or serialised by accident.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Foreign, Gvk, ResourceKey};

/// A content hash (SHA-256, hex), used to name a body without carrying it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub Arc<str>);

impl Digest {
    /// The hash of a value's canonical JSON (keys sorted, no spaces).
    #[must_use]
    pub fn of_value(value: &Value) -> Self {
        Self::of_bytes(value.to_string().as_bytes())
    }

    /// The hash of bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex.into())
    }
}

/// Where in a source a document stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Path within the app's directory, `/`-separated.
    pub file: Foreign,
    /// One-based line of the document's first node; 0 where a renderer made it.
    pub line: u32,
}

impl Origin {
    /// `file:line`, or the file alone where a renderer made it. Foreign text.
    #[must_use]
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.raw().to_owned() } else { format!("{}:{}", self.file.raw(), self.line) }
    }
}

/// One object as git declares it (drift.md: G and P), already prepared for the server.
#[derive(Clone)]
pub struct Manifest {
    /// Identity, namespace filled in or dropped by scope.
    pub key: ResourceKey,
    /// Git's apiVersion and kind.
    pub gvk: Gvk,
    /// The declaration as JSON; never through typed structs, so that explicit zeros and unknown fields survive.
    pub body: Arc<Value>,
    /// Hash of `body` in canonical JSON.
    pub digest: Digest,
    /// File and line.
    pub origin: Origin,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({:?}, {})", self.key, self.digest.0)
    }
}

/// One object as a cluster holds it: bytes, parsed on demand (3 KB an object instead of 38).
#[derive(Clone)]
pub struct Live {
    /// Identity.
    pub key: ResourceKey,
    /// The version it was read in.
    pub gvk: Gvk,
    /// `metadata.uid`.
    pub uid: Arc<str>,
    /// `metadata.resourceVersion`; opaque.
    pub resource_version: Arc<str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// The whole object as the server sent it, managedFields included.
    pub json: Arc<str>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Live({:?}, rv {}, {} bytes)", self.key, self.resource_version, self.json.len())
    }
}
