use super::super::room_tests::{cluster_of, config_maps};
use super::*;

const LIST: &str = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[
    {"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"3","creationTimestamp":null}},
    {"metadata":{"name":"other","namespace":"elsewhere","uid":"u2","resourceVersion":"3"}}]}"#;

fn target() -> Target {
    Target { served: config_maps(), namespace: Some("n".into()) }
}

fn start(cluster: &Cluster) -> (mpsc::Receiver<Seen>, tokio_util::sync::DropGuard) {
    let (out, seen) = mpsc::channel(8);
    let stop = CancellationToken::new();
    cluster.watch(target(), out, stop.clone());
    (seen, stop.drop_guard())
}

/// What was said, in short.
async fn next(seen: &mut mpsc::Receiver<Seen>) -> String {
    match seen.recv().await.expect("it goes on").what {
        SeenWhat::Listed(all) => format!("listed {}", all.len()),
        SeenWhat::Changed(live) => format!("changed {} {}", live.key.name, live.resource_version),
        SeenWhat::Gone(key) => format!("gone {}", key.name),
        SeenWhat::Failed(error) => format!("failed {}", error.kind.word()),
        SeenWhat::Opened => "opened".to_owned(),
        SeenWhat::Alive => "alive".to_owned(),
    }
}

fn line(kind: &str, name: &str, version: &str) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"object\":{{\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"n\",\"resourceVersion\":\"{version}\"}}}}}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_list_then_events_then_the_next_watch_from_the_last_version() {
    let (cluster, asked) = cluster_of(|asked, _| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ if asked.ends_with("resourceVersion=7") => {
            let stream = [
                line("ADDED", "b", "8"),
                line("MODIFIED", "a", "9"),
                line("DELETED", "b", "10"),
                line("BOOKMARK", "", "12"),
            ];
            (200, stream.concat())
        }
        _ => (200, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"na".to_owned()),
    });
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "listed 1", "an object of another namespace is not taken");
    for said in ["opened", "changed b 8", "changed a 9", "gone b", "alive", "opened", "opened"] {
        assert_eq!(next(&mut seen).await, said, "in the server's order; half a line says nothing");
    }
    assert!(asked.count("resourceVersion=12") >= 2, "resumed from the bookmark: {:?}", asked.all());
    assert_eq!(asked.count("limit="), 1, "nothing was listed again");
    assert_eq!(next(&mut seen).await, "listed 1", "two watches without an event prove nothing: what is there is asked");
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_list_becomes_a_whole_object() {
    let (cluster, _) = cluster_of(|_, _| (200, LIST.to_owned()));
    let (mut seen, _guard) = start(&cluster);
    let SeenWhat::Listed(all) = seen.recv().await.expect("a list").what else { panic!("a list first") };
    let value: serde_json::Value = serde_json::from_str(&all[0].json).expect("still JSON");
    assert_eq!((&value["apiVersion"], &value["kind"]), (&"v1".into(), &"ConfigMap".into()), "lists leave them out");
    assert_eq!(all[0].created, None, "a null time is none");
}

#[tokio::test(start_paused = true)]
async fn after_410_it_lists_again_once_and_says_no_failure() {
    let gone = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#;
    let (cluster, asked) = cluster_of(move |asked, before| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ if before == 0 => (200, format!("{gone}\n")),
        _ => (200, line("MODIFIED", "a", "9")),
    });
    let (mut seen, _guard) = start(&cluster);
    for said in ["listed 1", "opened", "listed 1", "opened", "changed a 9"] {
        assert_eq!(next(&mut seen).await, said, "no flash to failed or empty");
    }
    assert_eq!(asked.count("limit="), 2, "one relist");
}

#[tokio::test(start_paused = true)]
async fn a_break_resumes_without_a_list() {
    let (cluster, asked) = cluster_of(|asked, before| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ if before < 2 => (503, "gone fishing".to_owned()),
        _ => (200, line("MODIFIED", "a", "9")),
    });
    let (mut seen, _guard) = start(&cluster);
    for said in ["listed 1", "failed unreachable", "failed unreachable", "opened", "changed a 9"] {
        assert_eq!(next(&mut seen).await, said);
    }
    assert_eq!(asked.count("limit="), 1, "what was known is still known: no relist storm after a restart");
}

