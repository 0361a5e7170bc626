#!/usr/bin/env python3
"""Takes mechanisms out, one at a time, and sees that `stockflow-aws/tests/promises` goes red without each, or else a smaller test.

    .ci/mutants.py                  all of them
    .ci/mutants.py NAME...          some
    .ci/mutants.py --check          whether each still finds the code that it changes; builds nothing

All mutants are built at once, each behind a switch, so this takes one build and one run for each. It edits the working tree, which has
to be clean, and puts it back. Not a part of CI; run it when a stage changes, and see docs/semantics.md for what each stands for.
"""

import os
import re
import subprocess
import sys

CORE, AWS, PRODUCER = "stockflow-core/src/", "stockflow-aws/src/", "bins/producer/src/"

# name, file, the code as it is, the code with the mechanism behind `off!("name")`.
MUTANTS = [
    ("memory-checked", CORE + "processor.rs", "take_if(|recall| !newest.is_some_and(",
     "take_if(|recall| !off!() && !newest.is_some_and("),
    ("partial-failure-cuts", CORE + "processor.rs", "            let record = record_of(index);\n",
     "            if off!() {\n                continue;\n            }\n            let record = record_of(index);\n"),
    ("rows-before-checkpoints", CORE + "processor.rs", "        self.store_rows(&plan, &recalls, &mut frontier).await?;\n",
     "        if off!() {\n            self.store_checkpoints(&mut plan, &recalls, &mut frontier).await?;\n        }\n"
     "        self.store_rows(&plan, &recalls, &mut frontier).await?;\n"),
    ("rebuilt-to-checkpoint", CORE + "processor/recall.rs", "rows.iter().rposition(|stored| stored.checkpoint.is_some());",
     "rows.iter().rposition(|stored| off!() || stored.checkpoint.is_some());"),
    ("windows-refilled", CORE + "processor/recall.rs", "            accepted.for_each(|row| recall.judge.learn(row));\n",
     "            let skip = if off!() { accepted.clone().count().saturating_sub(1) } else { 0 };\n"
     "            accepted.skip(skip).for_each(|row| recall.judge.learn(row));\n"),
    ("orphans-marked-late", CORE + "processor/plan.rs", "            for orphan in &recall.orphans {\n",
     "            for orphan in recall.orphans.iter().filter(|_| !off!()) {\n"),
    ("late-stored", CORE + "processor/plan.rs", "            if !stored && seen.insert(key) {\n",
     "            if !stored && !off!() && seen.insert(key) {\n"),
    ("late-looked-up", CORE + "processor/plan.rs", "        let stored = table.contains(&keys).await?;\n",
     "        let stored = table.contains(&keys).await?;\n"
     "        if off!() {\n            for ((record, quote), _) in behind.iter().zip(&keys) {\n"
     "                let arrival = Some(batch.records[*record].arrival);\n"
     "                table.put(&[late(*quote, arrival)]).await?.into_result()?;\n            }\n        }\n"),
    ("future-bounded", CORE + "processor/inbox.rs", "    if time.since(record.arrival) > FUTURE_TOLERANCE {\n",
     "    if !off!() && time.since(record.arrival) > FUTURE_TOLERANCE {\n"),
    ("unreadable-passed", CORE + "processor.rs", "        let mut inbox = Inbox::open(batch);\n",
     "        let mut inbox = Inbox::open(batch);\n"
     "        if off!() && inbox.letters.iter().any(|letter| letter.quote().is_none()) {\n"
     "            return Err(Error::new(crate::ErrorKind::Unavailable, \"mutant\", \"decode\"));\n        }\n"),
    ("unreadable-kept", CORE + "processor.rs",
     "        put_all(self.quarantine.as_ref(), objects::quarantine(batch, inbox, frontier)).await?;\n",
     "        if !off!() {\n"
     "            put_all(self.quarantine.as_ref(), objects::quarantine(batch, inbox, frontier)).await?;\n        }\n"),
    ("lake-of-acknowledged", CORE + "processor.rs", "objects::lake(batch, inbox, frontier)",
     "objects::lake(batch, inbox, if off!() { batch.records.len() } else { frontier })"),
    ("named-by-first", CORE + "processor/objects.rs", "                first: batch.records[draft.first].position.clone(),\n",
     "                first: batch.records[if off!() { batch.records.len() - 1 } else { draft.first }].position.clone(),\n"),
    ("lake-canonical", CORE + "processor/objects.rs", "        if decoded.canonical {\n",
     "        if off!() || decoded.canonical {\n"),
    ("whole-records-again", CORE + "processor.rs", "                self.at = self.whole(record);\n",
     "                self.at = if off!() { record } else { self.whole(record) };\n"),
    ("archived-before-answer", CORE + "processor.rs", "        self.archive(batch, &inbox, frontier.at).await?;\n",
     "        if off!() {\n            let _ = self.archive(batch, &inbox, frontier.at).await;\n        } else {\n"
     "            self.archive(batch, &inbox, frontier.at).await?;\n        }\n"),
    ("one-part-an-event", AWS + "lambda/processor.rs", "        rest.first().map(number)\n",
     "        if off!() && !rest.is_empty() {\n            batch.records = rest;\n"
     "            return Box::pin(self.take_in(batch, stop, outcome)).await;\n        }\n        rest.first().map(number)\n"),
    ("failures-reported-1", AWS + "lambda/processor.rs", "                outcome.response = PartialBatch::from(at);\n",
     "                if !off!() {\n                    outcome.response = PartialBatch::from(at);\n                }\n"),
    ("failures-reported-2", AWS + "lambda/trend.rs", "                    outcome.response = PartialBatch::from(&numbers[first.index]);\n",
     "                    if !off!() {\n                        outcome.response = PartialBatch::from(&numbers[first.index]);\n                    }\n"),
    ("old-input-finishes", CORE + "trend_watch.rs", "            if told || seen {\n", "            if told || (seen && !off!()) {\n"),
    ("held-comes-again", CORE + "trend_watch.rs", "                Ok((_, Claim::Held { until })) => held = Some(until),\n",
     "                Ok((_, Claim::Held { .. })) if off!() => {}\n                Ok((_, Claim::Held { until })) => held = Some(until),\n"),
    ("claimed-before-sent", CORE + "trend_watch.rs", "        Ok((alert, claim))\n",
     "        Ok((alert, if off!() { Claim::Won } else { claim }))\n"),
    ("lease", CORE + "trend_watch.rs", "self.ledger.claim(&alert, now, self.lease).await?",
     "self.ledger.claim(&alert, now, if off!() { Duration::ZERO } else { self.lease }).await?"),
    ("claims-before-states", CORE + "trend_watch.rs", "            (*state, *moved) = (Some(next), *moved || !seen);\n",
     "            (*state, *moved) = (Some(next), *moved || !seen);\n"
     "            if off!() && !seen {\n                let _ = self.ledger.advance(&alert.rule_key(), &next).await?;\n            }\n"),
    ("marked-after-sent", CORE + "trend_watch/telling.rs", "        let errors = self.notify(&alerts).await;\n",
     "        if off!() {\n            for alert in &alerts {\n                let _ = self.mark(alert, None, now).await;\n"
     "            }\n        }\n        let errors = self.notify(&alerts).await;\n"),
    ("marked", CORE + "trend_watch/telling.rs", "            None => self.ledger.mark_sent(&alert.id(), now).await.map(|()| Told::Sent),\n",
     "            None if off!() => Ok(Told::Sent),\n"
     "            None => self.ledger.mark_sent(&alert.id(), now).await.map(|()| Told::Sent),\n"),
    ("unsent-fails", CORE + "trend_watch/telling.rs", "                    round.failures.push(ItemFailure { index: checkpoint, error });\n",
     "                    if !off!() {\n                        round.failures.push(ItemFailure { index: checkpoint, error });\n                    }\n"),
    ("starts-at-the-mark", CORE + "trend_watch.rs", "Follower::start(&self.rules.trend, history, checkpoint, followed).await?",
     "Follower::start(&self.rules.trend, history, checkpoint, if off!() { previous } else { followed }).await?"),
    ("mark-behind-failures", CORE + "trend_watch.rs", "                round.stop(symbol, handled);\n",
     "                round.stop(symbol, if off!() { Some(checkpoint.row.quote.timestamp) } else { handled });\n"),
    ("mark-behind-unsent", CORE + "trend_watch/telling.rs", "                    round.stop(alert.symbol, Some(before));\n",
     "                    round.stop(alert.symbol, Some(if off!() { alert.cause } else { before }));\n"),
    ("one-failure-stops-symbol", CORE + "trend_watch.rs", "            if round.stopped.contains_key(&symbol) {\n",
     "            if !off!() && round.stopped.contains_key(&symbol) {\n"),
    ("trend-windows-refilled", CORE + "trend_watch/follower.rs",
     "        for stored in reach.rows[..reach.from].iter().filter(|stored| !stored.row.is_late()) {\n",
     "        for stored in reach.rows[..reach.from].iter().filter(|stored| !off!() && !stored.row.is_late()) {\n"),
    ("bounded-by-checkpoint", CORE + "trend_watch/follower.rs",
     "            let rows = history.rows(RowQuery::up_to(symbol, time, limit)).await?;\n",
     "            let query = if off!() { RowQuery::latest(symbol, limit) } else { RowQuery::up_to(symbol, time, limit) };\n"
     "            let rows = history.rows(query).await?;\n"),
    ("late-not-followed", CORE + "trend_watch/follower.rs",
     "        for stored in reach.rows[reach.from..].iter().filter(|stored| !stored.row.is_late()) {\n",
     "        for stored in reach.rows[reach.from..].iter().filter(|stored| off!() || !stored.row.is_late()) {\n"),
    ("remembers-its-place", CORE + "trend_watch.rs", "            (Some(follower), Some(previous)) if follower.handled == Some(previous) => {\n",
     "            (Some(follower), Some(previous)) if off!() || follower.handled == Some(previous) => {\n"),
    ("earlier-input-ignored", CORE + "policy.rs", "            Some(state) if at <= state.last_input => return (state, false),\n",
     "            Some(state) if !off!() && at <= state.last_input => return (state, false),\n"),
    ("states-only-later", CORE + "memory/ledger.rs",
     "        if inner.states.get(key).is_some_and(|stored| stored.last_input >= state.last_input) {\n",
     "        if !off!() && inner.states.get(key).is_some_and(|stored| stored.last_input >= state.last_input) {\n"),
    ("anomalies-told", CORE + "trend_watch/follower.rs", "            for anomaly in stored.row.anomalies() {\n",
     "            for anomaly in stored.row.anomalies().iter().filter(|_| !off!()) {\n"),
    ("cursor-with-quotes", PRODUCER + "intake.rs", "            match self.writer.append(records, &batch.cursors) {\n",
     "            let apart = if off!() { batch.cursors.len() } else { 0 };\n"
     "            if apart > 0 {\n                let none: [(Timestamp, &[u8]); 0] = [];\n"
     "                self.writer.append(none, &batch.cursors)?;\n            }\n"
     "            match self.writer.append(records, &batch.cursors[apart..]) {\n"),
]

