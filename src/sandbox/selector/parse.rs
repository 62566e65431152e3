//! The grammar of label selectors (apimachinery's `labels.Parse`), with its sentences.

use super::Requirement;
use crate::sandbox::failure::Failure;
use crate::sandbox::validate::names;

const OPERATORS: [&str; 7] = ["in", "notin", "=", "==", "!=", "gt", "lt"];

/// A token: a symbol, or an identifier; the end is an empty symbol.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Symbol(&'static str),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Symbol(symbol) => symbol,
        }
    }
}

const END: Token = Token::Symbol("");

fn tokens(text: &str) -> Vec<Token> {
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
    let (mut out, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            out.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "=!(),><".contains(c)).unwrap_or(rest.len());
            out.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    out
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// The requirements of a selector's text.
pub(super) fn labels(text: &str) -> Result<Vec<Requirement>, Failure> {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let mut out = Vec::new();
    loop {
        match parser.peek() {
            Token::Word(_) | Token::Symbol("!") => {
                let one = parser.requirement();
                out.push(one.map_err(|why| Failure::bad(format!("unable to parse requirement: {why}")))?);
            }
            END => return Ok(out),
            Token::Symbol(other) => {
                let why = format!("found '{other}', expected: !, identifier, or 'end of string'");
                return Err(Failure::bad(why));
            }
        }
        match parser.next() {
            END => return Ok(out),
            Token::Symbol(",") => match parser.peek() {
                Token::Word(_) | Token::Symbol("!") => {}
                Token::Symbol(other) => {
                    return Err(Failure::bad(format!("found '{other}', expected: identifier after ','")));
                }
            },
            other => {
                let why = format!("found '{}', expected: ',' or 'end of string'", other.text());
                return Err(Failure::bad(why));
            }
        }
    }
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(END)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let absent = token == Token::Symbol("!");
        if absent {
            token = self.next();
        }
        let Token::Word(key) = token else { return Err(format!("found '{}', expected: identifier", token.text())) };
        if let Some(why) = names::key(&key) {
            return Err(format!("<nil>: Invalid value: \"{key}\": {why}"));
        }
        if matches!(self.peek(), END | Token::Symbol(",")) {
            return Ok(if absent { Requirement::Absent(key) } else { Requirement::Exists(key) });
        }
        if absent {
            return Ok(Requirement::Absent(key));
        }
        let operator = self.next();
        let made: fn(String, Vec<String>) -> Requirement = match operator.text() {
            "in" | "=" | "==" => Requirement::In,
            "notin" | "!=" => Requirement::NotIn,
            ">" => |key, values| Requirement::Beyond(key, number(&values), true),
            "<" => |key, values| Requirement::Beyond(key, number(&values), false),
            other => return Err(format!("found '{other}', expected: {}", OPERATORS.join(", "))),
        };
        let values = if matches!(operator.text(), "in" | "notin") { self.values()? } else { vec![self.value()?] };
        if matches!(operator.text(), ">" | "<") && values[0].parse::<i64>().is_err() {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            return Err(format!("values[0]: Invalid value: {:?}: {why}", values[0]));
        }
        for (n, value) in values.iter().enumerate() {
            if let Some(why) = names::value(value) {
                return Err(format!("values[{n}][{key}]: Invalid value: {value:?}: {why}"));
            }
        }
        Ok(made(key, values))
    }

    fn value(&mut self) -> Result<String, String> {
        if matches!(self.peek(), END | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(word) => Ok(word),
            Token::Symbol(other) => Err(format!("found '{other}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        if self.peek() == Token::Symbol(")") {
            self.next();
            return Ok(vec![String::new()]);
        }
        let mut out = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => out.push(word),
                Token::Symbol(",") => out.push(String::new()),
                Token::Symbol(other) => return Err(format!("found '{other}', expected: ',', ')' or identifier")),
            }
            match self.next() {
                Token::Symbol(")") => return Ok(out),
                Token::Symbol(",") => {}
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
    }
}

fn number(values: &[String]) -> i64 {
    values.first().and_then(|value| value.parse().ok()).unwrap_or_default()
}
