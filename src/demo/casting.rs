//! Which scene plays on which sample cluster: what `driftdeck demo --scene` takes.

use std::str::FromStr;

use crate::model::{ClusterName, Foreign};
use crate::sandbox::{Act, Scene, UnknownScene};

/// Where a scene plays unless told otherwise: a cluster on which one may also sync without a typed word.
const STAGE: &str = "stage-eu";

/// A scene and its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Casting {
    /// What plays.
    pub scene: Scene,
    /// Where.
    pub cluster: ClusterName,
}

impl FromStr for Casting {
    type Err = UnknownScene;

    /// `SCENE`, or `SCENE@CLUSTER`; whether there is such a cluster is seen when the demo starts.
    fn from_str(text: &str) -> Result<Self, UnknownScene> {
        let (scene, cluster) = text.split_once('@').unwrap_or((text, STAGE));
        Ok(Self { scene: scene.parse()?, cluster: ClusterName::new(cluster) })
    }
}

impl Casting {
    /// What the operator is told.
    #[must_use]
    pub fn notice(&self) -> Foreign {
        Foreign::new(format!("scene {} on {}: {}", self.scene, self.cluster, self.scene.sentence()))
    }

    /// Ready to play; `begins` = at once.
    pub(super) fn act(&self, begins: bool) -> Act {
        let act = Act::of(self.scene);
        if begins { act } else { act.waiting() }
    }
}
