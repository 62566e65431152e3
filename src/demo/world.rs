//! How the sample clusters stand, as `assets/demo/world.toml` says it. Refuses to do anything about it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{DemoError, assets};
use crate::model::AppId;

/// All of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct World {
    back: Vec<Back>,
    pub(super) deeds: Vec<Deed>,
}

/// An app that is not as git's newest commit has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Back {
    app: String,
    clusters: Vec<String>,
    /// So many of its commits.
    pub(super) commits: usize,
    pub(super) paused: Option<Hold>,
    pub(super) pinned: Option<Hold>,
}

/// A pause, or a pin at the deployed commit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hold {
    pub(super) by: String,
    pub(super) reason: String,
    /// Since so many hours.
    pub(super) hours: i64,
    /// Its length; without it, no end.
    pub(super) for_hours: Option<i64>,
}

/// What somebody did to one object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deed {
    pub(super) hours: i64,
    pub(super) cluster: String,
    pub(super) manager: String,
    pub(super) path: String,
    /// JSON pointer → new value; all of them are there already.
    #[serde(default)]
    pub(super) set: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) delete: bool,
}

impl World {
    pub(super) fn read() -> Result<Self, DemoError> {
        toml::from_str(assets::WORLD).map_err(|why| DemoError::asset("world.toml", &why.message()))
    }

    /// What is special about an app.
    pub(super) fn back(&self, app: &AppId) -> Option<&Back> {
        let on = |back: &Back| back.clusters.iter().any(|cluster| cluster == app.cluster.as_str());
        self.back.iter().find(|back| back.app == *app.name && on(back))
    }
}
