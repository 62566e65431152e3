//! The cells of Pods and of what makes them.

use jiff::Timestamp;
use serde_json::Value;

use super::super::kinds::{KindInfo, list};
use super::super::object::{self, number, text};
use super::{age, pairs, selector};

/// The cells of a workload; none of another kind.
pub(super) fn of(kind: &KindInfo, object: &Value, now: Timestamp) -> Option<Vec<Value>> {
    let age = Value::from(age::of(object, now));
    Some(match (&*kind.group, &*kind.kind) {
        ("", "Pod") => pod(object, (age, now)),
        ("apps", "Deployment") => deployment(object, age),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replica_set(object, age),
        ("apps", "StatefulSet") => stateful_set(object, age),
        ("apps", "DaemonSet") => daemon_set(object, age),
        ("batch", "Job") => job(object, (age, now)),
        ("batch", "CronJob") => cron_job(object, (age, now)),
        _ => return None,
    })
}

fn count(object: &Value, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or_default()
}

/// Names and images of a pod template's containers.
pub(super) fn containers(template: &Value) -> [Value; 2] {
    let of = |key: &str| {
        let all: Vec<&str> = list(&template["spec"]["containers"]).filter_map(|own| own[key].as_str()).collect();
        Value::from(all.join(","))
    };
    [of("name"), of("image")]
}

fn with_template(mut cells: Vec<Value>, object: &Value) -> Vec<Value> {
    cells.extend(containers(&object["spec"]["template"]));
    cells
}

fn deployment(object: &Value, age: Value) -> Vec<Value> {
    let ready = format!("{}/{}", count(object, "/status/readyReplicas"), count(object, "/spec/replicas"));
    let (updated, available) = (count(object, "/status/updatedReplicas"), count(object, "/status/availableReplicas"));
    let cells = vec![object::name(object).into(), ready.into(), updated.into(), available.into(), age];
    let mut cells = with_template(cells, object);
    cells.push(selector(&object["spec"]["selector"]).into());
    cells
}

fn replica_set(object: &Value, age: Value) -> Vec<Value> {
    let counts = ["/spec/replicas", "/status/replicas", "/status/readyReplicas"].map(|at| count(object, at).into());
    let [desired, current, ready] = counts;
    let mut cells = with_template(vec![object::name(object).into(), desired, current, ready, age], object);
    let own = &object["spec"]["selector"];
    cells.push(if own.get("matchLabels").is_some() { selector(own) } else { pairs(own) }.into());
    cells
}

fn stateful_set(object: &Value, age: Value) -> Vec<Value> {
    let ready = format!("{}/{}", count(object, "/status/readyReplicas"), count(object, "/spec/replicas"));
    with_template(vec![object::name(object).into(), ready.into(), age], object)
}

fn daemon_set(object: &Value, age: Value) -> Vec<Value> {
    let keys = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ];
    let mut cells = vec![Value::from(object::name(object))];
    cells.extend(keys.iter().map(|key| Value::from(count(object, &format!("/status/{key}")))));
    cells.extend([pairs(&object["spec"]["template"]["spec"]["nodeSelector"]).into(), age]);
    let mut cells = with_template(cells, object);
    cells.push(selector(&object["spec"]["selector"]).into());
    cells
}

fn job(object: &Value, (age, now): (Value, Timestamp)) -> Vec<Value> {
    let is =
        |kind: &str| list(&object["status"]["conditions"]).any(|own| own["type"] == kind && own["status"] == "True");
    let status = match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if object::is_terminating(object) => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    let done = count(object, "/status/succeeded");
    let parallel = count(object, "/spec/parallelism");
    let completions = match number(object, "/spec/completions") {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallel > 1 => format!("{done}/1 of {parallel}"),
        None => format!("{done}/1"),
    };
    let start = text(object, "/status/startTime").parse::<Timestamp>().ok();
    let end = text(object, "/status/completionTime").parse::<Timestamp>().ok();
    let lasted = start.map(|start| age::human(end.unwrap_or(now).as_second() - start.as_second())).unwrap_or_default();
    let cells = vec![object::name(object).into(), status.into(), completions.into(), lasted.into(), age];
    let mut cells = with_template(cells, object);
    cells.push(selector(&object["spec"]["selector"]).into());
    cells
}

