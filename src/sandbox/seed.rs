//! What a sandbox begins with: the shipped documents, the system's own objects, and its dice.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::SandboxError;
use super::core::{State, World};
use super::kinds::Kinds;
use super::openapi::Documents;
use super::route::{Part, Target};
use super::write::{Author, create};
use crate::schema::Schemas;

/// Nodes of a fresh cluster.
const NODES: usize = 3;

/// What all sandboxes of a process share; the documents are read once.
pub(super) struct Shipped {
    pub(super) kinds: Arc<Kinds>,
    pub(super) schemas: Schemas,
    pub(super) documents: Arc<Documents>,
}

/// The unchanging part of a new sandbox.
pub(super) fn world(version: String) -> Result<World, SandboxError> {
    static SHIPPED: OnceLock<Result<Arc<Shipped>, SandboxError>> = OnceLock::new();
    match SHIPPED.get_or_init(load) {
        Ok(shipped) => Ok(World {
            kinds: shipped.kinds.clone(),
            schemas: shipped.schemas.clone(),
            documents: shipped.documents.clone(),
            version,
            base: shipped.clone(),
        }),
        Err(error) => Err(error.clone()),
    }
}

fn load() -> Result<Arc<Shipped>, SandboxError> {
    let documents = Documents::load();
    let mut schemas = Schemas::default();
    for key in documents.keys() {
        let wrong = |what: String| SandboxError::Asset { asset: key.to_owned(), what };
        schemas.add(&documents.read(key)).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(Arc::new(Shipped { kinds: Arc::new(Kinds::load()?), schemas, documents: Arc::new(documents) }))
}

/// Writes the system's own objects, as kube-apiserver and the kubelets do.
pub(super) fn plant(world: &World, state: &mut State) {
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        put(
            world,
            state,
            ("kube-apiserver", ""),
            json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
            }),
        );
    }
    put(
        world,
        state,
        ("kube-apiserver", "default"),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
        }),
    );
    for n in 1..=NODES {
        put(
            world,
            state,
            ("kubelet", ""),
            json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": format!("node-{n}"), "labels": {"kubernetes.io/hostname": format!("node-{n}")}},
            }),
        );
    }
}

/// A refusal here would be a fault of this file; the tests of the seed would show the object missing.
fn put(world: &World, state: &mut State, (manager, namespace): (&str, &str), object: Value) {
    let Some(kind) = world.kinds.of("", object["kind"].as_str().unwrap_or_default()) else { return };
    let target = Target { kind: kind.clone(), namespace: namespace.to_owned(), name: String::new(), part: Part::Whole };
    let _ = create::create(world, state, &target, (object, &Author::controller(manager)));
}

/// A small seeded generator (splitmix64): repeatable, not for secrets.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.roll(), self.roll());
        let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }

    /// A suffix as `generateName` and pod names have: letters and digits that spell no words.
    pub(super) fn suffix(&mut self) -> String {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut roll = self.roll();
        let mut letter = || {
            let at = usize::try_from(roll % 27).unwrap_or_default();
            roll /= 27;
            char::from(LETTERS[at])
        };
        (0..5).map(|_| letter()).collect()
    }
}
