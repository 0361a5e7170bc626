//! Playing histories, many at a time; what to say of one that goes wrong.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use stockflow_core::Rules;
use stockflow_local::event_source::{Attempt, Outcome};
use tokio::runtime::{Builder, Runtime};

use crate::{
    breaks::added_to,
    fate::{Blow, Blows},
    model::Expected,
    plan::Plan,
    undisturbed,
    world::{Story, play},
};

/// What happened in some histories.
#[derive(Debug, Default)]
pub struct Tally {
    histories: u64,
    pub calls: u64,
    blows: Blows,
    counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn of(plan: &Plan, story: &Story, expected: &Expected) -> Self {
        let outcomes = |attempts: &[Attempt], outcome| {
            attempts.iter().filter(|attempt| attempt.outcome == outcome).count() as u64
        };
        let (one, two) = (&story.one, &story.two);
        let both = |outcome| outcomes(one, outcome) + outcomes(two, outcome);
        let late = |row: &&String| row.contains("\"late\":true");
        let counts = [
            ("records", story.records.len() as u64),
            ("rows", expected.remains.rows.len() as u64),
            ("late rows", expected.remains.rows.iter().filter(late).count() as u64),
            ("records in quarantine", expected.remains.quarantine.len() as u64),
            ("alerts", expected.remains.alerts.len() as u64),
            ("alerts told once more", story.twice),
            ("attempts of stage 1", one.len() as u64),
            ("attempts of stage 2", two.len() as u64),
            ("partial responses", both(Outcome::Partial)),
            ("crashes", both(Outcome::Crashed)),
            ("timeouts", both(Outcome::TimedOut)),
            ("lost answers", both(Outcome::AnswerLost)),
            ("cold starts", one.iter().chain(two).filter(|attempt| attempt.cold).count() as u64),
            ("records given up and redriven", story.given_up.len() as u64),
            ("changes given up and redriven", story.feed_given_up as u64),
            ("histories of poison only", u64::from(plan.poison == 1_000)),
            ("histories reordered within 1,000", u64::from(plan.reorder == 1_000)),
        ];
        Self {
            histories: 1,
            calls: story.fate.calls(),
            blows: story.fate.blows(),
            counts: counts.into(),
        }
    }

    fn add(&mut self, other: Self) {
        self.histories += other.histories;
        self.calls += other.calls;
        for (key, count) in other.blows {
            *self.blows.entry(key).or_default() += count;
        }
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
    }

    /// What should have happened somewhere, and did not.
    pub fn missing(&self) -> Vec<String> {
        let counts = self.counts.iter().filter(|(_, count)| **count == 0);
        let mut missing: Vec<String> = counts.map(|(name, _)| (*name).to_owned()).collect();
        for operation in OPERATIONS {
            for blow in Blow::ALL {
                if !self.blows.contains_key(&(operation, blow)) {
                    missing.push(format!("{blow:?} at {operation}"));
                }
            }
        }
        missing
    }
}

const OPERATIONS: [&str; 13] = [
    "newest",
    "contains",
    "rows",
    "put",
    "put_absent",
    "lake",
    "quarantine",
    "claim",
    "mark_sent",
    "status",
    "policy_states",
    "advance",
    "notify",
];

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} histories, {} calls of backends", self.histories, self.calls)?;
        for (name, count) in &self.counts {
            writeln!(f, "{count:>10} {name}")?;
        }
        for blow in Blow::ALL {
            let of = self.blows.iter().filter(|((_, b), _)| *b == blow);
            let of: Vec<String> =
                of.map(|((operation, _), count)| format!("{operation} {count}")).collect();
            writeln!(f, "{blow:?}: {}", of.join(", "))?;
        }
        Ok(())
    }
}

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    static RULES: [Rules; 2] = [added_to(Rules::empty()), added_to(Rules::default_set())];
}

/// Plays a history: what happened in it, or what is wrong.
pub fn check(plan: &Plan) -> Result<Tally, String> {
    let play = || RUNTIME.with(|runtime| runtime.block_on(check_one(plan)));
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("a panic: {}", text.unwrap_or_default()))
    })
}

