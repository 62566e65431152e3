//! The sample fleet and the script that keeps it living: `driftdeck demo`.
//!
//! Owns three sample clusters and a fourth that is cut, a repository with forty commits in a directory of its own, the
//! engine's setup that reaches them, the others who work on them (an agent, people with kubectl, git and `driftdeck`),
//! and the port that opens them to kubectl ([`Served`]). Refuses any other network, real clusters, and to leave anything
//! behind: all that is ever written lies below one directory, which goes with the [`Stage`]; a kubeconfig that was wanted
//! elsewhere goes with the port.

mod account;
mod assets;
mod casting;
mod crew;
mod history;
mod manifest;
mod reach;
mod script;
mod seed;
mod serve;
mod stage;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cluster::{Limits, connect};
use crate::config::{self, Config, ConfigError, Standing};
use crate::engine::{Clock, Ports, Role, Setup};
use crate::model::{ClusterName, ClusterSpec, Foreign, Without};
use crate::sandbox::{Act, Sandbox, SandboxError};
use crate::source::{self, SourceError, Writer};
use crew::{Crew, Tools};
use seed::Ground;
use stage::{Acts, Billed, Inner};
use world::World;

pub use casting::Casting;
pub use serve::{Address, ServeError, Served};
pub use stage::{Played, Stage};

/// The cluster that does not answer.
const CUT: &str = "edge-07";
/// Who looks at the fleet.
const YOU: &str = "you@demo";
/// Time to look round before a scene begins.
const LEAD_IN: Duration = Duration::from_secs(10);

/// What a demo is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time, of the engine and of the clusters.
    pub clock: Clock,
    /// Makes everything but time repeatable.
    pub seed: u64,
    /// What the engine is for.
    pub role: Role,
    /// `--read-only`.
    pub read_only: bool,
    /// How often the clusters' time moves; `None` = only by [`Stage::beat`].
    pub pace: Option<Duration>,
    /// Whether the script plays.
    pub is_scripted: bool,
    /// What else happens to the clusters.
    pub scenes: Vec<Casting>,
    /// How long the fleet is well before the scenes begin.
    pub lead_in: Duration,
    /// How long the engines wait for the clusters.
    pub limits: Limits,
}

impl Options {
    /// As `driftdeck demo` starts it.
    #[must_use]
    pub fn cockpit() -> Self {
        Self {
            clock: Clock::real(),
            seed: 7,
            role: Role::Cockpit,
            read_only: false,
            pace: Some(Duration::from_secs(1)),
            is_scripted: true,
            scenes: Vec::new(),
            lead_in: LEAD_IN,
            limits: Limits::default(),
        }
    }

    /// Without a screen, for tests: time stands unless moved, nothing happens by itself. Watches last: ended by leaps of time,
    /// they would be taken for those of a server that ends them at once, and asked for with pauses that no clock holds.
    #[must_use]
    pub fn headless(clock: Clock, role: Role) -> Self {
        let limits = Limits { watch: Duration::from_hours(24), ..Limits::default() };
        Self { clock, role, pace: None, is_scripted: false, lead_in: Duration::ZERO, limits, ..Self::cockpit() }
    }
}

/// A demo that is ready to be looked at. Keep the stage until the engine is closed: what it stands on goes with it.
pub struct Demo {
    /// For `engine::start`.
    pub setup: Setup,
    /// What the engine will find.
    pub stage: Stage,
}

/// Why a demo cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No directory of our own.
    #[error("no temporary directory can be made: {0}")]
    Directory(std::io::Error),
    /// The sample repository.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A sample cluster.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The sample config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A scene for a cluster that is none of the samples.
    #[error("there is no sample cluster \"{}\" for a scene; there are {known}", .name.as_str().escape_debug())]
    NoCluster {
        /// What was asked for.
        name: ClusterName,
        /// Those there are.
        known: String,
    },
    /// A sample text is not what it should be: a fault of the build.
    #[error("assets/demo/{asset}: {what}")]
    Asset {
        /// Which.
        asset: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A sample cluster refused what it was to begin with: a fault of the build.
    #[error("{request}: status {status}")]
    Refused {
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// The cluster's sentence.
        said: Foreign,
    },
}

impl DemoError {
    fn asset(asset: &'static str, what: &dyn std::fmt::Display) -> Self {
        Self::Asset { asset, what: what.to_string() }
    }
}

