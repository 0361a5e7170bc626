//! Installs the emulator and other programs in Python, once for a machine.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use super::emulator::{EmulatorError, failed};

/// The emulator and everything that it needs, in the versions that this crate is tested with.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Makes a place for them.
const ENVIRONMENT: &str = include_str!("environment.py");

/// Where the folder with the emulator is, if not below the build's own target folder.
const HOME: &str = "STOCKFLOW_EMULATOR_HOME";

/// The emulator's program.
pub(super) fn ministack() -> Result<PathBuf, EmulatorError> {
    Ok(emulator_programs()?.join("ministack"))
}

/// The Python interpreter that the emulator runs in. It also has `boto3`, and `samtranslator`, which makes of a template what
/// CloudFormation would.
///
/// # Errors
/// What the programs say: there is no Python, or no package index.
pub fn emulator_python() -> Result<PathBuf, EmulatorError> {
    Ok(emulator_programs()?.join("python3"))
}

fn emulator_programs() -> Result<PathBuf, EmulatorError> {
    let home = match std::env::var_os(HOME) {
        Some(home) => home.into(),
        None => target()?.join("stockflow-emulator"),
    };
    installed(&home, REQUIREMENTS)
}

/// A Python interpreter that has these packages and nothing else, for a test that holds something against a reference in
/// Python; installed at its first use in the folder `name` beside the build's other files, with `pip` in a virtual environment.
///
/// `requirements` are lines of `package==version`, dependencies included.
///
/// # Errors
/// What the programs say: there is no Python, or no package index.
pub fn python(name: &str, requirements: &str) -> Result<PathBuf, EmulatorError> {
    installed(&target()?.join(name), requirements).map(|programs| programs.join("python3"))
}

/// The folder of the programs in `home`.
fn installed(home: &Path, requirements: &str) -> Result<PathBuf, EmulatorError> {
    let programs = home.join("bin");
    let done = home.join("requirements.txt");
    fs::create_dir_all(home).map_err(|error| failed("creating a folder for Python", &error))?;
    // Several test programs may come here at once: one installs, the others wait.
    let lock = File::create(home.with_extension("lock"))
        .map_err(|error| failed("creating a lock", &error))?;
    lock.lock().map_err(|error| failed("locking a folder for Python", &error))?;
    let python = programs.join("python3");
    if fs::read_to_string(&done).is_ok_and(|text| text == requirements) && python.exists() {
        return Ok(programs);
    }
    let environment = ["-c", ENVIRONMENT];
    run("making it", Command::new("python3").args(environment).arg(home).current_dir("/"))?;
    let list = home.join("wanted.txt");
    fs::write(&list, requirements)
        .map_err(|error| failed("writing the list of packages", &error))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r"];
    run("installing into it", Command::new(python).args(pip).arg(&list))?;
    fs::rename(&list, &done).map_err(|error| failed("noting what was installed", &error))?;
    Ok(programs)
}

/// Beside the build's other files, since that is where a user expects what tests leave behind.
fn target() -> Result<PathBuf, EmulatorError> {
    let program =
        std::env::current_exe().map_err(|error| failed("finding the target folder", &error))?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(target.unwrap_or(&std::env::temp_dir() as &Path).to_owned())
}

fn run(doing: &str, command: &mut Command) -> Result<(), EmulatorError> {
    let doing = format!("an environment for Python: {doing}");
    let output = command.output().map_err(|error| failed(&doing, &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmulatorError(format!(
        "{doing} ended with {}; a test on the emulator needs python3 and the Python package index: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
    )))
}
