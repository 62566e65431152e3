//! What is kept of schemas, and what is not believed.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::cluster::room_tests::cluster_of;

const INDEX: &str = r#"{"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=ABC"},
    "apis/apps/v1":{"serverRelativeURL":"/openapi/v3/apis/apps/v1?hash=DEF"}}}"#;
const DOCUMENT: &str = r#"{"openapi":"3.0.0","components":{"schemas":{"a":{"type":"object"}}}}"#;

fn answer(asked: &str) -> (u16, String) {
    let body = if asked.ends_with("/openapi/v3") { INDEX } else { DOCUMENT };
    (200, body.to_owned())
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(dir).expect("there").flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

fn both() -> Vec<String> {
    ["v1", "apps/v1"].map(str::to_owned).to_vec()
}

#[tokio::test]
async fn a_second_process_loads_no_document_over_the_network() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = root.path().join("openapi");
    for (process, gets) in [("first", 3), ("second", 1)] {
        let (cluster, _) = cluster_of(|asked, _| answer(asked));
        cluster.keep_documents_in(dir.clone());
        assert!(cluster.openapi(&both()).await.iter().all(|(_, document)| document.is_ok()), "{process}");
        assert_eq!(
            cluster.cost().of("get"),
            gets,
            "the {process} process asks for the index, the first for documents too"
        );
    }
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700, "nobody else may enter");
    assert_eq!(files(&dir).iter().map(|file| mode(file)).collect::<Vec<_>>(), [0o600, 0o600]);
}

#[tokio::test]
async fn a_broken_file_is_fetched_anew_and_written_over() {
    for broken in ["", "{\"components\":", "{}", "[1]", "null", "\u{0}\u{ff}"] {
        let root = tempfile::tempdir().expect("a directory");
        let (first, _) = cluster_of(|asked, _| answer(asked));
        first.keep_documents_in(root.path().to_owned());
        first.openapi(&["v1".to_owned()]).await;
        let file = files(root.path()).pop().expect("one file");
        std::fs::write(&file, broken).expect("broken");
        let (second, asked) = cluster_of(|asked, _| answer(asked));
        second.keep_documents_in(root.path().to_owned());
        let document = second.openapi(&["v1".to_owned()]).await.pop().expect("one").1.expect("fetched anew");
        assert!(is_schema(&document), "{broken:?} is not taken for a schema");
        assert_eq!(asked.count("/api/v1?hash"), 1, "{broken:?} is asked for again");
        assert_eq!(std::fs::read_to_string(&file).expect("there"), DOCUMENT, "{broken:?} is replaced");
    }
}

#[tokio::test]
async fn what_is_no_schema_is_not_kept() {
    let root = tempfile::tempdir().expect("a directory");
    let (cluster, _) = cluster_of(|asked, _| match answer(asked) {
        (code, body) if asked.ends_with("/openapi/v3") => (code, body),
        _ => (200, "{}".to_owned()),
    });
    cluster.keep_documents_in(root.path().to_owned());
    cluster.openapi(&both()).await;
    assert_eq!(files(root.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_directory_holds_so_many_files_and_no_more() {
    let root = tempfile::tempdir().expect("a directory");
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    for n in 0..FILES + 3 {
        let file = std::fs::File::create(root.path().join(format!("{n:04}.json"))).expect("made");
        file.set_modified(epoch + std::time::Duration::from_secs(n as u64)).expect("dated");
    }
    forget_oldest(root.path()).expect("tidied");
    let left = files(root.path());
    assert_eq!(left.len(), FILES);
    assert!(left[0].ends_with("0003.json"), "the oldest go: {:?}", left[0]);
}
