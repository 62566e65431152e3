//! Whether a custom object keeps its structural schema, in the words of apiextensions' validation.
//!
//! Owns types, required fields, enums, bounds, patterns, list types. Refuses CEL rules and the rarer formats.

use serde_json::{Value, json};

use super::super::failure::Cause;

/// A place in an object, and the causes found so far.
struct Walk {
    causes: Vec<Cause>,
    /// What stands before a path in the field's name, but not in the sentence.
    prefix: &'static str,
}

/// The whole object.
pub(super) fn whole(schema: &Value, body: &Value) -> Vec<Cause> {
    let mut walk = Walk { causes: Vec::new(), prefix: "" };
    walk.value(schema, body, "");
    walk.causes
}

/// The status alone: sentences name its fields without `status.` before them.
pub(super) fn status(schema: &Value, body: &Value) -> Vec<Cause> {
    let mut walk = Walk { causes: Vec::new(), prefix: "status." };
    let (schema, status) = (&schema["properties"]["status"], &body["status"]);
    if !schema.is_null() && !status.is_null() {
        walk.value(schema, status, "");
    }
    walk.causes
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_of(wanted: &str, value: &Value) -> bool {
    let own = type_of(value);
    own == wanted || (wanted == "number" && own == "integer")
}

impl Walk {
    fn push(&mut self, reason: &'static str, at: &str, message: String) {
        self.causes.push(Cause { reason, message, field: format!("{}{at}", self.prefix) });
    }

    fn invalid(&mut self, at: &str, value: &Value, why: &str) {
        self.push("FieldValueInvalid", at, format!("Invalid value: {value}: {at} in body {why}"));
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        let wanted = if schema["x-kubernetes-int-or-string"] == true {
            "integer,string"
        } else {
            schema["type"].as_str().unwrap_or_default()
        };
        if !wanted.is_empty() && !wanted.split(',').any(|one| is_of(one, value)) {
            let got = type_of(value);
            let message = format!("Invalid value: \"{got}\": {at} in body must be of type {wanted}: \"{got}\"");
            self.push("FieldValueTypeInvalid", at, message);
            return;
        }
        match value {
            Value::Object(_) => self.map(schema, value, at),
            Value::Array(items) => self.list(schema, items, at),
            Value::Number(_) => self.number(schema, value, at),
            Value::String(text) => self.text(schema, text, at),
            _ => {}
        }
        self.one_of(schema, value, at);
    }

    fn one_of(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) else { return };
        let known: Vec<String> = known.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", known.join(", "));
        self.push("FieldValueNotSupported", at, message);
    }

    fn map(&mut self, schema: &Value, value: &Value, at: &str) {
        let place = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(key).is_none() {
                self.push("FieldValueRequired", &place(key), "Required value".to_owned());
            }
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            let below = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
            let own =
                at.is_empty() && self.prefix.is_empty() && matches!(key.as_str(), "apiVersion" | "kind" | "metadata");
            if below.is_object() && !own {
                self.value(below, value, &place(key));
            }
        }
    }

    fn list(&mut self, schema: &Value, items: &[Value], at: &str) {
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| items.len() as u64 > *most) {
            let message = format!("Too many: {}: must have at most {most} items", items.len());
            self.push("FieldValueTooMany", at, message);
        }
        if let Some(least) = schema["minItems"].as_u64().filter(|least| (items.len() as u64) < *least) {
            self.invalid(at, &items.len().into(), &format!("should have at least {least} items"));
        }
        for (n, item) in items.iter().enumerate() {
            self.value(&schema["items"], item, &format!("{at}[{n}]"));
        }
        self.twins(schema, items, at);
    }

    /// Members of a set, and items of a map by their keys, are there once.
    fn twins(&mut self, schema: &Value, items: &[Value], at: &str) {
        let identity = |item: &Value| match schema["x-kubernetes-list-type"].as_str() {
            Some("set") => Some(item.clone()),
            Some("map") => {
                let keys =
                    schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let pairs = keys.filter_map(|key| Some((key.to_owned(), item.get(key)?.clone())));
                let own: serde_json::Map<String, Value> = pairs.collect();
                (!own.is_empty()).then(|| json!(own))
            }
            _ => None,
        };
        let mut seen = Vec::new();
        for (n, own) in items.iter().enumerate().filter_map(|(n, item)| Some((n, identity(item)?))) {
            if seen.contains(&own) {
                self.push("FieldValueDuplicate", &format!("{at}[{n}]"), format!("Duplicate value: {own}"));
            }
            seen.push(own);
        }
    }

    fn number(&mut self, schema: &Value, value: &Value, at: &str) {
        let own = value.as_f64().unwrap_or_default();
        let exclusive = |key: &str| schema[key] == true;
        if let Some(least) = schema["minimum"].as_f64() {
            if own < least {
                self.invalid(at, value, &format!("should be greater than or equal to {}", schema["minimum"]));
            } else if exclusive("exclusiveMinimum") && own <= least {
                self.invalid(at, value, &format!("should be greater than {}", schema["minimum"]));
            }
        }
        if let Some(most) = schema["maximum"].as_f64() {
            if own > most {
                self.invalid(at, value, &format!("should be less than or equal to {}", schema["maximum"]));
            } else if exclusive("exclusiveMaximum") && own >= most {
                self.invalid(at, value, &format!("should be less than {}", schema["maximum"]));
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str, at: &str) {
        let length = text.chars().count() as u64;
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            self.push("FieldValueTooLong", at, format!("Too long: may not be more than {most} bytes"));
        }
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            self.invalid(at, &text.into(), &format!("should be at least {least} chars long"));
        }
        if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !super::matches(pattern, text)) {
            self.invalid(at, &text.into(), &format!("should match '{pattern}'"));
        }
        if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
            let message = format!("Invalid value: \"{text}\": {at} in body must be of type date-time: \"{text}\"");
            self.push("FieldValueTypeInvalid", at, message);
        }
    }
}
