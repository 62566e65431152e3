//! What all handles on a sandbox share: the state behind one lock, and the way of a call through it.
//!
//! Owns time, counts, wakers and dispatch. Refuses to hold the lock across an await: every answer is made at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use super::accept::Accept;
use super::account::{Account, Wish};
use super::answer::Answer;
use super::controllers::{self, Queue};
use super::custom::Registered;
use super::failure::Failure;
use super::flags::Flags;
use super::kinds::{KindId, Kinds};
use super::openapi::Documents;
use super::route::{Part, Route, Target, route};
use super::seed::{self, Dice};
use super::service::Outage;
use super::store::Store;
use super::wakers::{Held, Wakers, Woken};
use super::{Answered, Clock, Options, SandboxError, discovery, openapi, options, read, review, scale, shown};
use super::{watch, write};
use crate::schema::Schemas;

/// Kinds, schemas, documents: replaced as a whole when a definition moves.
#[derive(Clone)]
pub(super) struct World {
    pub(super) kinds: Arc<Kinds>,
    pub(super) schemas: Schemas,
    pub(super) documents: Arc<Documents>,
    pub(super) version: String,
    /// What was there before any definition.
    pub(super) base: Arc<seed::Shipped>,
}

/// What changes, under one lock.
pub(super) struct State {
    pub(super) world: Arc<World>,
    pub(super) registered: Registered,
    pub(super) store: Store,
    pub(super) now: Timestamp,
    pub(super) dice: Dice,
    pub(super) queue: Queue,
    /// Whether pods are placed and run; else whoever writes their status does that.
    pub(super) kubelets: bool,
    /// Whether the admission plugins play that set tolerations, priorities and the protection of claims.
    pub(super) admission: bool,
    counts: BTreeMap<String, u64>,
    outage: Outage,
    pub(super) wakers: Wakers,
}

/// A cluster.
pub(super) struct Core {
    clock: Clock,
    state: Mutex<State>,
    tickets: AtomicU64,
}

/// A request with its body read.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) accept: String,
    pub(super) content_type: String,
    pub(super) agent: String,
    pub(super) body: Bytes,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core")
    }
}

impl Core {
    pub(super) fn new(options: Options) -> Result<Self, SandboxError> {
        let world = Arc::new(seed::world(options.server_version)?);
        let mut state = State {
            world: world.clone(),
            registered: Registered::new(),
            store: Store::new(world.kinds.iter().count()),
            now: whole_second(options.clock.read()),
            dice: Dice::new(options.seed),
            queue: Queue::default(),
            kubelets: true,
            admission: true,
            counts: BTreeMap::new(),
            outage: Outage::None,
            wakers: Wakers::default(),
        };
        seed::plant(&world, &mut state);
        Ok(Self { clock: options.clock, state: Mutex::new(state), tickets: AtomicU64::new(0) })
    }

