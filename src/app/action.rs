//! Everything a key can mean, by name: the other end of `assets/keymap.toml`.

macro_rules! actions {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// What a key asks for; each stands in the keymap under its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(
            #[doc = concat!("`", $name, "`")]
            $variant,
        )+ }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in the keymap.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The action of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }
        }
    };
}

actions! {
    Down = "down",
    Up = "up",
    Top = "top",
    Bottom = "bottom",
    PageDown = "page-down",
    PageUp = "page-up",
    HalfDown = "half-down",
    HalfUp = "half-up",
    NextBig = "next-big",
    PrevBig = "prev-big",
    Fold = "fold",
    Unfold = "unfold",
    Open = "open",
    Back = "back",
    Quit = "quit",
    GoFleet = "go-fleet",
    GoApp = "go-app",
    GoDiff = "go-diff",
    GoHistory = "go-history",
    GoActivity = "go-activity",
    GoErrors = "go-errors",
    GoClusters = "go-clusters",
    GoRun = "go-run",
    Diff = "diff",
    History = "history",
    Who = "who",
    NextChange = "next-change",
    PrevChange = "prev-change",
    FoldContext = "fold-context",
    Swap = "swap",
    Filter = "filter",
    Problems = "problems",
    Mark = "mark",
    Toggle = "toggle",
    Take = "take",
    Sync = "sync",
    Pause = "pause",
    Pin = "pin",
    Revert = "revert",
    Unlock = "unlock",
    Lock = "lock",
    Abort = "abort",
    Ignore = "ignore",
    Hidden = "hidden",
    Refresh = "refresh",
    Copy = "copy",
    CopyName = "copy-name",
    CopySha = "copy-sha",
    CopyYaml = "copy-yaml",
    CopyDiff = "copy-diff",
    CopyCommand = "copy-command",
    CopyKubectl = "copy-kubectl",
    Command = "command",
    Help = "help",
    NextField = "next-field",
    PrevField = "prev-field",
    Press = "press",
    Cancel = "cancel",
    Complete = "complete",
    Redraw = "redraw",
    Suspend = "suspend",
    Interrupt = "interrupt",
}
