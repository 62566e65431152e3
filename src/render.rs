//! A tree at a commit → manifests.
