//! The two modes with a screen: what they are started with, and the code they leave.

use std::io::IsTerminal;
use std::process::ExitCode;

use driftdeck::cli::{self, Asked, CliError, Global, Terminal};
use driftdeck::demo;
use driftdeck::tui::{self, Cockpit, Depth, Exit, Look, Start, ThemeName};

/// The cockpit on the user's config, or on a directory.
pub fn cockpit(asked: &Asked) -> ExitCode {
    match cli::cockpit(asked) {
        Err(error) => cli::fail(&error),
        Ok(ready) => {
            let welcome = if ready.first_run { welcome() } else { Vec::new() };
            let cockpit = Cockpit { setup: ready.setup, start: Start { welcome, ..start() } };
            show(&ready.global, || async { Ok((cockpit, None::<()>)) })
        }
    }
}

/// The cockpit on the sample fleet.
pub fn demo(asked: &Asked) -> ExitCode {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return cli::fail(&CliError::no_terminal());
    }
    let read_only = asked.global().read_only;
    show(asked.global(), move || async move {
        let options = demo::Options { read_only, ..demo::Options::cockpit() };
        let demo = demo::start(options).await?;
        Ok((Cockpit { setup: demo.setup, start: Start { demo: true, ..start() } }, Some(demo.stage)))
    })
}

/// Runs a cockpit on a runtime of its own; what it stands on (a demo's stage) goes last, with all it wrote.
fn show<F, S>(global: &Global, ready: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = color_eyre::Result<(Cockpit, Option<S>)>>,
{
    let terminal = Terminal::find(global);
    let depth = Depth::of(&terminal.colorterm, &terminal.term, &terminal.no_color);
    let look = Look::new(ThemeName::System, depth, terminal.ascii);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(&CliError::failed(error.to_string())),
    };
    let ended = runtime.block_on(async {
        let (cockpit, stage) = ready().await?;
        let exit = tui::cockpit(cockpit, look).await;
        drop(stage);
        Ok::<Exit, color_eyre::Report>(exit?)
    });
    // A reader of a dead terminal may hang for ever: it is left behind.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => code(exit),
        Err(error) => cli::fail(&CliError::failed(error.to_string())),
    }
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(match exit {
        Exit::Quit => 0,
        Exit::HungUp => 129,
        Exit::Interrupted => 130,
        Exit::Terminated => 143,
    })
}

fn start() -> Start {
    Start { zone: cli::zone(), no_git: cli::no_git(), ..Start::default() }
}

/// What a first run is told.
fn welcome<T: From<&'static str>>() -> Vec<T> {
    let lines = [
        "Nothing is configured yet. Nothing is changed until you unlock a cluster.",
        "",
        "  driftdeck demo              try it: sample clusters, no network, safe keys",
        "  driftdeck DIR               this directory against the current kube context",
        "  driftdeck config example    a config to start from",
        "  driftdeck config path       where it belongs",
    ];
    lines.into_iter().map(T::from).collect()
}
