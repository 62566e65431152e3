use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::*;
use crate::model::Now;

fn held() -> (watch::Sender<Now>, Clock) {
    let wall: Timestamp = "2026-11-21T14:02:00Z".parse().expect("a time");
    Clock::held(Now { wall, since_start: Duration::from_secs(10) })
}

async fn demo(is_scripted: bool) -> (watch::Sender<Now>, Demo) {
    let (sender, clock) = held();
    let options = Options { is_scripted, ..Options::headless(clock, Role::Cockpit) };
    (sender, start(options).await.expect("the demo starts"))
}

fn get(stage: &Stage, cluster: &str, path: &str) -> serde_json::Value {
    let answer = stage.sandbox(cluster).expect("the cluster").request("GET", path, &serde_json::Value::Null, "");
    assert_eq!(answer.status, 200, "{cluster} {path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn nothing_is_left_behind_after_the_drop() {
    let (_sender, demo) = demo(true).await;
    let dir = demo.stage.directory().to_owned();
    for inside in [&demo.setup.state_dir, &demo.setup.scratch_dir] {
        assert!(inside.starts_with(&dir), "{} lies outside the demo's directory", inside.display());
    }
    std::fs::create_dir_all(demo.setup.scratch_dir.join("deep/er")).expect("what an engine writes");
    assert!(dir.join("platform.git").is_dir(), "the repository is there");
    drop(demo);
    assert!(!dir.exists(), "the directory goes with the stage");
}

#[tokio::test]
async fn a_panic_leaves_nothing_behind() {
    let dir = tokio::spawn(async {
        let (_sender, demo) = demo(false).await;
        let dir = demo.stage.directory().to_owned();
        std::panic::panic_any(dir);
    })
    .await
    .expect_err("it panicked")
    .into_panic()
    .downcast::<std::path::PathBuf>()
    .expect("the directory");
    assert!(!dir.exists(), "unwinding drops the stage");
}

#[tokio::test]
async fn the_clusters_have_a_past_with_records_and_healthy_pods() {
    let (_sender, demo) = demo(false).await;
    let path = "/apis/apps/v1/namespaces/shop/deployments/payments";
    let live = get(&demo.stage, "prod-eu", path);
    assert_eq!(live["spec"]["replicas"], 5, "scaled by hand");
    assert_eq!(live["status"]["readyReplicas"], 5, "and its pods are ready");
    let managers = live["metadata"]["managedFields"].as_array().expect("managers");
    let mut names: Vec<_> = managers.iter().filter_map(|entry| entry["manager"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["driftdeck", "kube-controller-manager", "kubectl-edit"]);
    let record = get(&demo.stage, "prod-eu", "/api/v1/namespaces/shop/configmaps/driftdeck.payments");
    assert!(record["data"]["app.json"].as_str().expect("text").contains("driftdeck agent"));
}

#[tokio::test]
async fn one_seed_and_one_time_make_one_fleet() {
    let uid = |demo: &Demo| {
        get(&demo.stage, "prod-us", "/apis/apps/v1/namespaces/web/deployments/web")["metadata"]["uid"].clone()
    };
    let head = |demo: &Demo| (demo.setup.ports.open)(&demo.setup.config.repos[0]).expect("opens").resolve("main");
    let ((_a, one), (_b, other)) = (demo(false).await, demo(false).await);
    assert_eq!(uid(&one), uid(&other));
    assert_eq!(head(&one).expect("a head"), head(&other).expect("a head"));
}

#[tokio::test]
async fn the_script_is_played_as_kubectl_and_git_would() {
    let (sender, demo) = demo(true).await;
    let mirror = (demo.setup.ports.open)(&demo.setup.config.repos[0]).expect("opens");
    let (before, first) = (mirror.resolve("main").expect("a head"), *sender.borrow());
    let writes = |stage: &Stage| -> u64 {
        let count = |cluster: &str| {
            stage.sandbox(cluster).map_or(0, |sandbox| sandbox.requests().get("patch").copied().unwrap_or_default())
        };
        count("prod-us") + count("stage-eu")
    };
    let patches = writes(&demo.stage);
    for second in (0..1800).step_by(20) {
        let wall = first.wall + SignedDuration::from_secs(second);
        let since_start = first.since_start + Duration::from_secs(second.unsigned_abs());
        sender.send_replace(Now { wall, since_start });
        demo.stage.beat();
    }
    let after = mirror.resolve("main").expect("a head");
    assert!(mirror.ahead(&before, &after).expect("counted") > 5, "half an hour has commits");
    assert!(writes(&demo.stage) > patches + 10, "and edits");
    let now = demo.stage.sandbox("stage-eu").expect("a cluster").now();
    assert!(now > first.wall + SignedDuration::from_mins(29), "the clusters' time has moved");
}

/// Every move of the script is one that the clusters and the repository take.
#[tokio::test]
async fn no_move_of_the_script_is_refused() {
    let (_sender, demo) = demo(false).await;
    let mut script = script::Script::new(3, Timestamp::UNIX_EPOCH);
    for second in 0..6_000 {
        let at = Timestamp::from_second(second).expect("a time");
        if let Some(next) = script.next(at) {
            demo.stage.play(&next).unwrap_or_else(|error| panic!("{next:?}: {error}"));
        }
    }
}
