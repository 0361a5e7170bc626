//! The table of alerters, and what configurations make of it.

use std::io;

use stockflow_core::config::Config;

use super::*;

/// Builds the only alerter of a configuration; `HOOK` and `SECRET` are the variables that are set.
pub(super) fn built(text: &str, folder: &Path) -> Result<Arc<dyn Alerter>, String> {
    let variable = |name: &str| match name {
        "HOOK" => Some("http://127.0.0.1:9/hunter2".to_owned()),
        "SECRET" => Some("hunter2".to_owned()),
        _ => None,
    };
    let around = Surroundings {
        variable: &variable,
        folder,
        console: &|| Box::new(io::sink()),
        colour: false,
    };
    let config = Config::from_toml(&format!("[[alerter]]\n{text}"), "stockflow.toml")
        .map_err(|error| error.to_string())?;
    build(&config.alerters[0], &around).map_err(|error| error.to_string())
}

/// The mistake, in which no secret may be seen.
pub(super) fn error(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = built(text, folder.path()).unwrap_err();
    assert!(!text.contains("hunter2"), "{text}");
    text.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn console_and_file_are_built() {
    let folder = tempfile::tempdir().unwrap();
    built("kind = 'console'", folder.path()).unwrap();
    built("kind = 'file'\npath = 'alerts.ndjson'", folder.path()).unwrap();
    assert!(folder.path().join("alerts.ndjson").exists());
}

#[test]
fn mistakes_are_told_with_what_is_allowed() {
    for (text, expected) in [
        (
            "kind = 'consol'",
            "stockflow.toml:2: alerter[0].kind is \"consol\", allowed is console, file, webhook, smtp; did you mean console?",
        ),
        (
            "kind = 'file'\npth = 'x'",
            "stockflow.toml:3: alerter[0].pth is not a known key (it is not shown), allowed is kind, path; did you mean path?",
        ),
        (
            "kind = 'file'",
            "stockflow.toml:1: alerter[0].path is absent, allowed is the path of a file",
        ),
        (
            "kind = 'file'\npath = 5",
            "stockflow.toml:3: alerter[0].path is 5, allowed is a text in quotes",
        ),
        (
            "kind = 'file'\npath = 'none/x'",
            "stockflow.toml:3: alerter[0].path is \"none/x\", allowed is a file for alerts that can be written; alert file: open failed (not found): FOLDER/none/x: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn an_alerter_that_is_not_in_this_build_names_its_feature() {
    for entry in ALERTERS.iter().filter(|entry| entry.missing.is_some()) {
        assert_eq!(
            error(&format!("kind = '{}'\nanything = 'hunter2'", entry.kind)),
            format!(
                "stockflow.toml:2: alerter[0].kind is \"{0}\", allowed is an alerter of this build; `--features {0}` adds this one",
                entry.kind
            )
        );
    }
}

#[test]
fn kinds_and_keys_are_unique_and_described() {
    for (index, entry) in ALERTERS.iter().enumerate() {
        assert!(!ALERTERS[..index].iter().any(|other| other.kind == entry.kind));
        assert!(!entry.summary.is_empty());
        for (at, (key, about)) in entry.keys.iter().enumerate() {
            assert!(!about.is_empty() && *key != "kind");
            assert!(!entry.keys[..at].iter().any(|(other, _)| other == key), "{key}");
        }
    }
}

#[test]
fn a_spec_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings {
        variable: &|_| None,
        folder: folder.path(),
        console: &|| Box::new(io::sink()),
        colour: false,
    };
    let settings = Section::new("alerter").with_text("path", "a.ndjson");
    build(&AlerterSpec::new("file", settings), &around).unwrap();
    let error = build(&AlerterSpec::new("file", Section::new("alerter")), &around).unwrap_err();
    assert_eq!(
        error.to_string(),
        "configuration: alerter.path is absent, allowed is the path of a file"
    );
}
