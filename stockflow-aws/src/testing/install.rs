//! Installs the emulator, once for a machine.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use super::emulator::{EmulatorError, failed};

/// The emulator and everything that it needs, in the versions that this crate is tested with.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Where the folder with the emulator is, if not below the build's own target folder.
const HOME: &str = "STOCKFLOW_EMULATOR_HOME";

/// The emulator's program.
pub(super) fn ministack() -> Result<PathBuf, EmulatorError> {
    let home = home()?;
    let program = home.join("bin/ministack");
    let done = home.join("requirements.txt");
    fs::create_dir_all(&home).map_err(|error| failed("creating the emulator's folder", &error))?;
    // Several test programs may come here at once: one installs, the others wait.
    let lock = File::create(home.with_extension("lock"))
        .map_err(|error| failed("creating a lock", &error))?;
    lock.lock().map_err(|error| failed("locking the emulator's folder", &error))?;
    if fs::read_to_string(&done).is_ok_and(|text| text == REQUIREMENTS) && program.exists() {
        return Ok(program);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home).current_dir("/"))?;
    let list = home.join("wanted.txt");
    fs::write(&list, REQUIREMENTS)
        .map_err(|error| failed("writing the list of packages", &error))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r"];
    run(Command::new(home.join("bin/python3")).args(pip).arg(&list))?;
    fs::rename(&list, &done).map_err(|error| failed("noting what was installed", &error))?;
    Ok(program)
}

/// Beside the build's other files, since that is where a user expects what tests leave behind.
fn home() -> Result<PathBuf, EmulatorError> {
    if let Some(home) = std::env::var_os(HOME) {
        return Ok(home.into());
    }
    let program =
        std::env::current_exe().map_err(|error| failed("finding the target folder", &error))?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(target.unwrap_or(&std::env::temp_dir() as &Path).join("stockflow-emulator"))
}

fn run(command: &mut Command) -> Result<(), EmulatorError> {
    let output = command.output().map_err(|error| failed(&format!("{command:?}"), &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmulatorError(format!(
        "{command:?} ended with {}; a test on the emulator needs python3 with venv and pip, and the Python package index: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
    )))
}
