//! What of kubectl's output cannot be equal on two servers: ages, moments, uids, versions, addresses, generated names.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

/// Letters of generated names and of hashes: Kubernetes' alphabet without vowels.
const PATTERNS: [(&str, &str); 15] = [
    (r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", "LOG "),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "TIME"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r#"resourceVersion("?): ?"\d+""#, "resourceVersion: N"),
    (r"Resource Version: +\d+", "Resource Version: N"),
    (r"\b10\.0\.\d+\.\d+\b", "IP"),
    (r"\b3[0-2]\d{3}\b", "PORT"),
    (r"https?://127\.0\.0\.1:\d+", "SERVER"),
    (r"127\.0\.0\.1:\d+", "SERVER"),
    (r"/(LIVE|MERGED)-\d+/", "/$/"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-HASH-SUFFIX"),
    (r"(-|pod-template-hash[=:] ?)[bcdfghjklmnpqrstvwxz2456789]{8,10}\b", "-HASH"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-SUFFIX"),
    (r"(^|[\s(])(\d{1,3}s|\d{1,2}m\d{1,2}s|\dm)(\s|$|\))", " AGE "),
];

/// What `/version` says of the build.
const BUILT: [&str; 5] = ["buildDate", "gitCommit", "gitTreeState", "gitVersion", "goVersion"];

static REGEXES: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| PATTERNS.iter().map(|(pattern, with)| (Regex::new(pattern).expect("a pattern"), *with)).collect());

/// A text as it must be on both servers.
pub fn plain(line: &str, text: &str) -> String {
    let text = match line {
        _ if is_explain(line) => explained(text),
        _ if line.starts_with("get --raw") => raw(text),
        _ if line.starts_with("wait --for=delete") => text.replace(" condition met", ""),
        _ => text.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(|line| spaced(&replaced(line))).collect();
    // What client-go logs on the way is a matter of milliseconds.
    let lines = lines.into_iter().filter(|line| !line.starts_with("LOG ")).collect();
    let lines = without_repairs(lines);
    let lines = sorted(lines, |line| line.starts_with("* "));
    let lines = sorted(lines, |line| (line.contains("-HASH") || line.contains("-SUFFIX")) && !line.starts_with(' '));
    sorted_owners(lines).join("\n")
}

/// Now and then kube-apiserver's repair of addresses warns of a service that is younger than what it has read.
fn without_repairs(lines: Vec<String>) -> Vec<String> {
    let is_repair = |line: &String| line.contains("ClusterIPNotAllocated");
    let Some(begin) = lines.iter().position(|line| line == "Events:").filter(|_| lines.iter().any(is_repair)) else {
        return lines;
    };
    let (before, table) = lines.split_at(begin);
    let rows = table.iter().skip(1).take_while(|line| line.starts_with(' ')).count();
    let (table, after) = table.split_at(rows + 1);
    let kept: Vec<String> = table.iter().filter(|line| !is_repair(line)).cloned().collect();
    // A title, and two lines of head.
    let kept = if kept.len() > 3 { kept } else { vec!["Events: <none>".to_owned()] };
    [before, &kept, after].concat()
}

/// A raw answer on one line, its keys in one order, without how the server was built.
fn raw(text: &str) -> String {
    let (out, rest) = text.split_once("\n---").unwrap_or((text, ""));
    let Ok(mut read) = serde_json::from_str::<serde_json::Value>(out) else { return text.to_owned() };
    if let Some(map) = read.as_object_mut() {
        map.retain(|key, _| !BUILT.contains(&key.as_str()));
    }
    format!("{read}\n---{rest}")
}

/// A run of such lines in one order: the server finds causes by walking a map, and lists
/// by names that are hashes.
fn sorted(mut lines: Vec<String>, belongs: fn(&str) -> bool) -> Vec<String> {
    let mut from = 0;
    while let Some(start) = lines[from..].iter().position(|line| belongs(line)).map(|at| from + at) {
        from = lines[start..].iter().position(|line| !belongs(line)).map_or(lines.len(), |at| start + at);
        lines[start..from].sort();
    }
    lines
}

/// The entries of managedFields by manager: the server's order is that of their seconds.
fn sorted_owners(lines: Vec<String>) -> Vec<String> {
    let (mut out, mut entries, mut within) = (Vec::new(), Vec::<String>::new(), None);
    for line in lines {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let goes_on = |at: usize| indent > at || (indent == at && line.trim_start().starts_with("- "));
        if within.is_some_and(|at| !goes_on(at)) {
            out.extend(by_manager(std::mem::take(&mut entries)));
            within = None;
        }
        match (within, entries.last_mut()) {
            (Some(at), Some(last)) if indent > at => last.extend(["\n", line.as_str()]),
            (Some(_), _) => entries.push(line),
            (None, _) => {
                within = (line.trim() == "managedFields:").then_some(indent);
                out.push(line);
            }
        }
    }
    out.extend(by_manager(entries));
    out
}

fn by_manager(mut entries: Vec<String>) -> Vec<String> {
    entries.sort_by_key(|entry| {
        let tail = entry.find("\n    manager:").or_else(|| entry.find("manager:")).unwrap_or_default();
        entry[tail..].to_owned()
    });
    entries
}

fn is_explain(line: &str) -> bool {
    line.starts_with("explain ") && !line.contains("plaintext-openapiv2")
}

/// Fields and types: the sandbox's documents have no descriptions.
fn explained(text: &str) -> String {
    let heads = ["GROUP:", "KIND:", "VERSION:", "FIELD:", "FIELDS:", "error:"];
    let kept = text.lines().filter(|line| {
        let is_field = line.starts_with("  ") && line.contains('\t') && line.contains('<');
        is_field || heads.iter().any(|head| line.starts_with(head))
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn replaced(line: &str) -> String {
    let mut line = line.to_owned();
    for (regex, with) in REGEXES.iter() {
        let (mut out, mut at) = (String::new(), 0);
        for found in regex.find_iter(&line) {
            out.push_str(&line[at..found.start()]);
            out.push_str(with);
            at = found.end();
        }
        out.push_str(&line[at..]);
        line = out;
    }
    line
}

/// One blank between words; how far a line is indented stays.
fn spaced(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let words: Vec<&str> = line.split_whitespace().collect();
    format!("{}{}", &line[..indent], words.join(" "))
}

#[test]
fn what_cannot_be_equal_is_one_word_and_the_rest_stays() {
    for (line, wanted) in [
        ("web   1/1  1  1   12s", "web 1/1 1 1 AGE"),
        ("web-6d5f7c8b9d-x2x4z  0/1", "web-HASH-SUFFIX 0/1"),
        ("  resourceVersion: \"12\"", "  resourceVersion: N"),
        ("cpu: 100m, 5 of 10", "cpu: 100m, 5 of 10"),
        ("  cpu:  50m", "  cpu: 50m"),
        ("Liveness: exec delay=5s timeout=1s", "Liveness: exec delay=5s timeout=1s"),
        ("Normal  Pulled  3s (x2 over 1m5s)  kubelet", "Normal Pulled AGE (x2 over AGE kubelet"),
        ("80:31234/TCP", "80:PORT/TCP"),
        ("  time: \"2026-11-21T10:00:00Z\"", "  time: \"TIME\""),
    ] {
        assert_eq!(plain("get", line), wanted);
    }
    let explained = plain("explain cm.data", "KIND: ConfigMap\nDESCRIPTION:\n  words\nFIELDS:\n  data\t<map>\n");
    assert_eq!(explained, "KIND: ConfigMap\nFIELDS:\n  data <map>");
}

#[test]
fn a_warning_of_the_servers_own_repair_is_no_difference() {
    let head = "Name: web\nEvents:\n  Type     Reason  Age  From  Message\n  ----     ------  ----  ----  -------\n";
    let repair =
        "  Warning  ClusterIPNotAllocated  1s  ipallocator-repair-controller  IP is not allocated; repairing\n";
    let other = "  Normal  Scaled  1s  x  y\n";
    let none = plain("describe svc", "Name: web\nEvents: <none>\n\nName: b");
    assert_eq!(plain("describe svc", &format!("{head}{repair}\nName: b")), none);
    let without = plain("describe svc", &format!("{head}{other}\nName: b"));
    assert_eq!(plain("describe svc", &format!("{head}{repair}{other}\nName: b")), without, "others are compared");
}
