//! The program, killed again and again in the middle of a replay, leaves what an undisturbed run leaves.
#![cfg(unix)]
#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "kill/dice.rs"]
mod dice;
#[path = "kill/input.rs"]
mod input;
#[path = "kill/remains.rs"]
mod remains;
#[path = "kill/steps.rs"]
mod steps;
#[path = "kill/victim.rs"]
mod victim;

use std::{fs, time::Duration};

use dice::Dice;
use remains::Remains;
use steps::Tally;
use victim::{Aim, End, Replay};

/// Least kills in all.
const KILLS: u64 = 200;
/// Least kills in each step.
const KILLS_A_STEP: u64 = 20;
/// Replays that are killed before the test gives up.
const MOST_REPLAYS: u64 = 40;

#[test]
fn killed_at_every_step_and_started_again_it_leaves_what_an_undisturbed_run_leaves() {
    let started = std::time::Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("stockflow.toml");
    fs::write(&config, input::CONFIG).unwrap();
    let files = input::write(folder.path(), 7);
    let data = folder.path().join("undisturbed");
    let undisturbed = Replay { files: &files, data: &data, config: &config };
    assert!(matches!(undisturbed.run(40, &Aim::Nothing), End::Finished));
    let expected = Remains::of(&data);
    check(&expected);

    let mut tally = Tally::default();
    let mut dice = Dice::new(2);
    let mut replays = 0;
    while tally.kills() < KILLS || tally.least() < KILLS_A_STEP {
        replays += 1;
        assert!(replays <= MOST_REPLAYS, "some step is hardly ever hit:\n{tally}");
        let data = folder.path().join(format!("killed-{replays}"));
        let replay = Replay { files: &files, data: &data, config: &config };
        while let End::Killed(last) = replay.run(batch(&mut dice), &aim(&tally, &mut dice)) {
            tally.died(last);
        }
        assert!(matches!(replay.run(40, &Aim::Nothing), End::Finished), "nothing is left to do");
        let differences = Remains::of(&data).differences(&expected);
        assert!(differences.is_empty(), "replay {replays}:\n{}\n{tally}", differences.join("\n"));
    }
    println!("{tally}, in {replays} replays; {:?}", started.elapsed());
}

/// Few quotes, so that there are many steps; and not the same number each time, so that what comes again is cut otherwise.
fn batch(dice: &mut Dice) -> u64 {
    [20, 40, 60][dice.below(3) as usize]
}

fn aim(tally: &Tally, dice: &mut Dice) -> Aim {
    if dice.happens(10) {
        return Aim::Delay(Duration::from_micros(dice.below(60_000)));
    }
    Aim::Step {
        step: tally.wanted(KILLS_A_STEP, dice),
        nth: 1 + dice.below(3),
        later: Duration::from_micros(dice.below(300)),
    }
}

/// That there is something to lose.
fn check(expected: &Remains) {
    let Remains { rows, lake, quarantine, told, ledger, cursors } = expected;
    let total = |counted: &std::collections::BTreeMap<String, u64>| counted.values().sum::<u64>();
    assert!(rows.keys().filter(|row| row.contains("\"late\":true")).count() > 50);
    assert!(total(lake) > total(rows) + 20, "duplicates are in the lake");
    assert!(lake.keys().any(|l| l.starts_with("2025-03-03")));
    assert!(lake.keys().any(|l| l.starts_with("2025-03-04")));
    assert!(quarantine.keys().filter(|line| line.contains("more than 300 s")).count() > 50);
    assert!(quarantine.keys().filter(|line| !line.contains("more than 300 s")).count() > 50);
    assert!(told.len() > 150, "{} alerts", told.len());
    assert!(told.values().all(|&times| times == 1));
    assert_eq!(told, ledger);
    assert_eq!(cursors.len(), 2);
    println!(
        "{} rows, {} alerts, {} lines in the lake, {} in quarantine",
        total(rows),
        told.len(),
        total(lake),
        total(quarantine)
    );
}
