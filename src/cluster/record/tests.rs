use super::super::room_tests::cluster_of;
use super::*;
use crate::model::{CommitId, Kind};

fn lines_of(count: usize) -> Vec<InventoryLine> {
    let line = |n: usize| InventoryLine {
        kind: Kind::new("apps", "Deployment"),
        namespace: "shop".into(),
        name: format!("d-{n}").into(),
        uid: crate::model::Digest::of_bytes(&n.to_le_bytes()).0,
        commit: CommitId::new("9f31c2a"),
        hash: crate::model::Digest::of_bytes(format!("h{n}").as_bytes()).0,
    };
    (0..count).map(line).collect()
}

fn unpacked(parts: &[Vec<u8>]) -> Vec<InventoryLine> {
    let read = |part: &Vec<u8>| {
        let binary_data = BTreeMap::from([("inventory".to_owned(), STANDARD.encode(part))]);
        lines(&ConfigMap { binary_data, ..ConfigMap::default() }).expect("what we packed")
    };
    parts.iter().flat_map(read).collect()
}

#[test]
fn an_inventory_comes_back_as_it_went() {
    for count in [0, 1, 2_000] {
        let parts = pack(&lines_of(count)).expect("packed");
        assert_eq!(parts.len(), 1, "{count} objects fit one part");
        assert_eq!(unpacked(&parts), lines_of(count));
    }
}

#[test]
fn a_large_inventory_goes_on_in_further_parts() {
    let parts = pack(&lines_of(20_000)).expect("packed");
    assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= PART_CAP), "each part fits a ConfigMap");
    assert_eq!(unpacked(&parts), lines_of(20_000), "in order");
}

/// What reading a ConfigMap with these parts says.
async fn read(label: &str, app_json: &str, inventory: &str) -> Result<Option<Record>, CallKind> {
    let body = json!({
        "metadata": {"resourceVersion": "5", "labels": {LABEL: label}},
        "data": {"app.json": app_json}, "binaryData": {"inventory": inventory},
    });
    let (cluster, _) = cluster_of(move |_, _| (200, body.to_string()));
    cluster.read_record("ns", "app").await.map_err(|error| error.kind)
}

fn gzip(text: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("memory");
    STANDARD.encode(encoder.finish().expect("memory"))
}

#[tokio::test]
async fn what_is_no_record_is_unreadable_with_its_own_words() {
    let good = gzip(b"");
    assert!(read("v1", "{}", &good).await.is_ok(), "a bare record is one");
    for (label, app, inventory) in [
        ("v2", "{}", good.clone()),
        ("v1", "not json", good.clone()),
        ("v1", r#"{"deployed":{"commit":1}}"#, good.clone()),
        ("v1", r#"{"parts":99999}"#, good.clone()),
        ("v1", "{}", "%%%".to_owned()),
        ("v1", "{}", STANDARD.encode("not gzip")),
        ("v1", "{}", gzip(b"not a line\n")),
        ("v1", "{}", gzip(&vec![b' '; 17 << 20])),
    ] {
        let told = read(label, app, &inventory).await;
        assert!(matches!(told, Err(CallKind::RecordUnreadable(_))), "{label} {app}: {told:?}");
    }
}

#[tokio::test]
async fn a_part_that_a_killed_writer_never_wrote_only_shortens_the_inventory() {
    let first = json!({
        "metadata": {"resourceVersion": "5", "labels": {LABEL: FORM}},
        "data": {"app.json": r#"{"parts":1}"#}, "binaryData": {"inventory": STANDARD.encode(&pack(&lines_of(3)).expect("packed")[0])},
    });
    let absent = r#"{"kind":"Status","reason":"NotFound","message":"configmaps \"driftdeck.app.1\" not found"}"#;
    let (cluster, _) = cluster_of(move |asked, _| match asked {
        _ if asked.ends_with(".1") => (404, absent.to_owned()),
        _ => (200, first.to_string()),
    });
    let record = cluster.read_record("ns", "app").await.expect("readable").expect("there");
    assert_eq!(record.inventory.len(), 3, "its objects count as never recorded, which deletes nothing");
}
