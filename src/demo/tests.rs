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
    assert!(record["data"]["app.json"].as_str().expect("text").contains("lee@ops"));
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

/// Plays so many seconds of the script, one beat each.
fn play(sender: &watch::Sender<Now>, stage: &Stage, seconds: u64) {
    for _ in 0..seconds {
        sender.send_modify(|now| {
            now.since_start += Duration::from_secs(1);
            now.wall += SignedDuration::from_secs(1);
        });
        stage.beat();
    }
}

#[tokio::test]
async fn what_you_have_worked_on_is_left_alone() {
    let (sender, demo) = demo(true).await;
    let stage = &demo.stage;
    let path = "/api/v1/namespaces/search/configmaps/driftdeck.search";
    let record = get(stage, "stage-eu", path)["data"]["app.json"].as_str().expect("text").to_owned();
    let mut record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    let now = sender.borrow().wall.to_string();
    let yours = serde_json::json!({"what": "sync", "by": YOU, "time": now, "commit": null, "result": "done"});
    record["operations"].as_array_mut().expect("operations").push(yours);
    let change = serde_json::json!({"data": {"app.json": record.to_string()}});
    let written =
        stage.sandbox("stage-eu").expect("a cluster").request("PATCH", path, &change, "application/merge-patch+json");
    assert_eq!(written.status, 200, "{}", written.body);
    play(&sender, stage, 30);
    let config = get(stage, "stage-eu", "/api/v1/namespaces/search/configmaps/search-config");
    assert_eq!(config["data"]["SYNONYMS"], "on", "nobody edits what is yours");
    let left: Vec<String> = stage.played().into_iter().filter_map(|one| one.left).collect();
    assert_eq!(left, ["search@stage-eu is yours for now"; 2]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/catalog";
    assert_eq!(get(stage, "prod-eu", path)["spec"]["paused"], true, "the rest of the fleet goes on living");
}

#[tokio::test]
async fn what_is_not_as_the_script_left_it_is_left_alone() {
    let (sender, demo) = demo(true).await;
    let path = "/apis/apps/v1/namespaces/shop/deployments/catalog";
    play(&sender, &demo.stage, 30);
    assert_eq!(get(&demo.stage, "prod-eu", path)["spec"]["paused"], true, "the rollout is held");
    let change = serde_json::json!({"spec": {"paused": false}});
    let sandbox = demo.stage.sandbox("prod-eu").expect("a cluster");
    assert_eq!(sandbox.request("PATCH", path, &change, "application/merge-patch+json").status, 200);
    play(&sender, &demo.stage, 110);
    assert_ne!(get(&demo.stage, "prod-eu", path)["spec"]["paused"], true, "what you wrote stays");
    let played = demo.stage.played();
    let left = played.iter().find(|one| one.typed.contains("catalog") && one.left.is_some()).expect("one was left out");
    assert!(left.left.as_deref().is_some_and(|why| why.ends_with("not as expected")), "{left:?}");
}
