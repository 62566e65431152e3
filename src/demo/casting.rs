//! Which scene plays on which sample cluster: what `driftdeck demo --scene` takes.

use std::str::FromStr;

use crate::model::ClusterName;
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
    pub fn sentence(&self) -> String {
        format!("scene {} on {}: {}", self.scene, self.cluster, self.scene.sentence())
    }

    /// Ready to play; `begins` = at once.
    pub(super) fn act(&self, begins: bool) -> Act {
        let act = Act::of(self.scene);
        if begins { act } else { act.waiting() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Demo, DemoError, Options, start};
    use super::*;
    use crate::engine::{Clock, Role};
    use crate::model::Now;

    fn of(text: &str) -> Casting {
        text.parse().expect("a scene")
    }

    #[test]
    fn a_scene_may_name_its_cluster() {
        assert_eq!(of("quota"), Casting { scene: Scene::Quota, cluster: ClusterName::new("stage-eu") });
        assert_eq!(of("429@prod-us"), Casting { scene: Scene::Throttled, cluster: ClusterName::new("prod-us") });
        let sentence = of("cut").sentence();
        assert_eq!(sentence, "scene cut on stage-eu: nobody answers, and open watches break off");
        assert_eq!("qouta@prod-us".parse::<Casting>().expect_err("none").nearest, Some(Scene::Quota));
    }

    async fn demo(scenes: &[&str], lead_in: u64) -> Result<(tokio::sync::watch::Sender<Now>, Demo), DemoError> {
        let wall = "2026-11-21T14:02:00Z".parse().expect("a time");
        let (hand, clock) = Clock::held(Now { wall, since_start: Duration::from_secs(10) });
        let scenes = scenes.iter().map(|text| of(text)).collect();
        let lead_in = Duration::from_secs(lead_in);
        Ok((hand, start(Options { scenes, lead_in, ..Options::headless(clock, Role::Cockpit) }).await?))
    }

    fn playing(demo: &Demo, cluster: &str) -> Vec<Scene> {
        let acts = demo.stage.sandbox(cluster).expect("the cluster").acts();
        acts.iter().filter(|act| act.is_on()).map(Act::scene).collect()
    }

    #[tokio::test]
    async fn scenes_begin_after_their_lead_in_each_on_its_cluster() {
        let (hand, demo) = demo(&["quota", "slow", "mute@prod-us"], 5).await.expect("a demo");
        demo.stage.beat();
        assert_eq!(playing(&demo, "stage-eu"), [], "the fleet is well at first");
        hand.send_modify(|now| now.since_start += Duration::from_secs(5));
        demo.stage.beat();
        assert_eq!(playing(&demo, "stage-eu"), [Scene::Quota, Scene::Slow]);
        assert_eq!((playing(&demo, "prod-us"), playing(&demo, "prod-eu")), (vec![Scene::Mute], vec![]));
    }

    #[tokio::test]
    async fn without_a_lead_in_they_begin_at_once_and_a_wrong_cluster_is_told_with_those_there_are() {
        let (_hand, begun) = demo(&["cut"], 0).await.expect("a demo");
        assert_eq!(playing(&begun, "stage-eu"), [Scene::Cut]);
        let wrong = demo(&["cut@nowhere"], 0).await.map(drop).expect_err("no such cluster").to_string();
        assert!(wrong.starts_with("there is no sample cluster \"nowhere\" for a scene; there are "), "{wrong}");
        assert!(wrong.contains("prod-eu, prod-us, stage-eu"), "{wrong}");
    }
}
