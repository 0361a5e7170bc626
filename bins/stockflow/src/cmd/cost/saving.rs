//! Where the next saving is: the same month, deployed otherwise.

use stockflow_aws::prices::Prices;

use super::{Mode, load::Load, ours};
use crate::cmd::cost::ours::Plan;

/// A change of the deployment that makes the month cheaper.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Saving {
    /// What to do, and what it costs otherwise.
    pub(super) what: &'static str,
    /// Dollars a month.
    pub(super) usd: f64,
}

/// What each change alone would save, the greatest first; without those that save less than a cent.
pub(super) fn savings(load: &Load, plan: &Plan, prices: &Prices) -> Vec<Saving> {
    let now = ours::bill(load, plan, prices).total();
    let mut savings: Vec<Saving> = changes(plan)
        .into_iter()
        .map(|(what, plan)| Saving { what, usd: now - ours::bill(load, &plan, prices).total() })
        .filter(|saving| saving.usd >= 0.01)
        .collect();
    savings.sort_by(|a, b| b.usd.total_cmp(&a.usd));
    savings
}

fn changes(plan: &Plan) -> Vec<(&'static str, Plan)> {
    let (mode, what) = match plan.mode {
        Mode::Provisioned => (Mode::OnDemand, "an on-demand stream (StreamMode=ON_DEMAND)"),
        Mode::OnDemand => (Mode::Provisioned, "a provisioned stream (StreamMode=PROVISIONED)"),
    };
    vec![
        (what, Plan { mode, ..*plan }),
        (
            "events once a minute (BatchingWindowSeconds=60); alerts come up to a minute later",
            Plan { window: 60.0, ..*plan },
        ),
        (
            "many quotes in a record (stockflow-producer --records compressed)",
            Plan { compressed: true, ..*plan },
        ),
        ("the producer on a machine that is there already", Plan { instance: false, ..*plan }),
        ("no dashboard", Plan { dashboard: false, ..*plan }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::cost::load::Hours;

    #[test]
    fn an_idle_on_demand_stream_is_the_first_thing_to_change() {
        let load = Load::new(1, 30.0, Hours::Market);
        let plan = Plan { mode: Mode::OnDemand, ..Plan::default() };
        let savings = savings(&load, &plan, &Prices::us_east_1());
        assert!(savings[0].what.contains("PROVISIONED"), "{savings:?}");
        // 29.2 instead of 10.95 dollars.
        assert!((savings[0].usd - 18.25).abs() < 0.02, "{savings:?}");
        assert!(savings.is_sorted_by(|a, b| a.usd >= b.usd));
    }

    #[test]
    fn what_costs_more_is_no_saving() {
        let load = Load::new(500, 30.0, Hours::Market);
        let savings = savings(&load, &Plan::default(), &Prices::us_east_1());
        assert!(savings.iter().all(|saving| !saving.what.contains("ON_DEMAND")), "{savings:?}");
        assert!(savings.iter().any(|saving| saving.what.contains("60")), "{savings:?}");
    }
}
