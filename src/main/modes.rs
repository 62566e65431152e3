//! The two modes with a screen, and the demo's without one: what they are started with, and the code they leave.

use std::io::IsTerminal;
use std::process::ExitCode;

use driftdeck::cli::{self, Asked, CliError, DemoArgs, Global, Terminal};
use driftdeck::demo::{self, Address, Casting, Served, Stage};
use driftdeck::tui::{self, Cockpit, Depth, Exit, Kubectl, Look, Start, ThemeName};

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

/// The cockpit on the sample fleet, or that fleet behind a port.
pub fn demo(asked: &Asked) -> ExitCode {
    let wanted = asked.demo();
    let address = match wanted.serve.as_deref().map(str::parse::<Address>).transpose() {
        Ok(address) => address,
        Err(error) => return cli::fail(&CliError::usage(error.to_string())),
    };
    let scenes = match wanted.scene.iter().map(|text| text.parse()).collect::<Result<Vec<Casting>, _>>() {
        Ok(scenes) => scenes,
        Err(error) => return cli::fail(&CliError::usage(error.to_string())),
    };
    // Who wants the file, or no cockpit, wants the port.
    let wants_port = wanted.headless || wanted.write_kubeconfig.is_some();
    let address = address.or_else(|| wants_port.then(Address::default));
    if wanted.headless {
        return headless(asked, &wanted, address.unwrap_or_default(), scenes);
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let hint = "without one: driftdeck demo --headless serves the sample clusters to kubectl until a signal";
        return cli::fail(&CliError::no_terminal().hint(hint));
    }
    let read_only = asked.global().read_only;
    show(asked.global(), move || async move {
        let begins = demo::Options::cockpit().lead_in.as_secs();
        let notice = |scene: &Casting| format!("{}; begins {begins} s after the start", scene.sentence()).into();
        let notice = scenes.iter().map(notice).collect();
        let options = demo::Options { read_only, scenes, ..demo::Options::cockpit() };
        let demo = demo::start(options).await?;
        let served = open(&demo.stage, &wanted, address)?;
        let way = |served: &Served| Kubectl { line: served.export().into(), warning: served.warning().map(Into::into) };
        let start = Start { demo: true, notice, kubectl: served.as_ref().map(way), ..start() };
        Ok((Cockpit { setup: demo.setup, start }, Some((served, demo.stage))))
    })
}

/// The sample clusters behind a port, until a signal.
fn headless(asked: &Asked, wanted: &DemoArgs, address: Address, scenes: Vec<Casting>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(&CliError::failed(error.to_string())),
    };
    let read_only = asked.global().read_only;
    // Who has no cockpit to look at has no time to wait either.
    let lead_in = std::time::Duration::ZERO;
    let options = demo::Options { read_only, scenes, lead_in, ..demo::Options::cockpit() };
    let ended = runtime.block_on(async {
        tokio::select! {
            // First: a signal that comes while the clusters are made is already waited for.
            biased;
            code = cli::caught() => Ok(code),
            ended = serve(options, wanted, address) => ended,
        }
    });
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => cli::fail(&CliError::failed(error.to_string())),
    }
}

/// Ends only when it cannot begin, or when nobody is told the line.
async fn serve(options: demo::Options, wanted: &DemoArgs, address: Address) -> color_eyre::Result<u8> {
    let scenes: Vec<_> = options.scenes.iter().map(Casting::sentence).collect();
    let stage = demo::start(options).await?.stage;
    // Dropped before the stage.
    let served = Served::open(&stage, address, wanted.write_kubeconfig.as_deref())?;
    let unheard = cli::print(&served.export());
    if unheard != 0 {
        return Ok(unheard);
    }
    cli::say(&format!("driftdeck: serving {} until Ctrl-c", served.words()));
    for scene in scenes {
        cli::say(&format!("driftdeck: {scene}"));
    }
    if let Some(warning) = served.warning() {
        cli::say(&format!("driftdeck: {warning}"));
    }
    std::future::pending().await
}

fn open(stage: &Stage, wanted: &DemoArgs, address: Option<Address>) -> color_eyre::Result<Option<Served>> {
    let Some(address) = address else { return Ok(None) };
    Ok(Some(Served::open(stage, address, wanted.write_kubeconfig.as_deref())?))
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
        let (cockpit, stage) = tokio::select! {
            // First: a signal that comes while the demo is made leaves nothing of it behind.
            biased;
            code = cli::caught() => return Ok(code),
            ready = ready() => ready?,
        };
        let exit = tui::cockpit(cockpit, look).await;
        drop(stage);
        Ok::<u8, color_eyre::Report>(code(exit?))
    });
    // A reader of a dead terminal may hang for ever: it is left behind.
    runtime.shutdown_background();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => cli::fail(&CliError::failed(error.to_string())),
    }
}

fn code(exit: Exit) -> u8 {
    match exit {
        Exit::Quit => 0,
        Exit::HungUp => 129,
        Exit::Interrupted => 130,
        Exit::Terminated => 143,
    }
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