/// Makes the fleet: directory, repository, clusters with their past. Takes well under a second; no network.
///
/// # Errors
/// [`DemoError`]; all but `Directory` and `Source` are faults of the build.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn start(options: Options) -> Result<Demo, DemoError> {
    let start = options.clock.now().wall;
    let dir = tempfile::Builder::new().prefix("driftdeck-demo-").tempdir().map_err(DemoError::Directory)?;
    let repository = dir.path().join("platform.git");
    let config = config(&repository, dir.path())?;
    let writer = Writer::create(&repository)?;
    let commits = history::play(&writer, start)?;
    let ground = Arc::new(Ground { config: config.clone(), commits, world: World::read()?, start });
    let clusters = clusters(&ground, options.seed).await?;
    if let Some(cut) = clusters.get(&ClusterName::new(CUT)) {
        cut.cut();
    }
    let mirror = source::open_in_place(&repository)?;
    let (billed, begin) = (bill(&options, &clusters)?, options.clock.now().since_start + options.lead_in);
    let script = options.is_scripted.then(|| script::Script::new(options.seed, start)).transpose()?;
    let tools = Tools {
        config: config.clone(),
        clusters: clusters.clone(),
        repository: repository.clone(),
        dir: dir.path().to_owned(),
        clock: options.clock.clone(),
        limits: options.limits,
    };
    let setup = Setup {
        ports: ports(&config, &clusters, (repository, options.limits)),
        config,
        role: options.role,
        read_only: options.read_only,
        who: Foreign::from(YOU),
        state_dir: dir.path().join("state"),
        scratch_dir: dir.path().join("scratch"),
        clock: options.clock,
        only: None,
        without: Without::NOTHING,
    };
    let billed = Billed { acts: billed, begin };
    let inner = Inner { crew: Crew::new(tools), writer, mirror, acts: Mutex::new(Some(Acts::of(script, billed))) };
    Ok(Demo { setup, stage: Stage::new(inner, dir, options.pace) })
}

/// Puts the scenes on their clusters; those that wait for their time come back.
fn bill(options: &Options, clusters: &BTreeMap<ClusterName, Sandbox>) -> Result<Vec<Act>, DemoError> {
    let begins = options.lead_in.is_zero();
    let mut billed = Vec::new();
    for casting in &options.scenes {
        let Some(sandbox) = clusters.get(&casting.cluster) else {
            let known = clusters.keys().map(ClusterName::as_str).collect::<Vec<_>>().join(", ");
            return Err(DemoError::NoCluster { name: casting.cluster.clone(), known });
        };
        billed.push(sandbox.play(casting.act(begins)));
    }
    Ok(if begins { Vec::new() } else { billed })
}

/// All clusters, each made on a task of its own.
async fn clusters(ground: &Arc<Ground>, seed: u64) -> Result<BTreeMap<ClusterName, Sandbox>, DemoError> {
    let make = |(n, spec): (u64, &ClusterSpec)| {
        let (ground, name) = (ground.clone(), spec.name.clone());
        // Each its own seed: two clusters of one kube-system uid would be one.
        let seed = seed.wrapping_mul(1000).wrapping_add(n);
        tokio::spawn(async move { ground.cluster(&name, seed).await.map(|sandbox| (name, sandbox)) })
    };
    let tasks: Vec<_> = (1..).zip(&ground.config.clusters).map(make).collect();
    let mut clusters = BTreeMap::new();
    for task in tasks {
        let (name, sandbox) = task.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        clusters.insert(name, sandbox);
    }
    Ok(clusters)
}

fn config(repository: &Path, dir: &Path) -> Result<Config, DemoError> {
    let url = toml::Value::from(repository.to_string_lossy().into_owned()).to_string();
    let text = assets::CONFIG.replace("@REPOSITORY@", &url);
    Ok(config::parse(&text, &dir.join("config.toml"), dir, Standing::Own)?)
}

/// The ways to the sample clusters, each under the account that the operator has there, and to the repository.
fn ports(config: &Config, clusters: &BTreeMap<ClusterName, Sandbox>, (repository, limits): (PathBuf, Limits)) -> Ports {
    let namespaces: Vec<&str> = config.apps.iter().map(|app| app.namespace.as_str()).collect();
    let limited = account::without_identity_secrets(&namespaces);
    let clusters: BTreeMap<ClusterName, _> = clusters
        .iter()
        .map(|(name, sandbox)| match name.as_str() {
            "prod-us" => (name.clone(), sandbox.as_user(limited.clone())),
            _ => (name.clone(), sandbox.service()),
        })
        .collect();
    reach::ports((repository, limits), move |name| {
        clusters.get(name).map(|service| connect::over(service.clone(), name))
    })
}
