//! Whether a custom object keeps its structural schema, in the words of apiextensions' validation.
//!
//! Owns types, required fields, enums, bounds, patterns, formats, list types and the four ways to combine schemas. Refuses
//! CEL rules.

use serde_json::{Value, json};

use super::super::failure::Cause;
use super::formats;

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
    let mut walk = Walk { causes: Vec::new(), prefix: "status" };
    let schema = &schema["properties"]["status"];
    if let Some(status) = body.get("status").filter(|_| !schema.is_null()) {
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
        let field = match (self.prefix, at) {
            ("", at) => at.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, at) => format!("{prefix}.{at}"),
        };
        self.causes.push(Cause { reason, message, field });
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
        self.combined(schema, value, at);
        match value {
            Value::Object(_) => self.map(schema, value, at),
            Value::Array(items) => self.list(schema, items, at),
            Value::Number(_) => self.number(schema, value, at),
            Value::String(text) => self.text(schema, text, at),
            _ => {}
        }
        self.one_of(schema, value, at);
    }

    /// What a schema that stands inside another says of the same value.
    fn under(&self, schema: &Value, value: &Value, at: &str) -> Vec<Cause> {
        let mut walk = Walk { causes: Vec::new(), prefix: self.prefix };
        walk.value(schema, value, at);
        walk.causes
    }

    /// `anyOf`, `oneOf`, `allOf`, `not`. Their own sentences name no field; the first alternative's stand beside them.
    fn combined(&mut self, schema: &Value, value: &Value, at: &str) {
        let all = |key: &str| -> Vec<Vec<Cause>> {
            let list = schema[key].as_array().into_iter().flatten();
            list.map(|one| self.under(one, value, at)).collect()
        };
        let (any, one, every) = (all("anyOf"), all("oneOf"), all("allOf"));
        let good = |all: &[Vec<Cause>]| all.iter().filter(|causes| causes.is_empty()).count();
        if !any.is_empty() && good(&any) == 0 {
            self.whole(at, "must validate at least one schema (anyOf)");
            self.causes.extend(any.into_iter().next().unwrap_or_default());
        }
        match good(&one) {
            1 => {}
            0 if one.is_empty() => {}
            0 => {
                self.whole(at, "must validate one and only one schema (oneOf). Found none valid");
                self.causes.extend(one.into_iter().next().unwrap_or_default());
            }
            many => {
                let said = format!("must validate one and only one schema (oneOf). Found {many} valid alternatives");
                self.whole(at, &said);
            }
        }
        if good(&every) < every.len() {
            self.causes.extend(every.into_iter().flatten());
            self.whole(at, "must validate all the schemas (allOf)");
        }
        if schema["not"].is_object() && self.under(&schema["not"], value, at).is_empty() {
            self.whole(at, "must not validate the schema (not)");
        }
    }

    /// A sentence about a value that the real server gives no field.
    fn whole(&mut self, at: &str, why: &str) {
        let message = format!("Invalid value: \"\": \"{at}\" {why}");
        self.causes.push(Cause { reason: "FieldValueInvalid", message, field: "<nil>".to_owned() });
    }

    fn one_of(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) else { return };
        let known: Vec<String> = known.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", known.join(", "));
        self.push("FieldValueNotSupported", at, message);
    }

    fn map(&mut self, schema: &Value, value: &Value, at: &str) {
        let count = value.as_object().map_or(0, serde_json::Map::len);
        if let Some(least) = schema["minProperties"].as_u64().filter(|least| (count as u64) < *least) {
            self.invalid(at, &count.into(), &format!("should have at least {least} properties"));
        }
        if let Some(most) = schema["maxProperties"].as_u64().filter(|most| count as u64 > *most) {
            self.push("FieldValueTooMany", at, format!("Too many: {count}: must have at most {most} items"));
        }
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
        let (format, kind) =
            (schema["format"].as_str().unwrap_or_default(), schema["type"].as_str().unwrap_or_default());
        if value.as_number().is_some_and(|own| !formats::fits(format, own)) {
            let message =
                format!("Invalid value: \"\": Checked value must be of type {kind} with format {format} in {at}");
            self.causes.push(Cause { reason: "FieldValueInvalid", message, field: "<nil>".to_owned() });
        }
        if let Some(part) = schema["multipleOf"].as_f64().filter(|part| (own / part).fract() != 0.0) {
            self.invalid(at, value, &format!("should be a multiple of {part}"));
        }
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
        let format = schema["format"].as_str().unwrap_or_default();
        if !formats::takes(format, text) {
            let message = format!("Invalid value: \"{text}\": {at} in body must be of type {format}: \"{text}\"");
            self.push("FieldValueTypeInvalid", at, message);
        }
    }
}