fn cron_job(object: &Value, (age, now): (Value, Timestamp)) -> Vec<Value> {
    let zone = Some(text(object, "/spec/timeZone")).filter(|zone| !zone.is_empty()).unwrap_or("<none>");
    let suspended = if object["spec"]["suspend"] == true { "True" } else { "False" };
    let last = match text(object, "/status/lastScheduleTime") {
        "" => "<none>".to_owned(),
        at => age::since(at, now),
    };
    let template = &object["spec"]["jobTemplate"]["spec"];
    let active = list(&object["status"]["active"]).count();
    let mut cells = vec![
        object::name(object).into(),
        text(object, "/spec/schedule").into(),
        zone.into(),
        suspended.into(),
        active.into(),
        last.into(),
        age,
    ];
    cells.extend(containers(&template["template"]));
    cells.push(selector(&template["selector"]).into());
    cells
}

fn pod(object: &Value, (age, now): (Value, Timestamp)) -> Vec<Value> {
    let statuses: Vec<&Value> = list(&object["status"]["containerStatuses"]).collect();
    let total = list(&object["spec"]["containers"]).count();
    let ready = statuses.iter().filter(|own| own["ready"] == true).count();
    let restarts: i64 = statuses.iter().map(|own| count(own, "/restartCount")).sum();
    let last = statuses.iter().filter_map(|own| own.pointer("/lastState/terminated/finishedAt")?.as_str()).max();
    let restarts = match last.filter(|_| restarts > 0) {
        Some(at) => format!("{restarts} ({} ago)", age::since(at, now)),
        None => restarts.to_string(),
    };
    let or = |pointer: &str| Some(text(object, pointer)).filter(|text| !text.is_empty()).unwrap_or("<none>").to_owned();
    let gates: Vec<&Value> = list(&object["spec"]["readinessGates"]).collect();
    let met = |gate: &&&Value| {
        list(&object["status"]["conditions"]).any(|own| own["type"] == gate["conditionType"] && own["status"] == "True")
    };
    let passed = gates.iter().filter(met).count();
    let gates = if gates.is_empty() { "<none>".to_owned() } else { format!("{passed}/{}", gates.len()) };
    let ready = format!("{ready}/{total}");
    let cells = [object::name(object).to_owned(), ready, pod_word(object, &statuses), restarts];
    let more = [or("/status/podIP"), or("/spec/nodeName"), or("/status/nominatedNodeName"), gates];
    cells.into_iter().map(Value::from).chain([age]).chain(more.into_iter().map(Value::from)).collect()
}

/// The word of a pod's state: its phase or reason, or what its containers wait for.
fn pod_word(object: &Value, statuses: &[&Value]) -> String {
    let mut word = match text(object, "/status/reason") {
        "" => text(object, "/status/phase"),
        reason => reason,
    }
    .to_owned();
    let mut running = false;
    for own in statuses.iter().rev() {
        let waits = text(own, "/state/waiting/reason");
        let ended = &own["state"]["terminated"];
        if !waits.is_empty() {
            waits.clone_into(&mut word);
        } else if let Some(reason) = ended["reason"].as_str().filter(|reason| !reason.is_empty()) {
            reason.clone_into(&mut word);
        } else if !ended.is_null() {
            let signal = count(ended, "/signal");
            word = if signal == 0 {
                format!("ExitCode:{}", count(ended, "/exitCode"))
            } else {
                format!("Signal:{signal}")
            };
        } else if own["ready"] == true && own["state"].get("running").is_some() {
            running = true;
        }
    }
    if word == "Completed" && running {
        let ready = list(&object["status"]["conditions"]).any(|own| own["type"] == "Ready" && own["status"] == "True");
        if ready { "Running" } else { "NotReady" }.clone_into(&mut word);
    }
    let ended = matches!(text(object, "/status/phase"), "Failed" | "Succeeded");
    if object::is_terminating(object) && !ended {
        "Terminating".clone_into(&mut word);
    }
    word
}
