//! Secrets are told by marks and lengths, and text shows exactly what was found.

use super::*;

/// Values of a Secret, raw and encoded, that must be found nowhere.
const PLAIN: [&str; 4] = ["hunter2-old", "hunter2-new", "aHVudGVyMi1vbGQ=", "aHVudGVyMi1uZXc="];

#[test]
fn a_changed_secret_is_reported_per_key_and_never_quoted() {
    let stage = Stage::new();
    let git = manifest(&secret(&json!({"password": "aHVudGVyMi1vbGQ=", "user": "YW5h"})));
    let edit = secret(&json!({"password": "aHVudGVyMi1uZXc="}));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit)]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    assert_eq!((judged.verdict, paths(&judged)), (Verdict::Drifted, vec!["data.password".to_owned()]));
    assert_eq!(judged.findings[0].live, Some(Said::Masked { masked: true, changed: true, bytes: Some(11) }));
    let text = text_diff(Some(&git), Some(&live), &judged, &stage.ground());
    let lines: String = text.lines.iter().map(|line| line.text.raw()).collect::<Vec<_>>().join("\n");
    assert!(lines.contains("password: •••••••• (live value, 11 bytes)"), "{lines}");
    assert_eq!(text.stat, (1, 1), "equal lengths still show as a change");
    let told = format!("{judged:?}{lines}{}", serde_json::to_string(&judged.findings).expect("JSON"));
    for value in PLAIN {
        assert!(!told.contains(value), "{value} must be told nowhere");
    }
}

#[test]
fn the_servers_sentence_about_a_secret_loses_its_values() {
    let body = secret(&json!({"password": "aHVudGVyMi1vbGQ="}));
    for sentence in [
        "invalid: hunter2-old is wrong",
        "data: aHVudGVyMi1vbGQ= is not base64",
        ".stringData.password: expected string, got &value.valueUnstructured{Value:424242}",
        "Invalid value: map[password:hunter2-old]: no",
    ] {
        let told = scrub(&Foreign::from(sentence), &[&body]);
        assert!(!told.raw().contains("hunter2") && !told.raw().contains("424242"), "{}", told.raw());
        assert!(!told.raw().contains("aHVudGVy"), "{}", told.raw());
    }
}

#[test]
fn short_values_and_values_with_line_breaks_are_scrubbed_too() {
    let body = json!({"stringData": {"pin": "42", "pem": "first-line\nsecond-line"}});
    let told = scrub(&Foreign::from(r#"42 is no "first-line\nsecond-line" on 1420"#), &[&body]);
    assert_eq!(told.raw(), r#"(masked) is no "(masked)" on 1420"#);
}

#[test]
fn the_text_shows_exactly_the_findings_with_who_wrote_the_live_side() {
    let stage = Stage::new();
    let git = manifest(&deployment("registry/api:2.8.1", 3));
    let live = stage.live(&git.body, &[("kubectl-edit", "Update", edit_image("registry/api:2.8.1-hotfix3"))]);
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    let text = text_diff(Some(&git), Some(&live), &judged, &stage.ground());
    let changed: Vec<_> = text.lines.iter().filter(|line| line.mark != DiffMark::Context).collect();
    let marks: Vec<DiffMark> =
        changed.iter().map(|line| line.mark).filter(|m| !matches!(m, DiffMark::Fold(_))).collect();
    assert_eq!(
        marks,
        [DiffMark::Live, DiffMark::Git],
        "{:?}",
        text.lines.iter().map(|l| (l.mark, l.text.raw())).collect::<Vec<_>>()
    );
    let minus = changed.iter().find(|line| line.mark == DiffMark::Live).expect("a live line");
    assert_eq!(minus.text.raw().trim(), "image: registry/api:2.8.1-hotfix3");
    assert_eq!(minus.who.as_ref().map(|who| who.manager.raw()), Some("kubectl-edit"));
    assert_eq!(minus.finding, Some(0));
    assert_eq!(text.stat, (1, 1));
    assert_eq!(text.effect.as_ref().map(Foreign::raw), Some("rolling restart of 3 pods"));
}
