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

fn rule(kind: &str, path: &str) -> crate::model::MaskRule {
    crate::model::MaskRule {
        place: "mask[0]".into(),
        kind: Some(kind.to_owned()),
        name: None,
        namespace: None,
        path: path.parse().expect("a path"),
        reason: None,
    }
}

/// Judged locally, with its text; everything that is told of it in one.
fn told(stage: &Stage, git: &Value, live: &Value) -> (Vec<String>, String) {
    let (git, live) = (manifest(git), live_of(live));
    let legs = Legs {
        git: Some(&git),
        base: BaseLeg::At(Base::Record, Some(&git)),
        live: Some(&live),
        in_inventory: true,
        seen: &[],
    };
    let judged = compare_local(&legs, &stage.ground());
    let text = text_diff(Some(&git), Some(&live), &judged, &stage.ground());
    let lines: String = text.lines.iter().map(|line| line.text.raw().to_owned() + "\n").collect();
    (paths(&judged), format!("{judged:?}\n{lines}"))
}

fn config_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": data})
}

#[test]
fn a_rule_masks_what_it_names_and_nothing_else() {
    let mut stage = Stage::new();
    stage.app.mask = vec![rule("Config*", "data.pass*")];
    let git = config_map(&json!({"password": "hunter2-new", "plain": "seen"}));
    let live = config_map(&json!({"password": "hunter2-old", "plain": "seen-too"}));
    let (paths, all) = told(&stage, &git, &live);
    assert_eq!(paths, ["data.password", "data.plain"], "both are told");
    assert!(!all.contains("hunter2") && all.contains("seen-too"), "{all}");
    assert!(all.contains("password: •••••••• (live value, 11 bytes)"), "{all}");
    stage.app.mask = vec![rule("Deployment", "data")];
    assert!(told(&stage, &git, &live).1.contains("hunter2-old"), "a rule about another kind masks nothing");
}

#[test]
fn a_rule_reaches_into_lists_and_into_what_is_told_as_a_whole() {
    let mut stage = Stage::new();
    stage.app.mask = vec![rule("Deployment", "spec.template.spec.containers.*.env[name=TOKEN].value")];
    let with = |env: Value| {
        let mut object = deployment("a:1", 1);
        object["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        object
    };
    let token =
        |value: &str| json!([{"name": "A", "value": value}, {"name": "TOKEN", "value": format!("hunter2-{value}")}]);
    let (paths, all) = told(&stage, &with(token("new")), &with(token("old")));
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(!all.contains("hunter2") && all.contains("value: old"), "{all}");
    let (paths, all) = told(&stage, &with(token("new")), &deployment("a:1", 1));
    assert!(!paths.is_empty() && !all.contains("hunter2"), "a list that is missing as a whole: {all}");
}

#[test]
fn a_secret_in_a_text_or_in_a_list_is_masked_where_it_stands() {
    let stage = Stage::new();
    for written in [
        r#"{"kind":"Secret","data":{"password":"VALUE"}}"#,
        r#"{\"kind\": \"Secret\", \"stringData\": {\"password\": \"VALUE\"}}"#,
        "apiVersion: v1\nkind: secret\nstringData:\n  password: VALUE\n",
    ] {
        let of = |value: &str| config_map(&json!({"manifest": written.replace("VALUE", value)}));
        let (paths, all) = told(&stage, &of("hunter2-new"), &of("hunter2-old"));
        assert_eq!(paths, ["data.manifest"], "{written}");
        assert!(!all.contains("hunter2"), "{written}: {all}");
    }
    let carrier = |value: &str| {
        json!({"apiVersion": "example.com/v1", "kind": "Policy", "metadata": {"name": "p"},
            "spec": {"rules": [{"generate": {"kind": "Secret", "data": {"password": value}}}]}})
    };
    let (paths, all) = told(&stage, &carrier("hunter2-new"), &carrier("hunter2-old"));
    assert!(!paths.is_empty() && !all.contains("hunter2"), "{all}");
}

#[test]
fn either_sides_kind_and_any_spelling_of_it_decides() {
    let stage = Stage::new();
    for (version, kind) in [("v1", "secret"), ("core/v1", "Secret"), ("v2", "SECRET"), ("example.com/v1", "Secret")] {
        let of = |value: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "stringData": {"password": value}});
        let (_, all) = told(&stage, &of("hunter2-new"), &of("hunter2-old"));
        assert!(!all.contains("hunter2"), "{version} {kind}: {all}");
    }
    let mut git = config_map(&json!({"password": "hunter2-new"}));
    let live = config_map(&json!({"password": "hunter2-old"}));
    git["kind"] = json!("Secret");
    assert!(!told(&stage, &git, &live).1.contains("hunter2"), "git says Secret, live says ConfigMap");
    assert!(!told(&stage, &live, &git).1.contains("hunter2"), "and the other way round");
}

