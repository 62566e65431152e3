//! Watches: each change once, in order; bookmarks, time-outs, streaming lists, 410.

use futures::FutureExt as _;
use http_body_util::{BodyExt as _, Empty};
use tower_service::Service as _;

use super::*;

pub(super) struct Watching(Body);

impl Watching {
    pub(super) fn open(sandbox: &Sandbox, path: &str) -> Self {
        Self::open_as(sandbox, path, "application/json")
    }

    /// The same, for another shape of answer.
    pub(super) fn open_as(sandbox: &Sandbox, path: &str, accept: &str) -> Self {
        let request = http::Request::get(path)
            .header(http::header::ACCEPT, accept)
            .body(Empty::<bytes::Bytes>::new())
            .expect("a request");
        let response = sandbox.service().call(request).now_or_never().expect("answered").expect("reachable");
        assert_eq!(response.status(), 200, "{path}");
        Self(response.into_body())
    }

    /// The events there are now, as (type, name or version); the second says whether the stream has ended.
    pub(super) fn take(&mut self) -> (Vec<(String, Value)>, Option<bool>) {
        let mut out = Vec::new();
        loop {
            let Some(frame) = self.0.frame().now_or_never() else { return (out, None) };
            let Some(frame) = frame else { return (out, Some(true)) };
            let Ok(frame) = frame else { return (out, Some(false)) };
            let bytes = frame.into_data().expect("data");
            for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                let event: Value = serde_json::from_slice(line).expect("a line is one event");
                out.push((event["type"].as_str().unwrap_or_default().to_owned(), event["object"].clone()));
            }
        }
    }

    fn names(&mut self) -> Vec<String> {
        let (events, _) = self.take();
        let short =
            |(what, object): (String, Value)| format!("{what} {}", object["metadata"]["name"].as_str().unwrap_or("-"));
        events.into_iter().map(short).collect()
    }
}

fn put(sandbox: &Sandbox, name: &str, data: &Value) {
    send_as(sandbox, &format!("PATCH {MAPS}/{name}?fieldManager=t&force=true"), (&config_map(name, data), APPLY), {
        if sandbox.request("GET", &format!("{MAPS}/{name}"), &Value::Null, "").status == 404 { 201 } else { 200 }
    });
}

#[test]
fn a_watch_sees_each_change_once_and_in_order() {
    let sandbox = shop();
    put(&sandbox, "before", &json!({}));
    let from = version(&sandbox);
    let mut watching = Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}"));
    assert_eq!(watching.names(), Vec::<String>::new(), "nothing from before");
    put(&sandbox, "a", &json!({"k": "1"}));
    put(&sandbox, "a", &json!({"k": "2"}));
    put(&sandbox, "a", &json!({"k": "2"}));
    send(&sandbox, "POST /api/v1/namespaces/default/configmaps", &config_map("elsewhere", &json!({})), 201);
    send(&sandbox, &format!("DELETE {MAPS}/a"), &Value::Null, 200);
    let (events, ended) = watching.take();
    let kinds: Vec<&str> = events.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!((kinds, ended), (vec!["ADDED", "MODIFIED", "DELETED"], None));
    let versions: Vec<u64> = events
        .iter()
        .map(|(_, object)| {
            object["metadata"]["resourceVersion"].as_str().unwrap_or_default().parse().expect("a number")
        })
        .collect();
    assert!(versions.is_sorted() && versions.iter().all(|v| *v > from.parse().expect("a number")), "{versions:?}");
    assert_eq!(events[1].1["data"], json!({"k": "2"}));
    assert_eq!(watching.names(), Vec::<String>::new(), "no event comes twice");
}

#[test]
fn a_selector_turns_leaving_into_a_deletion() {
    let sandbox = shop();
    let from = version(&sandbox);
    let path = format!("{MAPS}?watch=true&labelSelector=l%3Dx&resourceVersion={from}");
    let mut watching = Watching::open(&sandbox, &path);
    let label = |value: &str| {
        let relabel = json!({"metadata": {"labels": {"l": value}}});
        send_as(&sandbox, &format!("PATCH {MAPS}/a"), (&relabel, MERGE), 200);
    };
    put(&sandbox, "a", &json!({}));
    label("x");
    label("y");
    assert_eq!(watching.names(), ["ADDED a", "DELETED a"]);
}

#[test]
fn a_streaming_list_ends_with_its_bookmark() {
    let sandbox = shop();
    put(&sandbox, "a", &json!({}));
    put(&sandbox, "b", &json!({}));
    let path =
        format!("{MAPS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");
    let mut watching = Watching::open(&sandbox, &path);
    let (events, _) = watching.take();
    let kinds: Vec<&str> = events.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(kinds, ["ADDED", "ADDED", "BOOKMARK"]);
    let metadata = &events[2].1["metadata"];
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(metadata["resourceVersion"], version(&sandbox).as_str());
    put(&sandbox, "c", &json!({}));
    assert_eq!(watching.names(), ["ADDED c"]);
}

