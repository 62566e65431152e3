//! Random schemas, and random sequences of writes by several managers, each by a seed.
//!
//! Owns what is asked. Refuses to know servers: a step is a request, made of what the object was before it.

#[path = "applies/schema.rs"]
mod schema;
#[path = "applies/values.rs"]
mod values;

use serde_json::{Value, json};

use super::both::Question;
pub use schema::Schema;
use values::{mutated, spoiled, value};

/// The group of all random kinds.
pub const GROUP: &str = "random.example.com";
/// The managers that apply.
const APPLIERS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Numbers that a seed makes repeatable (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).expect("small")
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'v, T>(&mut self, all: &'v [T]) -> &'v T {
        &all[self.below(all.len())]
    }
}

/// A kind with a random schema, and the dice for its steps.
#[derive(Debug)]
pub struct Case {
    pub seed: u64,
    schema: Schema,
    dice: Dice,
    /// What each applier said last.
    said: [Value; 3],
    /// What each applier said of the status.
    said_status: [Value; 3],
}

/// One request, and why.
#[derive(Debug)]
pub struct Step {
    pub question: Question,
    /// For a PUT: whatever the server has for these is put into the body before it is sent.
    pub from_live: bool,
}

impl Case {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let schema = Schema::random(&mut dice);
        let nothing = || [json!({}), json!({}), json!({})];
        Self { seed, schema, dice, said: nothing(), said_status: nothing() }
    }

    /// The definition of the kind.
    pub fn definition(&self) -> Value {
        self.schema.definition(&self.plural(), &self.kind())
    }

    fn plural(&self) -> String {
        format!("case{}s", self.seed)
    }

    fn kind(&self) -> String {
        format!("Case{}", self.seed)
    }

    /// The list in a version.
    pub fn list(&self) -> String {
        self.path("v1", false)
    }

    fn path(&self, version: &str, named: bool) -> String {
        let place = if self.schema.namespaced { "/namespaces/default" } else { "" };
        let name = if named { "/x" } else { "" };
        format!("/apis/{GROUP}/{version}{place}/{}{name}", self.plural())
    }

    /// The object, read in a random version.
    pub fn read(&mut self) -> Question {
        let at = self.dice.below(self.schema.versions.len());
        let version = format!("v{}", at + 1);
        Question { method: "GET".to_owned(), path: self.path(&version, true), ..Question::default() }
    }

    /// The next step; `live` is the object as it is, null where there is none.
    pub fn step(&mut self, live: &Value) -> Step {
        let at = self.dice.below(self.schema.versions.len());
        let gone = live.is_null();
        let dice = self.dice.below(100);
        match dice {
            _ if gone && self.dice.chance(25) => self.create(at),
            0..=9 if !gone => self.merge_patch(at, false),
            10..=15 if !gone => self.put(at, live),
            16..=17 if !gone => self.forget(at),
            18..=20 if !gone => self.delete(at),
            21..=24 if !gone && self.schema.status => self.merge_patch(at, true),
            25..=27 if !gone => self.take_out(at, live),
            28..=36 if self.schema.status => self.apply(at, true),
            _ => self.apply(at, false),
        }
    }

    fn base(&self, at: usize) -> Value {
        json!({"apiVersion": format!("{GROUP}/v{}", at + 1), "kind": self.kind(), "metadata": {"name": "x"}})
    }

    fn flags(&mut self, manager: &str) -> String {
        let dry = if self.dice.chance(12) { "&dryRun=All" } else { "" };
        let validation = *self.dice.pick(&["", "", "&fieldValidation=Strict", "&fieldValidation=Ignore"]);
        format!("?fieldManager={manager}{dry}{validation}")
    }

    fn question(&self, (method, at): (&str, usize), tail: &str, (content, body): (&str, Value)) -> Step {
        let path = format!("{}{tail}", self.path(&format!("v{}", at + 1), method != "POST"));
        let content = content.to_owned();
        let question = Question { method: method.to_owned(), path, content, body, ..Question::default() };
        Step { question, from_live: false }
    }

    fn apply(&mut self, at: usize, status: bool) -> Step {
        let who = self.dice.below(APPLIERS.len());
        let schema = self.schema.versions[at].clone();
        let last = if status { &self.said_status[who] } else { &self.said[who] };
        let mut body = last.clone();
        if self.dice.chance(55) {
            body = mutated(&mut self.dice, &schema, &body);
        } else if self.dice.chance(80) {
            body = value(&mut self.dice, &schema);
        }
        if status {
            self.said_status[who] = body.clone();
        } else {
            self.said[who] = body.clone();
        }
        // Of two faults a real server names one at random: what another version brought may be one already.
        if self.schema.versions.len() == 1 && self.dice.chance(8) {
            body = spoiled(&mut self.dice, &schema, &body);
        }
        let mut whole = self.base(at);
        for (key, value) in body.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        self.label(&mut whole);
        let force = if self.dice.chance(40) { "&force=true" } else { "" };
        let part = if status { "/status" } else { "" };
        let tail = format!("{part}{}{force}", self.flags(APPLIERS[who]));
        self.question(("PATCH", at), &tail, ("application/apply-patch+yaml", whole))
    }

    fn label(&mut self, whole: &mut Value) {
        for key in ["labels", "annotations"] {
            if self.dice.chance(20) {
                let name = *self.dice.pick(&["one", "two", "example.com/three"]);
                whole["metadata"][key] = json!({name: *self.dice.pick(&["x", "y"])});
            }
        }
    }

    fn create(&mut self, at: usize) -> Step {
        let mut whole = self.base(at);
        let body = value(&mut self.dice, &self.schema.versions[at].clone());
        for (key, value) in body.as_object().into_iter().flatten() {
            whole[key] = value.clone();
        }
        self.label(&mut whole);
        let flags = self.flags("creator");
        self.question(("POST", at), &flags, ("", whole))
    }

    fn merge_patch(&mut self, at: usize, status: bool) -> Step {
        let body = value(&mut self.dice, &self.schema.versions[at].clone());
        let part = if status { "/status" } else { "" };
        let tail = format!("{part}{}", self.flags("editor"));
        self.question(("PATCH", at), &tail, ("application/merge-patch+json", body))
    }

    fn put(&mut self, at: usize, live: &Value) -> Step {
        let schema = self.schema.versions[at].clone();
        let mut body = self.base(at);
        let own = json!({"spec": live["spec"], "status": live["status"]});
        for (key, value) in mutated(&mut self.dice, &schema, &own).as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let flags = self.flags("editor");
        Step { from_live: true, ..self.question(("PUT", at), &flags, ("", body)) }
    }

    fn forget(&mut self, at: usize) -> Step {
        let body = json!({"metadata": {"managedFields": [{}]}});
        let flags = self.flags("editor");
        self.question(("PATCH", at), &flags, ("application/merge-patch+json", body))
    }

    fn delete(&mut self, at: usize) -> Step {
        let dry = if self.dice.chance(30) { "?dryRun=All" } else { "" };
        self.question(("DELETE", at), dry, ("", Value::Null))
    }

    /// A JSON patch that takes one field of the spec out.
    fn take_out(&mut self, at: usize, live: &Value) -> Step {
        let keys: Vec<&String> = live["spec"].as_object().into_iter().flatten().map(|(key, _)| key).collect();
        let path = if keys.is_empty() { "/spec".to_owned() } else { format!("/spec/{}", self.dice.pick(&keys)) };
        let body = json!([{"op": "remove", "path": path}]);
        let flags = self.flags("editor");
        self.question(("PATCH", at), &flags, ("application/json-patch+json", body))
    }
}
