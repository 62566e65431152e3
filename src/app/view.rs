//! What is on screen, in words and roles: plain rows for `tui` to lay out and draw. Owns which words stand where; refuses
//! colours, cells and terminals. Rows are built one by one, so that only visible ones cost anything.

mod bar;
mod dialog;
mod diff;
mod fleet;
mod help;
mod history;
mod kubectl;
mod lists;
mod page;
mod plan;
mod revert;
mod run;
mod text;
mod time;
mod tree;
mod wrap;

pub use page::{Class, Column, Detail, Hint, List, Page, Panel, Row, Stand, Width};
pub use text::{Line, Span};
