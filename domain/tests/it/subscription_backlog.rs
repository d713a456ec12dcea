//! R6: nights that were missed are caught up exactly as they would have gone.

use crate::history::History;
use crate::values::{basket, cases, cycle, first_day, member_id, subscription_id};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::{
    StartSubscription, Subscription, SubscriptionCommand as Command, SubscriptionRefusal as Refusal,
};

fn started(cycle: DeliveryCycle, today: NaiveDate, wait: u64, lead_days: u16) -> History<Subscription> {
    let mut history = History::new();
    let start = StartSubscription {
        subscription_id: subscription_id(),
        member_id: member_id(),
        basket: basket(3_000),
        payment_method: PaymentMethod::Card,
        cycle,
        first_delivery: today + Days::new(wait),
        lead_days,
        today,
    };
    history.tell(Command::Start(Box::new(start))).unwrap();
    history
}

/// Works off everything due by `today`; every delivery whose turn is `true` in `skips` is skipped instead.
fn night(history: &mut History<Subscription>, skips: &[bool], turn: &mut usize, today: NaiveDate, lead_days: u16) {
    while let Some(next) = history.state.details().unwrap().next.filter(|next| next.generation_date <= today) {
        assert!(*turn < 2_000, "the backlog ends: {next:?}");
        let skip = skips.get(*turn % skips.len().max(1)).copied().unwrap_or(false);
        *turn += 1;
        let command = if skip {
            Command::SkipNext { delivery_date: None, today, lead_days }
        } else {
            Command::GenerateNextOrder { today, lead_days }
        };
        history.tell(command).unwrap();
    }
    let refusal = history.tell(Command::GenerateNextOrder { today, lead_days }).unwrap_err();
    assert!(matches!(refusal, Refusal::NotDue(date) if date > today), "{refusal:?}");
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn r6_catching_up_equals_doing_each_night(
        cycle in cycle(), today in first_day(), wait in 0..60_u64, lead in 0..=90_u16,
        skips in prop::collection::vec(prop::bool::weighted(0.2), 0..8), nights in 1..400_u64,
    ) {
        let mut nightly = started(cycle, today, wait, lead);
        let mut late = nightly.clone();
        let (mut turn, mut late_turn) = (0, 0);
        for passed in 0..=nights {
            night(&mut nightly, &skips, &mut turn, today + Days::new(passed), lead);
        }
        night(&mut late, &skips, &mut late_turn, today + Days::new(nights), lead);
        prop_assert_eq!(&nightly.events, &late.events);
        prop_assert_eq!(&nightly.state, &late.state);
    }

    #[test]
    fn r6_a_night_run_twice_generates_once(
        cycle in cycle(), today in first_day(), lead in 0..=90_u16, nights in 1..200_u64,
    ) {
        let mut history = started(cycle, today, 0, lead);
        let end = today + Days::new(nights);
        night(&mut history, &[], &mut 0, end, lead);
        let once = history.events.len();
        night(&mut history, &[], &mut 0, end, lead);
        prop_assert_eq!(history.events.len(), once);
    }
}
