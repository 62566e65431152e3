//! The road, end to end: from a commit to the fleet and back, on the real kube-apiserver and on the sandbox.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/road.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod road;
#[path = "support/stage.rs"]
mod stage;

#[path = "road/agent.rs"]
mod agent;
#[path = "road/alone.rs"]
mod alone;
#[path = "road/cost.rs"]
mod cost;
#[path = "road/definitions.rs"]
mod definitions;
#[path = "road/differ.rs"]
mod differ;
#[path = "road/drift.rs"]
mod drift;
#[path = "road/hold.rs"]
mod hold;
#[path = "road/ignore.rs"]
mod ignore;
#[path = "road/inputs.rs"]
mod inputs;
#[path = "road/mend.rs"]
mod mend;
#[path = "road/places.rs"]
mod places;
#[path = "road/prune.rs"]
mod prune;
#[path = "road/revert.rs"]
mod revert;
#[path = "road/scene.rs"]
mod scene;
#[path = "road/seen.rs"]
mod seen;
#[path = "road/strangers.rs"]
mod strangers;

/// Two tests for each scene: on the real server, and on the sandbox.
macro_rules! scenes {
    ($($scene:ident)*) => {
        mod on_the_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scene() {
                super::$scene(crate::stage::Place::Server).await;
            })*
        }
        mod on_the_sandbox {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scene() {
                crate::differ::on_the_sandbox(stringify!($scene), super::$scene(crate::stage::Place::Sandbox)).await;
            })*
        }
    };
}
pub(crate) use scenes;
