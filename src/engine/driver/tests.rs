//! The loop's own part, event by event, on lines to servers that never answer.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;

use super::*;
use crate::cluster::{self, Discovery, SeenWhat, Served, Target};
use crate::config::Config;
use crate::engine::event::{Contact, Scene};
use crate::engine::setup::Ports;
use crate::engine::world::{Role, SceneState};
use crate::model::{ClusterSpec, Gvk, Live, Without};

fn name() -> ClusterName {
    ClusterName::new("prod")
}

fn target(gvk: &Gvk, resource: &str) -> Target {
    let served = Served { gvk: gvk.clone(), resource: resource.into(), namespaced: true, verbs: Arc::new([]) };
    Target { served, namespace: Some("shop".into()) }
}

fn scene(gvk: &Gvk) -> Scene {
    Scene { kind: gvk.kind(), namespace: "shop".into() }
}

fn config_maps() -> (Gvk, Target) {
    let gvk = Gvk::parse("v1", "ConfigMap");
    (gvk.clone(), target(&gvk, "configmaps"))
}

fn live(gvk: &Gvk, name_of: &str, version: &str) -> Live {
    let key = ResourceKey { cluster: name(), kind: gvk.kind(), namespace: "shop".into(), name: name_of.into() };
    let uid = "u".into();
    Live { key, gvk: gvk.clone(), uid, resource_version: version.into(), created: None, json: "{}".into() }
}

/// A driver with one line, and what it hears with.
fn driver() -> (Driver, Inboxes, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let spec = ClusterSpec {
        name: name(),
        context: None,
        kubeconfig: None,
        protected: false,
        record_namespace: None,
        judge_local: false,
        judge_local_kinds: Vec::new(),
    };
    let first = Now { wall: jiff::Timestamp::UNIX_EPOCH, since_start: Duration::ZERO };
    let setup = Setup {
        config: Config { clusters: vec![spec], ..Config::default() },
        role: Role::Cockpit,
        read_only: true,
        who: Foreign::from("ana"),
        state_dir: dir.path().join("state"),
        scratch_dir: dir.path().join("scratch"),
        ports: Ports::kubeconfig(dir.path().join("cache"), None),
        clock: Clock::held(first).1,
        only: None,
        without: Without::default(),
    };
    let (mut driver, inboxes) = Driver::new(&setup, mpsc::channel(1).0);
    install(&mut driver);
    (driver, inboxes, dir)
}

/// A line, new or in place of the one before, whose server never answers.
fn install(driver: &mut Driver) {
    let mute = tower::service_fn(|_| std::future::pending::<Result<http::Response<Full<Bytes>>, Infallible>>());
    let line = (cluster::connect::over(mute, &name()), Discovery::default(), Vec::new());
    let contact = Contact { context: None, insecure: false, identity: None, version: None };
    driver.deliver(Delivery::Line(name(), Box::new(line), contact));
}

impl Driver {
    /// A watch says something.
    fn says(&mut self, target: &Target, stop: &CancellationToken, what: SeenWhat) {
        self.hear(Seen { cluster: name(), target: target.clone(), stop: stop.clone(), what });
    }

    /// Watches a target, and says by which watch.
    fn watches(&mut self, gvk: &Gvk, target: &Target) -> CancellationToken {
        self.start_watch(&name(), target.clone(), scene(gvk));
        self.lines[&name()].stops[target].clone()
    }

    fn state(&self, gvk: &Gvk) -> Option<&SceneState> {
        self.world.clusters[&name()].scenes.get(&scene(gvk))
    }
}

#[tokio::test]
async fn what_an_old_line_left_in_the_queue_is_no_word_of_the_new_one() {
    let (mut driver, _inboxes, _dir) = driver();
    let (gvk, target) = config_maps();
    let old = driver.watches(&gvk, &target);
    driver.says(&target, &old, SeenWhat::Listed(vec![live(&gvk, "web", "1")]));
    assert_eq!(driver.state(&gvk), Some(&SceneState::Listed));
    install(&mut driver);
    let new = driver.watches(&gvk, &target);
    driver.says(&target, &old, SeenWhat::Listed(vec![live(&gvk, "web", "1")]));
    assert_eq!(driver.state(&gvk), None, "the new watch has listed nothing yet");
    driver.says(&target, &new, SeenWhat::Listed(vec![live(&gvk, "web", "2")]));
    assert_eq!(driver.state(&gvk), Some(&SceneState::Listed));
}

#[tokio::test]
async fn what_a_watch_that_was_begun_anew_said_before_is_not_taken_for_the_new_list() {
    let (mut driver, _inboxes, _dir) = driver();
    let (gvk, target) = config_maps();
    let old = driver.watches(&gvk, &target);
    driver.says(&target, &old, SeenWhat::Listed(vec![live(&gvk, "web", "1")]));
    let stale = crate::engine::world::because(ReasonCode::ClusterStale, "nothing is heard", driver.clock.now());
    let scenes = &mut driver.world.clusters.get_mut(&name()).expect("the cluster").scenes;
    scenes.insert(scene(&gvk), SceneState::Failed(stale.clone()));
    driver.says(&target, &old, SeenWhat::Opened);
    driver.says(&target, &old, SeenWhat::Listed(vec![live(&gvk, "web", "1")]));
    assert_eq!(driver.state(&gvk), Some(&SceneState::Failed(stale)), "its list is asked for, and has not come");
    let new = driver.lines[&name()].stops[&target].clone();
    driver.says(&target, &new, SeenWhat::Listed(vec![live(&gvk, "web", "2")]));
    assert_eq!(driver.state(&gvk), Some(&SceneState::Listed));
}

#[tokio::test]
async fn what_is_said_while_a_kind_may_be_going_is_held_within_bounds_and_listed_again() {
    let (mut driver, _inboxes, _dir) = driver();
    let gvk = Gvk::parse("shop.example.com/v1", "Widget");
    let target = target(&gvk, "widgets");
    let old = driver.watches(&gvk, &target);
    driver.says(&target, &old, SeenWhat::Listed(vec![live(&gvk, "blue", "1")]));
    driver.says(&target, &old, SeenWhat::Gone(live(&gvk, "blue", "1").key));
    for version in 0..5_000 {
        driver.says(&target, &old, SeenWhat::Changed(live(&gvk, "red", &version.to_string())));
    }
    let held = driver.lines[&name()].held.values().map(|held| held.seen.len()).sum::<usize>();
    assert!(held <= 1_024, "the server takes its time with the answer, and {held} words wait for it");
    driver.after_question(&name(), target.clone(), false);
    assert!(old.is_cancelled(), "what was let go is not to be had from the old watch");
    let new = driver.lines[&name()].stops[&target].clone();
    driver.says(&target, &new, SeenWhat::Listed(vec![live(&gvk, "red", "4999")]));
    driver.after_question(&name(), target.clone(), false);
    let store = &driver.lines[&name()].store;
    assert!(store.get(&live(&gvk, "blue", "1").key).is_none(), "it was deleted");
    let red = store.get(&live(&gvk, "red", "").key).map(|live| live.resource_version.to_string());
    assert_eq!(red.as_deref(), Some("4999"));
}
