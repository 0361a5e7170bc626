//! The real programs.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::Result;

/// The command of the README for all tests builds with these, so that nothing is built twice.
const FEATURES: &str = "stockflow/full,stockflow-aws/full";
const NAMES: [&str; 4] =
    ["dynamodb-stock-trend", "kinesis-stock-processor", "stockflow", "stockflow-producer"];

/// The programs of this workspace, built from the source as it is, in the profile of the test that asks for them.
///
/// Cargo tells a test where the programs of its own package are, and no others.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds what is not up to date: nothing, in a run of all tests.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn built() -> Result<&'static Self> {
        static BUILT: OnceLock<std::result::Result<Programs, String>> = OnceLock::new();
        let built = BUILT.get_or_init(|| build().map_err(|error| error.to_string()));
        built.as_ref().map_err(|error| error.clone().into())
    }

    /// Where the program of that name is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

fn build() -> Result<Programs> {
    // target[/TRIPLE]/PROFILE/deps/NAME
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).ok_or("a test lies in a target folder")?;
    let target = folder.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let target = target.ok_or_else(|| format!("{} is in no target folder", test.display()))?;
    let within: Vec<_> = folder.strip_prefix(target)?.iter().collect();
    let profile = within.last().and_then(|name| name.to_str()).ok_or("no profile")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "--workspace", "--features", FEATURES])
        // With a test among what is built, features are chosen as in a run of tests.
        .args(["--test", "function"])
        .args(["--profile", if profile == "debug" { "dev" } else { profile }])
        .arg("--target-dir")
        .arg(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    NAMES.iter().for_each(|name| _ = cargo.args(["--bin", name]));
    if let [triple, _] = within[..] {
        cargo.arg("--target").arg(triple);
    }
    let output = cargo.output()?;
    if !output.status.success() {
        return Err(format!("{cargo:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(Programs { folder: folder.to_owned() })
}
