use super::{
    Corpus, NabDetector,
    scorer::{self, Optimum, Outcome, Profile, Scored},
};

/// The anomaly scores that a detector gave to all rows of a corpus.
#[derive(Clone, Debug)]
pub struct Detections {
    /// Its name, which is that of the folder of its results.
    pub detector: String,
    /// For each series of the corpus one score a row.
    pub scores: Vec<Vec<f64>>,
}

impl Detections {
    /// Runs a detector over the corpus: one pass, a fresh detector for each series.
    #[must_use]
    pub fn of(corpus: &Corpus, detector: &NabDetector) -> Self {
        let scores = corpus.series.iter().zip(0..).map(|(series, number)| {
            let mut one = (detector.build)(number);
            series.values.iter().map(|value| one.judge(*value)).collect()
        });
        Self { detector: detector.name.to_owned(), scores: scores.collect() }
    }

    /// The threshold that the benchmark's rule gives this detector, one for the whole corpus.
    #[must_use]
    pub fn optimise(&self, corpus: &Corpus, profile: &Profile) -> Optimum {
        scorer::optimise(profile, &self.scored(corpus).collect::<Vec<_>>())
    }

    /// What `threshold` gives on each series.
    pub fn outcomes<'a>(
        &'a self,
        corpus: &'a Corpus,
        profile: &'a Profile,
        threshold: f64,
    ) -> impl Iterator<Item = Outcome> + 'a {
        self.scored(corpus).map(move |series| scorer::score(profile, series, threshold))
    }

    fn scored<'a>(&'a self, corpus: &'a Corpus) -> impl Iterator<Item = Scored<'a>> {
        let pairs = corpus.series.iter().zip(&self.scores);
        pairs.map(|(series, scores)| Scored { scores, windows: &series.windows })
    }
}