async fn check_one(plan: &Plan) -> Result<Tally, String> {
    let rules = RULES.with(|rules| rules[plan.rules as usize].clone());
    let story = play(plan, &rules).await?;
    let expected = Expected::of(&story, &rules);
    let mut wrong = story.wrong.clone();
    wrong.extend(expected.difference(&story.remains));
    let undisturbed = undisturbed::run(&story, &rules, 1 + plan.seed as usize % 40).await;
    let same = story.remains.rows == undisturbed.rows
        && story.remains.alerts == undisturbed.alerts
        && (!story.given_up.is_empty()
            || (story.remains.lake == undisturbed.lake
                && story.remains.quarantine == undisturbed.quarantine));
    if wrong.is_empty() && !same {
        wrong = expected.difference(&undisturbed);
        wrong.push("an undisturbed run comes to something else than the model".to_owned());
    }
    if wrong.is_empty() { Ok(Tally::of(plan, &story, &expected)) } else { Err(wrong.join("\n")) }
}

/// Plays all, on as many threads as there are processors, and panics at the first one that goes wrong.
pub fn each(plans: impl Iterator<Item = Plan> + Send) -> Tally {
    let (plans, tally, failed) = (Mutex::new(plans), Mutex::<Tally>::default(), Mutex::new(None));
    let stop = AtomicBool::new(false);
    let work = || {
        while !stop.load(SeqCst) {
            let next: Vec<Plan> = plans.lock().unwrap().by_ref().take(20).collect();
            if next.is_empty() {
                return;
            }
            let mut sum = Tally::default();
            for plan in next {
                match check(&plan) {
                    Ok(tally) => sum.add(tally),
                    Err(wrong) => {
                        stop.store(true, SeqCst);
                        failed.lock().unwrap().get_or_insert((plan, wrong));
                        return;
                    }
                }
            }
            let mut tally = tally.lock().unwrap();
            tally.add(sum);
            if tally.histories.is_multiple_of(10_000) {
                eprintln!("{} histories came to what they should", tally.histories);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    if let Some((plan, wrong)) = failed.into_inner().unwrap() {
        let (small, why) = shrink(plan.clone(), wrong);
        panic!(
            "the history {plan}\ndoes not come to what it should. The shortest that was found is\n\n    \
            STOCKFLOW_HISTORY='{small}'\n\nand set as that variable it is played alone. What is wrong (- is missing, + is too much):\n{why}"
        );
    }
    tally.into_inner().unwrap()
}

/// The simplest plan near `plan` that still fails, and how.
fn shrink(mut plan: Plan, mut why: String) -> (Plan, String) {
    let mut left = 600;
    'simpler: while left > 0 {
        for simple in plan.simpler() {
            left -= 1;
            if let Err(wrong) = check(&simple) {
                (plan, why) = (simple, wrong);
                continue 'simpler;
            }
            if left == 0 {
                break;
            }
        }
        break;
    }
    (plan, why)
}

/// Plays one, and prints what it did.
pub fn report(plan: &Plan) {
    println!("{plan}");
    let story = RUNTIME.with(|runtime| {
        let rules = RULES.with(|rules| rules[plan.rules as usize].clone());
        runtime.block_on(play(plan, &rules))
    });
    if let Ok(story) = story {
        for record in &story.records {
            println!(
                "{} {} {} {:?}",
                record.arrival, record.sequence, record.shard, record.data.parts
            );
        }
        for (stage, attempts) in [(1, &story.one), (2, &story.two)] {
            for a in attempts {
                let (first, last) = (a.sequences.first().unwrap(), a.sequences.last().unwrap());
                println!(
                    "stage {stage} {} to {}: {first} to {last} in container {}{}: {:?}, {} done",
                    a.began,
                    a.ended,
                    a.container,
                    if a.cold { ", cold" } else { "" },
                    a.outcome,
                    a.acknowledged
                );
            }
        }
        println!("given up: {:?}", story.given_up);
        println!("went wrong: {:?}", story.fate.blows());
    }
    match check(plan) {
        Ok(tally) => println!("{tally}"),
        Err(wrong) => panic!("{wrong}"),
    }
}
