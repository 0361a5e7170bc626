use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use stockflow_core::{Error, Result};

use super::{
    BACKEND,
    scorer::Profile,
    series::{Series, window_rows},
};
use crate::io;

/// The labelled series of the benchmark, and the profiles of costs by which they are scored.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// In the order of their paths.
    pub series: Vec<Series>,
    /// `standard` first.
    pub profiles: Vec<Profile>,
}

/// As in `config/profiles.json`.
#[derive(Deserialize)]
struct Costs {
    #[serde(rename = "CostMatrix")]
    matrix: CostMatrix,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CostMatrix {
    tp_weight: f64,
    fp_weight: f64,
    fn_weight: f64,
}

impl Corpus {
    /// Reads a folder laid out as the benchmark's repository: every series that `labels/combined_windows.json` names from `data/`,
    /// the profiles from `config/profiles.json`.
    ///
    /// # Errors
    /// A file that is missing, or is not what it should be.
    pub fn read(folder: &Path) -> Result<Self> {
        let windows: BTreeMap<String, Vec<[String; 2]>> =
            json(&folder.join("labels/combined_windows.json"))?;
        let profiles: BTreeMap<String, Costs> = json(&folder.join("config/profiles.json"))?;
        let series = windows.into_iter().map(|(path, windows)| {
            let file = folder.join("data").join(&path);
            let mut series = Series::read(&file, path)?;
            series.windows = window_rows(&series.timestamps, &windows)
                .map_err(|what| io::corrupt(BACKEND, "read windows", &file, what))?;
            Ok(series)
        });
        let series = series.collect::<Result<_>>()?;
        let mut profiles: Vec<_> = profiles.into_iter().map(profile).collect();
        profiles.sort_by_key(|profile| profile.name != "standard");
        Ok(Self { series, profiles })
    }

    /// All labelled windows.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.series.iter().map(|series| series.windows.len()).sum()
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).sum()
    }

    /// A raw score over the whole corpus as the benchmark publishes it: 0 for telling nothing, 100 for perfection.
    #[must_use]
    pub fn normalise(&self, profile: &Profile, raw: f64) -> f64 {
        profile.normalise(raw, self.windows())
    }
}

fn profile((name, costs): (String, Costs)) -> Profile {
    let CostMatrix { tp_weight, fp_weight, fn_weight } = costs.matrix;
    Profile { name, true_positive: tp_weight, false_positive: fp_weight, false_negative: fn_weight }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read(path).map_err(|error| io::failed(BACKEND, "read corpus", path, error))?;
    serde_json::from_slice(&text).map_err(|error| io::corrupt(BACKEND, "read corpus", path, error))
}
