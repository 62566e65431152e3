//! Colours by role, from `assets/themes/*.toml`; how many the terminal has; the ASCII set.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::app::Role;
use crate::app::view::Span;

/// A theme that ships.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// The terminal's own colours.
    #[default]
    System,
    /// For dark grounds.
    Dark,
    /// For light grounds.
    Light,
    /// The strongest contrast.
    Contrast,
    /// Dark, for colour-blind eyes.
    CbDark,
    /// Light, for colour-blind eyes.
    CbLight,
}

impl ThemeName {
    /// Every theme with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("system", Self::System),
        ("dark", Self::Dark),
        ("light", Self::Light),
        ("contrast", Self::Contrast),
        ("cb-dark", Self::CbDark),
        ("cb-light", Self::CbLight),
    ];

    /// The theme of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, theme)| *theme)
    }

    fn table(self) -> &'static str {
        match self {
            Self::System => include_str!("../../assets/themes/system.toml"),
            Self::Dark => include_str!("../../assets/themes/dark.toml"),
            Self::Light => include_str!("../../assets/themes/light.toml"),
            Self::Contrast => include_str!("../../assets/themes/contrast.toml"),
            Self::CbDark => include_str!("../../assets/themes/cb-dark.toml"),
            Self::CbLight => include_str!("../../assets/themes/cb-light.toml"),
        }
    }
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None are wanted (`NO_COLOR`, `--color never`).
    None,
    /// Sixteen.
    Sixteen,
    /// 256.
    Many,
    /// 24 bits.
    True,
}

impl Depth {
    /// From the environment's words: `COLORTERM`, `TERM`, `NO_COLOR`.
    #[must_use]
    pub fn of(colorterm: &str, term: &str, no_color: &str) -> Self {
        match (colorterm, term) {
            _ if !no_color.is_empty() || term == "dumb" => Self::None,
            ("truecolor" | "24bit", _) => Self::True,
            (_, term) if term.contains("256color") => Self::Many,
            _ => Self::Sixteen,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    bg: String,
    text: String,
    dim: String,
    ok: String,
    drift: String,
    behind: String,
    diverged: String,
    error: String,
    paused: String,
    pinned: String,
}

/// Colours by role; `None` = the terminal's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    ground: Option<Color>,
    roles: [Option<Color>; 9],
}

const ROLES: [Role; 9] = [
    Role::Text,
    Role::Dim,
    Role::Ok,
    Role::Drift,
    Role::Behind,
    Role::Diverged,
    Role::Error,
    Role::Paused,
    Role::Pinned,
];

impl Theme {
    /// A theme for a terminal of that depth. Below 256 colours every theme is the system's.
    #[must_use]
    pub fn new(name: ThemeName, depth: Depth) -> Self {
        let name = if depth == Depth::Sixteen { ThemeName::System } else { name };
        let table: Option<Table> = toml::from_str(name.table()).ok();
        match (table, depth) {
            (None, _) | (_, Depth::None) => Self::default(),
            (Some(table), depth) => Self::from_table(&table, depth),
        }
    }

    fn from_table(table: &Table, depth: Depth) -> Self {
        let Table { bg, text, dim, ok, drift, behind, diverged, error, paused, pinned } = table;
        let roles = [text, dim, ok, drift, behind, diverged, error, paused, pinned];
        Self { ground: color(bg, depth), roles: roles.map(|word| color(word, depth)) }
    }

    /// The colour of a role.
    #[must_use]
    pub fn color(&self, role: Role) -> Option<Color> {
        ROLES.iter().position(|other| *other == role).and_then(|at| self.roles[at])
    }

    fn style(&self, role: Role) -> Style {
        let style = Style { fg: self.color(role), ..Style::default() };
        if role == Role::Dim && style.fg.is_none() { style.add_modifier(Modifier::DIM) } else { style }
    }
}

/// `58a6ff`, a colour's name, or nothing for the terminal's own.
fn color(word: &str, depth: Depth) -> Option<Color> {
    match (u32::from_str_radix(word, 16).ok().filter(|_| word.len() == 6), depth) {
        (Some(rgb), Depth::True) => Some(Color::from_u32(rgb)),
        (Some(rgb), _) => Some(Color::Indexed(nearest(rgb))),
        (None, _) => Color::from_str(word).ok(),
    }
}

/// The nearest of the 6×6×6 cube and the greys of a 256-colour terminal.
fn nearest(rgb: u32) -> u8 {
    let parts = [rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255];
    let far = |other: [u32; 3]| (0..3).map(|at| parts[at].abs_diff(other[at]).pow(2)).sum::<u32>();
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u32::from(step) };
    let cube = (0..216_u8).map(|at| (16 + at, [level(at / 36), level(at / 6 % 6), level(at % 6)]));
    let greys = (0..24_u8).map(|at| (232 + at, [8 + 10 * u32::from(at); 3]));
    cube.chain(greys).min_by_key(|(_, other)| far(*other)).map_or(7, |(index, _)| index)
}

/// How everything looks: colours, and whether glyphs are ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Only ASCII is drawn.
    pub ascii: bool,
    /// No colour at all: changed words stand in brackets.
    pub plain: bool,
}

impl Look {
    /// A theme on a terminal of that depth.
    #[must_use]
    pub fn new(name: ThemeName, depth: Depth, ascii: bool) -> Self {
        Self { theme: Theme::new(name, depth), ascii, plain: depth == Depth::None }
    }

    /// The style of ordinary text on the theme's ground.
    #[must_use]
    pub fn base(&self) -> Style {
        Style { bg: self.theme.ground, ..self.theme.style(Role::Text) }
    }

    /// The style of a span.
    #[must_use]
    pub fn style(&self, span: &Span) -> Style {
        let mut style = self.theme.style(span.role);
        if span.strong || matches!(span.role, Role::Error | Role::Diverged) {
            style = style.add_modifier(Modifier::BOLD);
        }
        if span.word {
            style = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        }
        if span.focus { style.add_modifier(Modifier::REVERSED) } else { style }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color) -> f64 {
        let Color::Rgb(r, g, b) = color else { panic!("a 24-bit colour") };
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    #[test]
    fn every_role_stands_out_from_its_ground_by_4_5_to_1() {
        for (name, theme) in ThemeName::ALL.into_iter().skip(1) {
            let theme = Theme::new(theme, Depth::True);
            let ground = luminance(theme.ground.expect("a ground"));
            for role in ROLES {
                let text = luminance(theme.color(role).expect("a colour"));
                let ratio = (text.max(ground) + 0.05) / (text.min(ground) + 0.05);
                assert!(ratio >= 4.5, "{name} {role:?}: {ratio:.1}");
            }
        }
    }

    #[test]
    fn the_system_theme_has_no_blue_text_and_no_ground() {
        let theme = Theme::new(ThemeName::System, Depth::Sixteen);
        assert_eq!(theme.ground, None);
        assert!(ROLES.iter().all(|role| theme.color(*role) != Some(Color::Blue)));
        assert_eq!(theme.color(Role::Error), Some(Color::Red), "the table is readable");
    }

    #[test]
    fn no_color_wins_over_everything() {
        assert_eq!(Depth::of("truecolor", "xterm-256color", "1"), Depth::None);
        assert_eq!(Depth::of("", "xterm-256color", ""), Depth::Many);
        assert_eq!(Depth::of("24bit", "xterm", ""), Depth::True);
    }
}
