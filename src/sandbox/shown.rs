//! An answer as it was asked for: whole, as a Table or as metadata alone; in JSON or in YAML.
//!
//! Refuses watches: what their events carry is `watch`'s.

use jiff::Timestamp;
use serde_json::Value;

use super::accept::{Accept, Form, Media};
use super::answer::Answer;
use super::failure::Failure;
use super::flags::Flags;
use super::kinds::KindInfo;
use super::route::{Part, Target};
use super::{partial, table};

/// The answer of an object's or a list's request.
pub(super) fn shown((target, flags): (&Target, &Flags), wanted: Accept, answer: Answer, now: Timestamp) -> Answer {
    let answer = match wanted.form {
        Form::Whole => answer,
        _ => formed((target, flags), wanted, answer.written(), now),
    };
    match wanted.media {
        Media::Json => answer,
        Media::Yaml => answer.in_yaml(),
    }
}

fn formed((target, flags): (&Target, &Flags), wanted: Accept, answer: Answer, now: Timestamp) -> Answer {
    let (code, bytes, warnings) = match answer {
        Answer::Json(code, bytes) if code < 300 => (code, bytes, Vec::new()),
        Answer::Warned(code, bytes, warnings) if code < 300 => (code, bytes, warnings),
        other => return other,
    };
    let read: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if read["kind"] == "Status" && read["apiVersion"] == "v1" {
        return Answer::Json(code, bytes).with_warnings(warnings);
    }
    let is_list = target.name.is_empty() && read["items"].is_array();
    let made = match wanted.form {
        Form::Table => table::shaped(target, flags, (&read, is_list), now),
        Form::Metadata if !is_list => Ok(partial::one(&read)),
        Form::MetadataList if is_list => Ok(partial::list(&read)),
        Form::Metadata => Err(misfit(target, "PartialObjectMetadata", true)),
        Form::MetadataList => Err(misfit(target, "PartialObjectMetadataList", false)),
        Form::Whole => Ok(read),
    };
    match made {
        Ok(mut made) => {
            made["apiVersion"] = wanted.version.into();
            Answer::of(code, &made).with_warnings(warnings)
        }
        Err(failure) => failure.into(),
    }
}

/// 406: metadata of an object was asked for where there is a list, or the other way round.
fn misfit(target: &Target, form: &str, is_list: bool) -> Failure {
    let article = if is_list { "a list" } else { "not a list" };
    let name = go_name(&target.kind, target.part, is_list);
    Failure::new(406, "NotAcceptable", format!("you requested {form}, but the requested object is {article} (*{name})"))
}

/// The Go type of an answer: `core.ConfigMapList`.
fn go_name(kind: &KindInfo, part: Part, is_list: bool) -> String {
    let list = if is_list { "List" } else { "" };
    if part == Part::Scale {
        return "autoscaling.Scale".to_owned();
    }
    if kind.custom.is_some() {
        return format!("unstructured.Unstructured{list}");
    }
    let package = kind.group.split('.').next().filter(|own| !own.is_empty()).unwrap_or("core");
    format!("{package}.{}{list}", kind.kind)
}