    /// The state; a panic of another holder leaves it usable, for every write is one step.
    pub(super) fn state(&self) -> Held<'_> {
        Held { state: self.state.lock().unwrap_or_else(PoisonError::into_inner), woken: Woken::default() }
    }

    /// The kinds as they are now.
    pub(super) fn world(&self) -> Arc<World> {
        self.state().world.clone()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.timed().now
    }

    /// The state with its time brought up to a running clock.
    pub(super) fn timed(&self) -> Held<'_> {
        let mut state = self.state();
        if let Clock::Real(ask) = &self.clock {
            state.now = state.now.max(whole_second(ask()));
        }
        state
    }

    pub(super) fn tick(&self, now: Timestamp) {
        let mut state = self.state();
        let target = state.now.max(whole_second(now));
        controllers::run(&mut state, target);
        state.wake(None);
    }

    pub(super) fn unsettled(&self) -> Vec<String> {
        let state = self.state();
        state.queue.unsettled(&state.world)
    }

    pub(super) fn compact(&self) {
        let mut state = self.state();
        state.store.compact();
        state.wake(None);
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.state().counts.clone()
    }

    pub(super) fn outage(&self) -> Outage {
        self.state().outage
    }

    pub(super) fn set_outage(&self, outage: Outage) {
        let mut state = self.state();
        state.outage = outage;
        state.wake(None);
    }

    /// A number that nobody else has, for [`State::wait`].
    pub(super) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }

    /// Wakes `waker` when the outage changes, time moves, or something of `kind` is written.
    pub(super) fn wait(&self, ticket: u64, kind: Option<KindId>, waker: &Waker) {
        self.state().wait(ticket, kind, waker);
    }

    pub(super) fn leave(&self, ticket: u64, kind: Option<KindId>) {
        self.state().wakers.leave(ticket, kind);
    }

    pub(super) fn request(self: &Arc<Self>, method: &str, path: &str, body: &Value, content_type: &str) -> Answered {
        if self.outage() != Outage::None {
            return Answered { status: 0, body: Value::Null };
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let call = Call {
            method: Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET),
            path: path.to_owned(),
            query: query.to_owned(),
            accept: "application/json".to_owned(),
            content_type: content_type.to_owned(),
            agent: "sandbox".to_owned(),
            body: if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) },
        };
        match self.answer(&Account::admin(), &call).written() {
            Answer::Discovery(bytes) => {
                Answered { status: 200, body: serde_json::from_slice(&bytes).unwrap_or_default() }
            }
            Answer::Json(status, bytes) | Answer::Warned(status, bytes, _) => {
                Answered { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
            }
            Answer::Text(status, text) => Answered { status, body: text.into() },
            Answer::Legacy(_) | Answer::List(_) | Answer::Stream(_) | Answer::Yaml(..) => {
                Answered { status: 200, body: Value::Null }
            }
        }
    }

    /// Answers a call for an account.
    pub(super) fn answer(self: &Arc<Self>, account: &Account, call: &Call) -> Answer {
        let flags = Flags::parse(&call.query);
        let world = self.world();
        let target = match route(&world.kinds, &call.path) {
            Route::Objects(target) => target,
            other => {
                self.state().count("other");
                return elsewhere(&world, other, call);
            }
        };
        let verb = verb(call, &target, &flags);
        self.state().count(if is_apply(call) { "apply" } else { verb });
        let wish =
            Wish { verb, group: &target.kind.group, resource: &target.resource(), namespace: namespace_asked(&target) };
        if !review::is_review(&target) && !account.allows(wish) {
            return forbidden(account, wish, &target).into();
        }
        let homeless = target.kind.namespaced && target.namespace.is_empty() && !matches!(verb, "list" | "watch");
        if homeless || !target.part.takes(verb) {
            return Failure::no_method().into();
        }
        if verb == "other" && target.kind.custom.is_some() && target.name.is_empty() {
            return Failure::bad("name must be provided").into();
        }
        if target.part == Part::Whole && !target.kind.verbs.iter().any(|known| known == verb) {
            return Failure::no_method().into();
        }
        let wanted = match options::check_accept(&target.kind, verb, call) {
            Ok(wanted) => wanted,
            Err(refused) => return refused,
        };
        let answer = self.act(account, call, &flags, (verb, &target, wanted)).unwrap_or_else(Answer::from);
        shown::shown((&target, &flags), wanted, answer, self.now())
    }

    fn act(
        self: &Arc<Self>,
        account: &Account,
        call: &Call,
        flags: &Flags,
        (verb, target, wanted): (&str, &Target, Accept),
    ) -> Result<Answer, Failure> {
        options::check_content(verb, call)?;
        if review::is_review(target) {
            let now = self.now();
            return review::answer((&self.world(), now), account, target, &call.body);
        }
        if !(verb == "patch" && write::patch::is_unknown(target, call)) {
            options::check(verb, call, flags)?;
        }
        if verb == "watch" {
            return watch::open(self, target, flags, wanted);
        }
        let state = &mut *self.timed();
        let world = &*state.world.clone();
        if target.part == Part::Scale {
            return scale::answer(world, state, target, &write::Asked { call, flags });
        }
        let asked = write::Asked { call, flags };
        match verb {
            "get" => read::get(state, target, flags),
            "list" => read::list(state, target, flags),
            "create" => write::create::answer(world, state, target, &asked),
            "update" => write::update::answer(world, state, target, &asked),
            "patch" => write::patch::answer(world, state, target, &asked),
            "delete" => write::delete::answer(world, state, target, &asked),
            "deletecollection" => write::delete::collection(world, state, target, &asked),
            _ => Err(Failure::no_method()),
        }
    }
}

