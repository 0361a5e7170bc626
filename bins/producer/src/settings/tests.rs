use clap::Parser as _;

use super::*;

fn settings(arguments: &[&str]) -> Result<Settings, Failure> {
    Settings::new(&Cli::parse_from(["stockflow-producer"].iter().chain(arguments)))
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("producer.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

#[test]
fn flags_win_over_the_file() {
    let (_folder, path) = file(
        "feed = 'simulated'\nstream = 'a'\nrecords = 'compressed'\nhealth = '8080'\n\
         [spool]\nbytes = 33554432\n[simulated]\nseed = 3\ndate = '2026-01-05'\ndays = 2\n",
    );
    let told = settings(&["--config", &path, "--stream", "b", "--seed", "4"]).unwrap();
    assert_eq!((told.stream.as_str(), told.records), ("b", RecordForm::Compressed));
    assert_eq!((told.simulated.seed, told.simulated.days), (4, 2));
    assert_eq!(told.simulated.date, Date::new(2026, 1, 5));
    assert_eq!(told.health.unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(told.spool_bytes, 32 << 20);
}

#[test]
fn a_file_to_replay_is_a_feed() {
    let told = settings(&["--replay", "a.csv", "--dry-run"]).unwrap();
    assert_eq!((told.feed, told.replay.len()), (FeedKind::Replay, 1));
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let (_folder, path) = file("feed = 'simulatd'");
    let (_other, unknown) = file("\nstreem = 'a'");
    for (arguments, text) in [
        (vec![], "say --feed"),
        (vec!["--feed", "simulated"], "say --stream"),
        (vec!["--feed", "replay", "--stream", "a"], "name files with --replay"),
        (vec!["--feed", "simulated", "--stream", "a", "--health", "here"], "0.0.0.0:8080"),
        (vec!["--feed", "simulated", "--stream", "a", "--spool-bytes", "5"], "16777216"),
        (vec!["--config", "absent.toml"], "absent.toml"),
        (vec!["--config", &path], "did you mean simulated?"),
        (vec!["--config", &unknown], ":2: streem is not a known key"),
    ] {
        let told = settings(&arguments).unwrap_err().to_string();
        assert!(told.contains(text), "{arguments:?}: {told}");
    }
}