#[tokio::test(start_paused = true)]
async fn forbidden_is_said_and_asked_again_slowly() {
    let (cluster, _) = cluster_of(|_, _| (403, "{}".to_owned()));
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "failed forbidden");
    let began = Instant::now();
    assert_eq!(next(&mut seen).await, "failed forbidden");
    assert!(began.elapsed() >= Duration::from_secs(10), "a right that lacks is not asked for in a loop");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_not_read_its_roles_yet_takes_nothing_away() {
    let (cluster, asked) = cluster_of(|asked, before| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ if before < 8 => (503, "starting".to_owned()),
        _ if before < 11 => (403, "{}".to_owned()),
        _ => (200, line("MODIFIED", "a", "9")),
    });
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "listed 1");
    for _ in 0..8 {
        assert_eq!(next(&mut seen).await, "failed unreachable");
    }
    assert_eq!(next(&mut seen).await, "failed unreachable", "no right is gone because a server is young");
    let began = Instant::now();
    for said in ["failed unreachable", "failed unreachable", "opened", "changed a 9"] {
        assert_eq!(next(&mut seen).await, said);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "it is asked again soon: {:?}", began.elapsed());
    assert_eq!(asked.count("limit="), 1, "and from where it was");
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_taken_away_is_told_within_ten_seconds() {
    let (cluster, _) = cluster_of(|asked, _| match asked {
        _ if asked.contains("watch=true") => (403, "{}".to_owned()),
        _ if asked.contains("limit=") => (200, LIST.to_owned()),
        _ => (404, "{}".to_owned()),
    });
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "listed 1");
    let began = Instant::now();
    for _ in 0..DOUBTS {
        assert_eq!(next(&mut seen).await, "failed unreachable", "it may be a server that has just started");
    }
    assert_eq!(next(&mut seen).await, "failed forbidden");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_watches_at_once_is_not_hammered() {
    let (cluster, asked) = cluster_of(|asked, _| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ => (200, String::new()),
    });
    let (mut seen, _guard) = start(&cluster);
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(1) {
        next(&mut seen).await;
    }
    assert!(asked.count("watch=true") < 15, "pauses grow: {}", asked.count("watch=true"));
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_no_events_say_nothing_and_are_not_asked_for_in_a_loop() {
    let junk = "not json\n{\"type\":\"ADDED\"}\n{\"type\":\"WHAT\",\"object\":{}}\n[]\n";
    let (cluster, asked) = cluster_of(move |asked, _| match asked {
        _ if !asked.contains("watch=true") => (200, LIST.to_owned()),
        _ => (200, junk.to_owned()),
    });
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "listed 1");
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(1) {
        let said = next(&mut seen).await;
        assert!(matches!(&*said, "opened" | "listed 1"), "junk is no change, and what is there is asked: {said}");
    }
    assert!(asked.count("watch=true") < 15, "pauses grow: {}", asked.count("watch=true"));
}

#[tokio::test(start_paused = true)]
async fn pages_are_put_together_and_bounded() {
    let page = |version: &str, more: &str| {
        format!(
            r#"{{"metadata":{{"resourceVersion":"{version}","continue":"{more}"}},"items":[{{"metadata":{{"name":"{version}{more}","namespace":"n"}}}}]}}"#
        )
    };
    let (cluster, _) = cluster_of(move |asked, _| match asked {
        _ if asked.contains("watch=true") => (200, line("BOOKMARK", "", "9")),
        _ if asked.contains("continue=b%2F2") => (200, page("7", "")),
        _ => (200, page("7", "b/2")),
    });
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "listed 2", "both pages in one list");
    let (cluster, asked) = cluster_of(move |_, _| (200, page("7", "again")));
    let (mut seen, _guard) = start(&cluster);
    assert_eq!(next(&mut seen).await, "failed failed", "a list without an end is refused");
    assert_eq!(asked.all().len(), PAGES_CAP);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_watch_is_silent() {
    let (cluster, _) = cluster_of(|_, _| (200, LIST.to_owned()));
    let (mut seen, guard) = start(&cluster);
    next(&mut seen).await;
    drop(guard);
    while seen.recv().await.is_some() {}
}