#[test]
fn a_label_that_quotes_a_value_is_masked_and_another_is_shown() {
    let stage = Stage::new();
    let of = |value: &str| {
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value);
        let mut object = secret(&json!({"password": encoded}));
        object["metadata"]["labels"] = json!({"copy": value, "team": format!("t{}", value.len())});
        object
    };
    let (paths, all) = told(&stage, &of("hunter2-new"), &of("hunter2-older"));
    assert_eq!(paths, ["data.password", "metadata.labels.copy", "metadata.labels.team"]);
    assert!(!all.contains("hunter2") && all.contains("t13"), "{all}");
}

#[test]
fn pieces_of_values_and_values_by_rule_are_scrubbed_and_other_sentences_kept() {
    let mut stage = Stage::new();
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
        "stringData": {"password": "hunter2-is-long-enough", "odd": "a\u{1b}b\"c-hunter2"}});
    let git = manifest(&body);
    let say = |stage: &Stage, git: &Manifest, words: &str| {
        tell(&Foreign::from(words), &git.key, (Some(git), None), &stage.ground()).raw().to_owned()
    };
    for words in [
        "cannot read ...|is-long-enou|...",
        r#"odd value "a\x1bb\"c-hunter2" there"#,
        "error found in #10 byte of ...|hunter2|...",
        r#"map[string]string{"x":"hun"}"#,
    ] {
        let told = say(&stage, &git, words);
        assert!(!told.contains("hunter2") && !told.contains("long-en") && !told.contains("hun\""), "{told}");
    }
    let plain = manifest(&config_map(&json!({"password": "hunter2"})));
    assert_eq!(say(&stage, &plain, "Invalid value: hunter2"), "Invalid value: hunter2", "nothing of it is masked");
    stage.app.mask = vec![rule("ConfigMap", "data.password")];
    assert_eq!(say(&stage, &plain, "hunter2 is wrong"), "(masked) is wrong");
    assert!(is_masked(&plain, &stage.ground()), "and no plain hash of it is kept");
}

#[test]
fn a_side_that_is_not_there_has_no_value_to_hide_and_one_that_was_not_read_has_no_difference() {
    let stage = Stage::new();
    let git = manifest(&secret(&json!({"password": "aHVudGVyMg=="})));
    let legs = Legs { git: Some(&git), base: BaseLeg::None, live: None, in_inventory: false, seen: &[] };
    let missing = compare_local(&legs, &stage.ground());
    let text = text_diff(Some(&git), None, &missing, &stage.ground());
    assert!(text.lines.iter().all(|line| line.mark != DiffMark::Live), "nothing is live: {:?}", text.lines);
    assert!(text.stat.0 > 0, "all of git's is new");
    let unread = Comparison { verdict: Verdict::Unknown, findings: Vec::new(), ..missing };
    let text = text_diff(Some(&git), None, &unread, &stage.ground());
    assert!(text.lines.is_empty(), "what may not be read is not known to be absent: {:?}", text.lines);
    let live = stage.live(&git.body, &[]);
    let text = text_diff(None, Some(&live), &unread, &stage.ground());
    assert!(text.lines.is_empty(), "nor is what git could not be read for: {:?}", text.lines);
}
