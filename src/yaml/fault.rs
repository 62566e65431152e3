//! The parser's complaints in words that hold nothing of the document.

use granit_parser::ErrorKind;

/// Says what is wrong. Kinds that carry text of the input are reworded; the rest are fixed sentences.
pub(super) fn words(kind: &ErrorKind, depth: usize) -> String {
    match kind {
        ErrorKind::UnexpectedCharacter { .. } => "a character that cannot start a value; quote the text".to_owned(),
        ErrorKind::UnknownAnchor => "an alias to an anchor that is not defined before it".to_owned(),
        ErrorKind::RecursionLimitExceeded => format!("nested deeper than {depth}"),
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            "a tab used as indentation; use spaces".to_owned()
        }
        ErrorKind::ExpectedDocumentStart => {
            "text that does not belong to what stands before it (indentation?)".to_owned()
        }
        ErrorKind::MappingValueNotAllowed => "a second `:` on the line; quote the text".to_owned(),
        ErrorKind::Custom(_) | ErrorKind::InputIo { .. } | ErrorKind::InputDecoding { .. } => {
            "not readable as YAML".to_owned()
        }
        other => other.to_string(),
    }
}
