//! Get and list: pages, selectors, snapshots. Refuses Tables: `table` makes them of these answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use serde_json::json;

use super::answer::Answer;
use super::core::State;
use super::failure::Failure;
use super::flags::Flags;
use super::json;
use super::kinds::KindId;
use super::listed::Listed;
use super::route::Target;
use super::selector::Selector;
use super::store::Name;

/// One object.
pub(super) fn get(state: &State, target: &Target, flags: &Flags) -> Result<Answer, Failure> {
    let (asked, current) = (flags.resource_version()?, state.store.rv());
    if asked > current {
        return Err(Failure::too_large(asked, current));
    }
    let stored = state.store.get(target.kind.id, &Name::new(&target.namespace, &target.name));
    let stored = stored.ok_or_else(|| Failure::not_found(&target.kind, &target.name))?;
    Ok(Answer::Json(200, Bytes::from(stored.whole(&target.kind))))
}

/// The version a list asks for.
fn version(flags: &Flags) -> Result<u64, Failure> {
    let said = |failure: Failure| Failure::bad(format!("invalid resource version: {}", failure.message));
    flags.resource_version().map_err(said)
}

/// Of continue tokens.
const VERSION: &str = "meta.k8s.io/v1";

/// Where a list goes on.
struct Page {
    rv: u64,
    after: Option<Name>,
}

/// A list, whole or a page.
pub(super) fn list(state: &State, target: &Target, flags: &Flags) -> Result<Answer, Failure> {
    let selector = Selector::of(flags, &target.kind)?;
    let page = page(state, target.kind.id, flags)?;
    let all = state.store.list_at(target.kind.id, &target.namespace, (page.rv, page.after.as_ref()));
    let mut all = all.ok_or_else(|| expired(flags))?;
    // From its cache the server gives everything.
    let cached = flags.get("resourceVersion") == Some("0");
    let limit = flags.number("limit").and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0 && !cached);
    let (mut items, mut last) = (Vec::new(), None);
    while limit.is_none_or(|limit| items.len() < limit) {
        let Some((name, stored)) = all.next() else { break };
        if selector.takes(name, stored) {
            items.push(stored.clone());
            last = Some(name);
        }
    }
    let mut metadata = json!({"resourceVersion": page.rv.to_string()});
    if target.kind.custom.is_some() {
        metadata["continue"] = "".into();
    }
    if let (Some(last), Some(_)) = (last, all.next()) {
        metadata["continue"] = token(page.rv, last).into();
        if selector.is_everything() {
            metadata["remainingItemCount"] = (all.count() + 1).into();
        }
    }
    Ok(Answer::List(Listed::new(&target.kind, &metadata, items)))
}

fn page(state: &State, kind: KindId, flags: &Flags) -> Result<Page, Failure> {
    if let Some(token) = flags.get("continue") {
        return read_token(token, state.store.rv());
    }
    let (asked, current) = (version(flags)?, state.store.rv());
    if asked > current {
        return Err(Failure::too_large(asked, current));
    }
    let exact = flags.get("resourceVersionMatch") == Some("Exact") && asked > 0;
    let compacted = state.store.compacted(kind);
    if exact && asked < compacted {
        return Err(Failure::expired(format!("The provided resource version is too old: {asked} ({compacted})")));
    }
    Ok(Page { rv: if exact { asked } else { current }, after: None })
}

fn token(rv: u64, last: &Name) -> String {
    let start = match &*last.namespace {
        "" => format!("{}\u{0}", last.name),
        namespace => format!("{namespace}/{}\u{0}", last.name),
    };
    STANDARD_NO_PAD.encode(json!({"v": VERSION, "rv": rv, "start": start}).to_string())
}

fn read_token(token: &str, current: u64) -> Result<Page, Failure> {
    let bad = |why: &str| Failure::bad(format!("invalid continue token: continue key is not valid: {why}"));
    let bytes = STANDARD_NO_PAD.decode(token).map_err(|error| bad(&stumbled(&error, token)))?;
    let read = json::read(&bytes).map_err(|why| bad(&why))?;
    let (rv, start) = (read["rv"].as_i64().unwrap_or_default(), read["start"].as_str().unwrap_or_default());
    let version = read["v"].as_str().unwrap_or_default();
    if version != VERSION {
        return Err(bad(&format!("server does not recognize this encoded version {version}")));
    }
    if rv == 0 {
        return Err(bad(&format!("incorrect encoded start resourceVersion (version {version})")));
    }
    if start.is_empty() {
        return Err(bad(&format!("encoded start key empty (version {version})")));
    }
    let start = start.trim_end_matches('\u{0}');
    let (namespace, name) = start.split_once('/').unwrap_or(("", start));
    // Below zero: go on in what there is now.
    Ok(Page { rv: u64::try_from(rv).unwrap_or(current), after: Some(Name::new(namespace, name)) })
}

/// Where Go's decoder stops.
fn stumbled(error: &base64::DecodeError, token: &str) -> String {
    let at = match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => *at,
        _ => token.len() / 4 * 4,
    };
    format!("illegal base64 data at input byte {at}")
}

/// 410 of a page that belongs to a list the server does not remember.
pub(super) fn expired(flags: &Flags) -> Failure {
    let why = "The provided continue parameter is too old to display a consistent list result. You can start a new \
               list without the continue parameter, or use the continue token in this response to retrieve the \
               remainder of the results. Continuing with the provided token results in an inconsistent list - objects \
               that were created, modified, or deleted between the time the first chunk was returned and now may show \
               up in the list.";
    let mut failure = Failure::expired(why);
    failure.metadata = json!({"continue": flags.get("continue").unwrap_or_default()});
    failure
}