#[test]
fn a_watch_from_before_a_compaction_gets_410_and_ends() {
    let sandbox = shop();
    let from = version(&sandbox);
    put(&sandbox, "a", &json!({}));
    let mut open = Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}"));
    sandbox.compact();
    for mut watching in [Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}")), {
        open.0.frame().now_or_never();
        open
    }] {
        let (events, ended) = watching.take();
        if let Some((what, status)) = events.first() {
            assert_eq!((what.as_str(), &status["code"], &status["reason"]), ("ERROR", &json!(410), &json!("Expired")));
        }
        assert_eq!(ended, Some(true), "the stream ends after it");
    }
}

#[test]
fn time_outs_and_bookmarks_go_by_the_sandbox_clock() {
    let sandbox = shop();
    let from = version(&sandbox);
    let path = format!("{MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion={from}");
    let mut watching = Watching::open(&sandbox, &path);
    assert_eq!(watching.take(), (Vec::new(), None));
    sandbox.advance(Duration::from_secs(61));
    let (events, ended) = watching.take();
    assert_eq!((events.len(), ended), (1, None));
    assert_eq!(events[0].0, "BOOKMARK");
    sandbox.advance(Duration::from_secs(30));
    assert_eq!(watching.take().1, Some(true), "the time is over");
}

#[test]
fn a_cut_breaks_a_watch_off_and_a_mute_cluster_says_nothing() {
    let sandbox = shop();
    let from = version(&sandbox);
    let mut watching = Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}"));
    sandbox.mute();
    put_silently(&sandbox);
    assert_eq!(watching.take(), (Vec::new(), None), "mute: neither event nor end");
    sandbox.cut();
    assert_eq!(watching.take().1, Some(false), "cut: an error");
}

/// Time moves on a mute cluster too; nothing of it is heard.
fn put_silently(sandbox: &Sandbox) {
    sandbox.advance(Duration::from_mins(10));
}

/// Writes by the store's own door, where only their number matters.
fn write_often(sandbox: &Sandbox, kind: &str, times: usize) {
    let mut state = sandbox.core.state();
    let kind = state.world.kinds.of("", kind).expect("a kind").id;
    let object = json!({"metadata": {"namespace": "shop", "name": "busy"}});
    for _ in 0..times {
        state.store.put(kind, &object);
    }
    state.wake(Some(kind));
}

#[test]
fn a_watch_of_a_quiet_kind_survives_what_others_write() {
    let sandbox = shop();
    let from = version(&sandbox);
    let mut watching = Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}"));
    assert_eq!(watching.take(), (Vec::new(), None));
    write_often(&sandbox, "Secret", 20_000);
    put(&sandbox, "a", &json!({}));
    assert_eq!(watching.names(), ["ADDED a"], "nothing of its own kind was missed");
}

#[test]
fn a_watcher_that_reads_too_slowly_is_closed_and_told_when_it_comes_again() {
    let sandbox = shop();
    put(&sandbox, "a", &json!({}));
    let from = version(&sandbox);
    let path = format!("{MAPS}?watch=true&resourceVersion={from}");
    let mut slow = Watching::open(&sandbox, &path);
    assert_eq!(slow.take(), (Vec::new(), None), "it is there");
    write_often(&sandbox, "ConfigMap", 20_000);
    assert_eq!(slow.take(), (Vec::new(), Some(true)), "closed, as kube-apiserver closes it");
    let (events, ended) = Watching::open(&sandbox, &path).take();
    assert_eq!((&events[0].0[..], &events[0].1["code"], ended), ("ERROR", &json!(410), Some(true)));
}

#[test]
fn a_long_stream_of_events_comes_in_frames_and_in_order() {
    let sandbox = shop();
    let from = version(&sandbox);
    let mut watching = Watching::open(&sandbox, &format!("{MAPS}?watch=true&resourceVersion={from}"));
    write_often(&sandbox, "ConfigMap", 3_000);
    let (events, ended) = watching.take();
    let versions: Vec<u64> = events
        .iter()
        .map(|(_, object)| {
            object["metadata"]["resourceVersion"].as_str().expect("a version").parse().expect("a number")
        })
        .collect();
    assert_eq!((versions.len(), ended), (3_000, None));
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order");
}

#[test]
fn a_streaming_list_tells_the_state_it_was_opened_at() {
    let sandbox = shop();
    put(&sandbox, "a", &json!({"k": "before"}));
    let path =
        format!("{MAPS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");
    let mut watching = Watching::open(&sandbox, &path);
    put(&sandbox, "a", &json!({"k": "after"}));
    let told: Vec<String> =
        watching.take().0.into_iter().map(|(what, object)| format!("{what} {}", object["data"]["k"])).collect();
    assert_eq!(told, ["ADDED \"before\"", "BOOKMARK null", "MODIFIED \"after\""]);
}
