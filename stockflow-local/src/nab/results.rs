//! Results as the official scorer reads them: `<detector>/<group>/<detector>_<file>.csv`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use stockflow_core::Result;

use super::{BACKEND, Corpus, Detections, Series};
use crate::io;

const HEADER: &str = "timestamp,value,anomaly_score,label";

impl Detections {
    /// Writes a file for each series into `folder/<detector>/`; files that are there are replaced.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, corpus: &Corpus, folder: &Path) -> Result<()> {
        for (series, scores) in corpus.series.iter().zip(&self.scores) {
            let path = file(folder, &self.detector, &series.path);
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text(series, scores)))
                .map_err(|error| io::failed(BACKEND, "write results", &path, error))?;
        }
        Ok(())
    }

    /// Reads results that any detector left in `folder/<detector>/`, as those that the benchmark publishes.
    ///
    /// # Errors
    /// A file that is missing, has another number of rows than its series, or a score that is no number.
    pub fn read(corpus: &Corpus, folder: &Path, detector: &str) -> Result<Self> {
        let scores = corpus.series.iter().map(|series| {
            let path = file(folder, detector, &series.path);
            let text = fs::read_to_string(&path)
                .map_err(|error| io::failed(BACKEND, "read results", &path, error))?;
            parse(&text, series.values.len())
                .map_err(|what| io::corrupt(BACKEND, "read results", &path, what))
        });
        Ok(Self { detector: detector.to_owned(), scores: scores.collect::<Result<_>>()? })
    }
}

fn file(folder: &Path, detector: &str, series: &str) -> PathBuf {
    let (group, name) = series.rsplit_once('/').unwrap_or(("", series));
    folder.join(detector).join(group).join(format!("{detector}_{name}"))
}

fn text(series: &Series, scores: &[f64]) -> String {
    let mut text = format!("{HEADER}\n");
    for (row, score) in scores.iter().enumerate() {
        let (time, value) = (&series.timestamps[row], &series.texts[row]);
        let label = u8::from(series.is_labelled(row));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{time},{value},{score},{label}");
    }
    text
}

fn parse(text: &str, rows: usize) -> Result<Vec<f64>, String> {
    let mut lines = text.lines();
    let mut header = lines.next().unwrap_or_default().split(',');
    let column = header
        .position(|name| name == "anomaly_score")
        .ok_or_else(|| "line 1 has no column `anomaly_score`".to_owned())?;
    let scores = lines.enumerate().map(|(at, line)| {
        let score = line.split(',').nth(column).and_then(|cell| cell.parse().ok());
        score
            .filter(|score: &f64| !score.is_nan())
            .ok_or_else(|| format!("line {} has no number in column `anomaly_score`", at + 2))
    });
    let scores = scores.collect::<Result<Vec<_>, _>>()?;
    if scores.len() != rows {
        return Err(format!("there are {} rows, the series has {rows}", scores.len()));
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nab::scorer::Profile;

    fn corpus() -> Corpus {
        let series = Series {
            path: "realTweets/Twitter_volume_AAPL.csv".to_owned(),
            timestamps: ["2015-02-26 21:42:53", "2015-02-26 21:47:53", "2015-02-26 21:52:53"]
                .map(str::to_owned)
                .to_vec(),
            texts: ["104", "1e2", "99.50"].map(str::to_owned).to_vec(),
            values: vec![104.0, 100.0, 99.5],
            windows: vec![1..=1],
        };
        Corpus { series: vec![series], profiles: Vec::<Profile>::new() }
    }

    #[test]
    fn results_have_the_official_form_and_come_back_with_the_same_bits() {
        let folder = tempfile::tempdir().unwrap();
        let scores = vec![vec![0.0, 0.1 + 0.2, 1e-300]];
        let detections = Detections { detector: "ours".to_owned(), scores };
        detections.write(&corpus(), folder.path()).unwrap();
        let path = folder.path().join("ours/realTweets/ours_Twitter_volume_AAPL.csv");
        let text = fs::read_to_string(path).unwrap();
        let head = "timestamp,value,anomaly_score,label\n2015-02-26 21:42:53,104,0,0\n\
                    2015-02-26 21:47:53,1e2,0.30000000000000004,1\n";
        assert!(text.starts_with(head), "{text}");
        let read = Detections::read(&corpus(), folder.path(), "ours").unwrap();
        assert_eq!(read.scores, detections.scores);
    }

    #[test]
    fn results_that_do_not_fit_are_refused_with_the_line() {
        let error = |text| parse(text, 2).unwrap_err();
        assert!(error("timestamp,value\n").contains("no column `anomaly_score`"));
        assert!(error("a,anomaly_score\n1,0.5\n2\n").starts_with("line 3 has no number"));
        assert!(error("anomaly_score\n0.5\nnan\n").starts_with("line 3 has no number"));
        assert_eq!(error("anomaly_score\n0.5\n"), "there are 1 rows, the series has 2");
        assert_eq!(parse("anomaly_score,S(t)\n0.5,1\n1.0,1\n", 2).unwrap(), [0.5, 1.0]);
    }
}
