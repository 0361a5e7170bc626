//! What is in the file, whatever happened to it before.

use std::{fs, io::Write as _};

use stockflow_core::{
    ErrorKind,
    conformance::{self, Probe, samples},
};

use super::*;

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn json(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(Alert::to_json).collect()
}

async fn tell(alerter: &FileAlerter, alerts: &[Alert]) {
    alerter.notify(alerts).await.unwrap().into_result().unwrap();
}

#[tokio::test]
async fn the_suite_of_alerters_passes() {
    let harness = async || {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let alerter = FileAlerter::open(folder.path().join("alerts.ndjson")).unwrap();
        let path = alerter.path().to_owned();
        Probe::new(alerter, move || {
            let (path, folder) = (path.clone(), Arc::clone(&folder));
            async move {
                let id =
                    |line: &String| Alert::from_json(line.as_bytes()).unwrap().id().to_string();
                let told = lines(&path).iter().map(id).collect();
                drop(folder);
                Ok(told)
            }
        })
    };
    conformance::alerter::all(&harness).await.unwrap();
}

#[tokio::test]
async fn an_alert_is_written_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.ndjson");
    let alerts = samples::alerts(6);
    let alerter = FileAlerter::open(&path).unwrap();
    tell(&alerter, &alerts[..3]).await;
    tell(&alerter, &[&alerts[1..4], &alerts[3..4]].concat()).await;
    drop(alerter);
    let alerter = FileAlerter::open(&path).unwrap();
    tell(&alerter, &alerts).await;
    assert_eq!(lines(&path), json(&alerts));
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off_wherever_it_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.ndjson");
    let alerts = samples::alerts(3);
    let whole = json(&alerts[..2]).join("\n") + "\n";
    let third = alerts[2].to_json();
    for cut in 0..=third.len() {
        fs::write(&path, format!("{whole}{}", &third[..cut])).unwrap();
        let alerter = FileAlerter::open(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        if cut % 50 == 0 {
            tell(&alerter, &alerts).await;
            assert_eq!(lines(&path), json(&alerts));
        }
    }
    // The first line too, and a tail of zeros, as a power cut may leave it.
    fs::write(&path, &third[..40]).unwrap();
    FileAlerter::open(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    fs::write(&path, format!("{whole}\0\0\0\0")).unwrap();
    FileAlerter::open(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
}

#[test]
fn a_file_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.txt");
    for text in ["no newline", "a line\n", "a line\nand a start of", "{\"id\":7}\n", "\n"] {
        fs::write(&path, text).unwrap();
        let error = FileAlerter::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{text:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn a_damaged_line_is_kept_and_the_others_still_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.ndjson");
    let alerts = samples::alerts(3);
    let mut text = json(&alerts[..2]);
    text[0].replace_range(10..12, "\u{7}!");
    fs::write(&path, text.join("\n") + "\n").unwrap();
    let alerter = FileAlerter::open(&path).unwrap();
    tell(&alerter, &alerts[1..]).await;
    text.push(alerts[2].to_json());
    assert_eq!(lines(&path), text);
}

#[tokio::test]
async fn what_a_failed_append_left_is_cut_off_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.ndjson");
    let alerts = samples::alerts(2);
    let alerter = FileAlerter::open(&path).unwrap();
    tell(&alerter, &alerts[..1]).await;
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"id\":\"half").unwrap();
    tell(&alerter, &alerts).await;
    assert_eq!(lines(&path), json(&alerts));
}

#[test]
fn a_folder_that_is_not_there_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = FileAlerter::open(folder.path().join("none/alerts.ndjson")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.chain().contains("none/alerts.ndjson"), "{}", error.chain());
}

#[cfg(unix)]
#[test]
fn a_device_is_refused() {
    // Reading it would never end.
    let error = FileAlerter::open("/dev/zero").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.chain().ends_with("/dev/zero: not a regular file"), "{}", error.chain());
}
