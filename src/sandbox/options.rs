//! The options of a request, judged before anything is done (apimachinery's validation of `*Options`).
//!
//! Refuses to know what the options do.

use serde_json::{Value, json};

use super::accept::{self, Accept, Media};
use super::answer::Answer;
use super::core::Call;
use super::failure::{Cause, Failure};
use super::flags::Flags;
use super::kinds::{KindInfo, list};

/// Longest name of a field manager, in bytes.
const MANAGER: usize = 128;

/// 422 of options of a kind, such as `CreateOptions`.
fn refused(kind: &str, causes: &[Cause]) -> Result<(), Failure> {
    if causes.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let said = if said.len() == 1 { said.concat() } else { format!("[{}]", said.join(", ")) };
    let all: Vec<Value> = causes
        .iter()
        .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
        .collect();
    let mut failure = Failure::new(422, "Invalid", format!("{kind}.meta.k8s.io \"\" is invalid: {said}"));
    failure.details = Some(json!({"group": "meta.k8s.io", "kind": kind, "causes": all}));
    Err(failure)
}

/// The options of a verb, as far as the query says them.
pub(super) fn check(verb: &str, call: &Call, flags: &Flags) -> Result<(), Failure> {
    match verb {
        "list" | "watch" | "deletecollection" => flags.check_numbers(&["limit", "timeoutSeconds"])?,
        "delete" => flags.check_numbers(&["gracePeriodSeconds"])?,
        _ => {}
    }
    match verb {
        "create" => refused("CreateOptions", &of_write(flags)),
        "update" => refused("UpdateOptions", &of_write(flags)),
        "patch" => {
            let mut causes = Vec::new();
            let applies = call.content_type.starts_with("application/apply-patch");
            if !applies && flags.has("force") {
                causes.push(Cause::forbidden("force", "may not be specified for non-apply patch"));
            }
            if applies && flags.get("fieldManager").is_none() {
                causes.push(Cause::required("fieldManager", "is required for apply patch"));
            }
            causes.extend(of_write(flags));
            refused("PatchOptions", &causes)
        }
        "list" => of_list(flags),
        "watch" => of_watch(flags),
        _ => Ok(()),
    }
}

fn of_write(flags: &Flags) -> Vec<Cause> {
    let mut causes = Vec::new();
    let manager = flags.get("fieldManager").unwrap_or_default();
    if manager.len() > MANAGER {
        causes.push(Cause::too_long("fieldManager", MANAGER));
    }
    if let Some((at, odd)) = manager.char_indices().find(|(_, c)| c.is_control()) {
        let why = format!("invalid character U+{:04X} (at position {at})", u32::from(odd));
        causes.push(Cause::invalid("fieldManager", &manager.into(), &why));
    }
    causes.extend(dry_run(flags.has("dryRun").then(|| json!(flags.all("dryRun")))));
    if let Some(word) = flags.get("fieldValidation").filter(|word| !matches!(*word, "Ignore" | "Strict" | "Warn")) {
        causes.push(Cause::unsupported("fieldValidation", &word.into(), &["", "Ignore", "Strict", "Warn"]));
    }
    causes
}

fn dry_run(all: Option<Value>) -> Option<Cause> {
    let all = all.filter(|all| list(all).any(|one| one != "All"))?;
    Some(Cause::unsupported("dryRun", &all, &["All"]))
}

/// The options of a delete, of query and body together.
pub(super) fn check_delete(options: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    if let Some(policy) = options["propagationPolicy"].as_str() {
        let both = "orphanDependents and deletionPropagation cannot be both set";
        if !options["orphanDependents"].is_null() {
            causes.push(Cause::invalid("propagationPolicy", &policy.into(), both));
        }
        let known = ["Foreground", "Background", "Orphan", "nil"];
        if !known[..3].contains(&policy) {
            causes.push(Cause::unsupported("propagationPolicy", &policy.into(), &known));
        }
    }
    causes.extend(dry_run(options.get("dryRun").cloned()));
    refused("DeleteOptions", &causes)
}

const MATCH: &str = "resourceVersionMatch";

fn of_list(flags: &Flags) -> Result<(), Failure> {
    let mut causes = Vec::new();
    if let Some(word) = flags.get(MATCH) {
        if flags.get("resourceVersion").is_none() {
            causes
                .push(Cause::forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        if flags.get("continue").is_some() {
            causes.push(Cause::forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
        }
        if !matches!(word, "Exact" | "NotOlderThan") {
            causes.push(Cause::unsupported(MATCH, &word.into(), &["Exact", "NotOlderThan", ""]));
        }
        if word == "Exact" && flags.get("resourceVersion") == Some("0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(Cause::forbidden(MATCH, why));
        }
    }
    if flags.has("sendInitialEvents") {
        causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    refused("ListOptions", &causes)?;
    if flags.get("continue").is_some() && flags.get("resourceVersion").is_some_and(|version| version != "0") {
        return Err(Failure::bad("specifying resource version is not allowed when using continue"));
    }
    Ok(())
}

fn of_watch(flags: &Flags) -> Result<(), Failure> {
    let (word, streaming) = (flags.get(MATCH), flags.get("sendInitialEvents").is_some());
    let mut causes = Vec::new();
    if streaming && word != Some("NotOlderThan") {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(Cause::forbidden(MATCH, why));
    }
    if let Some(word) = word {
        if !streaming {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(Cause::forbidden(MATCH, why));
        }
        if word != "NotOlderThan" {
            causes.push(Cause::unsupported(MATCH, &word.into(), &["NotOlderThan"]));
        }
    }
    refused("ListOptions", &causes)
}

/// What bodies may be, of creates, updates and deletes.
pub(super) fn check_content(verb: &str, call: &Call) -> Result<(), Failure> {
    let content = call.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = matches!(&*content, "" | "application/json" | "application/yaml");
    let reads = match verb {
        "create" | "update" => true,
        "delete" | "deletecollection" => !call.body.is_empty(),
        _ => false,
    };
    if known || !reads {
        return Ok(());
    }
    let why =
        format!("the body of the request was in an unknown format - accepted media types include: {}", accept::KNOWN);
    Err(Failure::new(415, "UnsupportedMediaType", why))
}

/// What the answer may be; the refusal comes as it will be read.
pub(super) fn check_accept(kind: &KindInfo, verb: &str, call: &Call) -> Result<Accept, Answer> {
    if kind.custom.is_none() && !accept::routes(&call.accept) {
        let streams = match verb {
            "list" | "watch" => ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
            _ => "",
        };
        return Err(accept::unroutable(&format!("{}{streams}", accept::KNOWN)).into());
    }
    let wanted = accept::weighed(&call.accept).ok_or_else(accept::unknown)?;
    if verb == "watch" && wanted.media == Media::Yaml {
        let mut refused = accept::unknown();
        let streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        refused.message = refused.message.replace(accept::KNOWN, streams);
        return Err(Answer::from(refused).in_yaml());
    }
    Ok(wanted)
}
