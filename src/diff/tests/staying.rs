//! What a sync takes away and what it leaves, as findings and as the text of a diff tell it.

use super::*;

/// Compared as far as that can be done here, against what our record says was synced.
fn judged(stage: &Stage, (git, base): (&Manifest, &Manifest), live: &Live) -> Comparison {
    let base = BaseLeg::At(Base::Record, Some(base));
    let legs = Legs { git: Some(git), base, live: Some(live), in_inventory: true, seen: &[] };
    compare_local(&legs, &stage.ground())
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().expect("a list").push(item);
}

#[test]
fn a_dropped_container_goes_with_what_somebody_changed_in_it() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let mut base = deployment("a:1", 3);
    push(&mut base["spec"]["template"]["spec"]["containers"], json!({"name": "log", "image": "l:1"}));
    let base = manifest(&base);
    let mut live: Value = serde_json::from_str(&stage.live(&base.body, &[]).json).expect("JSON");
    live["spec"]["template"]["spec"]["containers"][1]["image"] = json!("l:9");
    let image = json!({"f:containers": {"k:{\"name\":\"log\"}": {"f:image": {}}}});
    let entry = json!({"manager": "kubectl-set", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T01:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:template": {"f:spec": image}}}});
    push(&mut live["metadata"]["managedFields"], entry);
    let live = live_of(&live);
    let judged = judged(&stage, (&git, &base), &live);
    let told: Vec<_> = judged.findings.iter().map(|f| (f.path.to_string(), f.moved, f.needs_delete)).collect();
    let path = "spec.template.spec.containers[name=log]".to_owned();
    assert_eq!(told, [(path, Some(Moved::Both), false)], "a sync takes the whole item, and both moved there");
}

fn lines_of(text: &crate::model::DiffObject, mark: DiffMark) -> Vec<String> {
    let of = text.lines.iter().filter(|line| line.mark == mark);
    of.map(|line| line.text.raw().trim().to_owned()).collect()
}

#[test]
fn what_somebody_added_stays_in_the_text_of_a_diff_marked_with_who_added_it() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:2", 3));
    let sidecar = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "debug", "image": "busybox:1"}]}}}});
    let base = manifest(&deployment("a:1", 3));
    let live = stage.live(&base.body, &[("kubectl-edit", "Update", sidecar)]);
    let judged = judged(&stage, (&git, &base), &live);
    let text = text_diff(Some(&git), Some(&live), &judged, &stage.ground());
    assert_eq!(lines_of(&text, DiffMark::Live), ["image: a:1"], "a sync takes this away");
    assert_eq!(lines_of(&text, DiffMark::Git), ["image: a:2"], "and puts this there");
    let stays = lines_of(&text, DiffMark::Stays);
    assert_eq!(stays, ["- name: debug", "image: busybox:1"], "a sync does not take away what git never said");
    let of = |line: &&crate::model::DiffLine| line.mark == DiffMark::Stays;
    let by = text.lines.iter().filter(of).map(|line| line.who.as_ref().map(|who| who.manager.raw().to_owned()));
    assert_eq!(by.collect::<Vec<_>>(), [Some("kubectl-edit".to_owned()), Some("kubectl-edit".to_owned())]);
    assert_eq!(text.stat, (1, 1), "what stays is no change");
}

#[test]
fn a_sync_of_what_is_only_touched_restarts_nothing() {
    let stage = Stage::new();
    let git = manifest(&deployment("a:1", 3));
    let note = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"metadata": {"annotations": {"note": "x"}}}}});
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", note)]);
    let judged = judged(&stage, (&git, &git), &live);
    assert_eq!(judged.verdict, Verdict::Touched);
    let text = text_diff(Some(&git), Some(&live), &judged, &stage.ground());
    assert_eq!(lines_of(&text, DiffMark::Stays), ["note: x"]);
    assert_eq!((text.effect, text.stat), (None, (0, 0)), "the annotation stays, so no pod is replaced");
}