SWITCH = '''
/// Whether a mechanism is taken out.
#[doc(hidden)]
pub fn off(mechanism: &str) -> bool {
    static OFF: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    OFF.get_or_init(|| std::env::var("STOCKFLOW_OFF").ok()).as_deref() == Some(mechanism)
}
'''
# The histories first, then tests of what they come to too rarely.
TESTS = ["promises", "told_once", "aggregates", "lambda", "one_step"]
BUILD = ["cargo", "test", "--workspace", "--features", "stockflow/full,stockflow-aws/full", "--no-run"]
BUILD += [word for test in TESTS for word in ("--test", test)]


def edited():
    """The files as they are with all switches, by name."""
    files = {CORE + "lib.rs": open(CORE + "lib.rs").read() + SWITCH}
    for name, path, old, new in MUTANTS:
        text = files.get(path) or open(path).read()
        crate = "crate" if path.startswith(CORE) else "stockflow_core"
        if text.count(old) != 1:
            sys.exit(f"{name}: {path} has {text.count(old)} times\n{old}\nwrite the mutant anew")
        files[path] = text.replace(old, new.replace("off!()", f'{crate}::off("{name}")'))
    return files


def run(binary, name):
    """The test that fails first, with the history that it prints; nothing if all pass."""
    environment = {**os.environ, "STOCKFLOW_OFF": name, "RUST_BACKTRACE": "0", "STOCKFLOW_HISTORIES": "2500"}
    try:
        done = subprocess.run([binary], env=environment, capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired:
        return "never ends"
    if done.returncode == 0:
        return None
    history = re.search(r"STOCKFLOW_HISTORY='(.*)'", done.stdout)
    failed = re.search(r"^test (\S+) \.\.\. FAILED", done.stdout, re.MULTILINE)
    return history.group(1) if history else failed.group(1) if failed else done.stdout[-2000:]


def main():
    if sys.argv[1:] == ["--check"]:
        edited()
        return
    chosen = sys.argv[1:] or [name for name, *_ in MUTANTS]
    if subprocess.run(["git", "diff", "--quiet"]).returncode:
        sys.exit("the working tree has changes; commit them first")
    files = edited()
    try:
        for path, text in files.items():
            open(path, "w").write(text)
        built = subprocess.run(BUILD, capture_output=True, text=True)
        if built.returncode:
            sys.exit(built.stderr)
        copies = []
        for test in TESTS:
            binary = re.search(rf"\((target/debug/deps/{test}-\w+)\)", built.stderr).group(1)
            copies.append(binary + "-mutants")
            os.replace(binary, copies[-1])
    finally:
        subprocess.run(["git", "checkout", "--quiet", "--", *files], check=True)
    alive = []
    for name in ["", *chosen]:
        red = next(filter(None, (run(copy, name) for copy in copies)), None)
        print(f"{name or 'nothing taken out':28} {'red: ' + red if red else 'GREEN'}", flush=True)
        if bool(red) != bool(name):
            alive.append(name or "nothing taken out")
    for copy in copies:
        os.remove(copy)
    sys.exit(f"not as it should be: {', '.join(alive)}" if alive else 0)


if __name__ == "__main__":
    main()
