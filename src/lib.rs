//! driftdeck: the GitOps drift cockpit for the terminal.
//!
//! The modules in the order in which data passes them: the operator's [`model`] words, then `config`, `source`
//! (a commit), `render` (manifests), `cluster` (live), `diff` (what differs), `health`, `plan` (what a sync would do),
//! `engine` (who decides), `app` and `tui` or `cli` (who shows). `docs/architecture.md` holds the arrows between them.
//!
//! What holds everywhere: foreign text is printed only as [`model::Shown`]; a Secret is masked before a
//! [`model::Comparison`] exists; a plan carries keys and digests, never bodies; nothing stale is called synced.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod demo;
pub mod diff;
pub mod engine;
pub mod fields;
pub mod health;
pub mod journal;
pub mod model;
pub mod plan;
pub mod render;
pub mod sandbox;
pub mod schema;
pub mod source;
pub mod tui;
pub mod typed;
pub mod yaml;