fn elsewhere(world: &World, route: Route, call: &Call) -> Answer {
    let reads = matches!(route, Route::Version | Route::Api | Route::GroupVersion(..) | Route::LegacyOpenApi);
    // The other handlers do not look at the method.
    if call.method != Method::GET && reads {
        return Failure::no_method().into();
    }
    match route {
        Route::Version => Answer::ok(&discovery::version(&world.version)),
        Route::Health => Answer::Text(200, "ok"),
        Route::Api => discovery::api(world, &call.accept),
        Route::Apis => discovery::apis(world, &call.accept),
        Route::Group(group) => discovery::group(world, &group),
        Route::GroupVersion(group, version) => discovery::group_version(world, &group, &version),
        Route::LegacyOpenApi => openapi::legacy(&call.accept),
        Route::OpenApi => openapi::index(&world.documents),
        Route::OpenApiDocument(key) => openapi::document(&world.documents, &key),
        Route::NoResource => Failure::no_resource().into(),
        Route::NoName(name) => Failure::bad(format!("Name parameter invalid: \"{name}\": may not be '{name}'")).into(),
        Route::NoPart(kind, name) => Failure::not_found(&kind, &name).into(),
        Route::Objects(_) | Route::Nowhere => Answer::Text(404, "404 page not found\n"),
    }
}

impl State {
    fn count(&mut self, verb: &str) {
        *self.counts.entry(verb.to_owned()).or_default() += 1;
    }

    pub(super) fn outage_now(&self) -> Outage {
        self.outage
    }

    /// Wakes `waker` when the outage changes, time moves, or something of `kind` is written.
    pub(super) fn wait(&mut self, ticket: u64, kind: Option<KindId>, waker: &Waker) {
        self.wakers.wait(ticket, kind, waker);
    }

    /// Wakes who waits for a kind, or everybody, as soon as the lock is free.
    pub(super) fn wake(&mut self, kind: Option<KindId>) {
        self.wakers.wake(kind);
    }
}

/// The server's times have whole seconds.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn is_apply(call: &Call) -> bool {
    call.method == Method::PATCH && call.content_type.starts_with("application/apply-patch")
}

fn verb(call: &Call, target: &Target, flags: &Flags) -> &'static str {
    match (call.method.as_str(), target.name.is_empty()) {
        ("GET", true) if flags.is("watch") => "watch",
        ("GET", true) => "list",
        ("GET", false) => "get",
        // The handler of custom kinds does not look at the name of a path.
        ("POST", unnamed) if unnamed || (target.kind.custom.is_some() && target.part == Part::Whole) => "create",
        ("PUT", false) => "update",
        ("PATCH", false) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "other",
    }
}

/// The namespace RBAC judges by: a Namespace lies in itself.
fn namespace_asked(target: &Target) -> &str {
    if target.kind.is("", "Namespace") { &target.name } else { &target.namespace }
}

fn forbidden(account: &Account, wish: Wish, target: &Target) -> Failure {
    let place = match wish.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let why = format!(
        "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
        account.user(),
        wish.verb,
        wish.resource,
        wish.group
    );
    Failure::forbidden(&target.kind, &target.name, &why)
}
