//! Whatever is asked of a subscription on whatever days: what always holds.

use crate::history::History;
use crate::values::{basket, cases, cycle, first_day, member_id, method, subscription_id};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use std::collections::HashSet;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::ids::OrderId;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::{
    DeliveryWindow, NextDates, StartSubscription, Status, Subscription, SubscriptionCommand as Command,
    SubscriptionEvent as Event, SubscriptionRefusal as Refusal,
};

/// One thing that happens in a shop's days. Offsets are days from today; negative ones must be refused.
#[derive(Debug, Clone)]
enum Step {
    DaysPass(u64),
    LeadTimeIs(u16),
    Generate,
    Skip,
    Move(i64),
    Cycle(DeliveryCycle, i64),
    Basket(i64),
    Method(PaymentMethod),
    Pause,
    Resume,
    End,
    StartAgain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..45_u64).prop_map(Step::DaysPass),
        2 => (0..=90_u16).prop_map(Step::LeadTimeIs),
        20 => Just(Step::Generate),
        4 => Just(Step::Skip),
        5 => (-20..250_i64).prop_map(Step::Move),
        3 => (cycle(), -20..250_i64).prop_map(|(cycle, from)| Step::Cycle(cycle, from)),
        2 => (1..3_i64).prop_map(Step::Basket),
        2 => method().prop_map(Step::Method),
        3 => Just(Step::Pause),
        6 => Just(Step::Resume),
        1 => prop::bool::weighted(0.2).prop_map(|end| if end { Step::End } else { Step::StartAgain }),
    ]
}

fn start(cycle: DeliveryCycle, today: NaiveDate, wait: u64, lead_days: u16) -> StartSubscription {
    StartSubscription {
        subscription_id: subscription_id(),
        member_id: member_id(),
        basket: basket(3_000),
        payment_method: PaymentMethod::Card,
        cycle,
        first_delivery: today + Days::new(wait),
        lead_days,
        today,
    }
}

/// The command of a step, or `None` when it only changes the circumstances.
fn command(step: Step, start: &StartSubscription, today: NaiveDate, lead_days: u16) -> Option<Command> {
    let on = |offset: i64| today + chrono::TimeDelta::days(offset);
    Some(match step {
        Step::DaysPass(_) | Step::LeadTimeIs(_) => return None,
        Step::Generate => Command::GenerateNextOrder { today, lead_days },
        Step::Skip => Command::SkipNext { delivery_date: None, today, lead_days },
        Step::Move(offset) => Command::ChangeNextDate { delivery_date: on(offset), today, lead_days },
        Step::Cycle(cycle, offset) => Command::ChangeCycle { cycle, from: on(offset), today, lead_days },
        Step::Basket(n) => Command::ChangeBasket { basket: basket(n * 1_000) },
        Step::Method(payment_method) => Command::ChangePaymentMethod { payment_method },
        Step::Pause => Command::Pause,
        Step::Resume => Command::Resume { today, lead_days },
        Step::End => Command::End,
        Step::StartAgain => Command::Start(Box::new(start.clone())),
    })
}

/// What the past forbids, kept apart from the state under test.
#[derive(Default)]
struct Past {
    order_ids: HashSet<OrderId>,
    generated: Option<NaiveDate>,
    delivered_or_skipped: Option<NaiveDate>,
    /// The next delivery as ChangeNextDate put it, while it stands.
    moved_to: Option<NaiveDate>,
}

impl Past {
    fn learn(&mut self, event: &Event, before: &Subscription, today: NaiveDate) {
        let was = before.details();
        match event {
            Event::OrderGenerationStarted { order_id, dates, next, .. } => {
                assert_eq!(was.unwrap().status, Status::Running, "nothing is generated while paused or ended");
                assert_eq!(was.unwrap().next, Some(*dates), "what is generated is what was announced");
                assert!(dates.generation_date <= today, "R1: not before its date");
                assert!(self.generated.is_none_or(|last| last < dates.generation_date), "generation dates rise");
                assert!(self.order_ids.insert(order_id.clone()), "order ids never repeat");
                assert_eq!(order_id.as_str().parse::<OrderId>().as_ref(), Ok(order_id));
                if let Some(next) = next.filter(|_| self.moved_to.is_none()) {
                    assert_eq!(next.index, dates.index + 1, "R3: no date of the cycle is lost");
                }
                self.generated = Some(dates.generation_date);
                self.close(*dates);
            }
            Event::DeliverySkipped { skipped, .. } => {
                assert_eq!(was.unwrap().next, Some(*skipped));
                self.close(*skipped);
            }
            Event::NextDateChanged { next } => self.moved_to = Some(next.delivery_date),
            Event::CycleChanged { .. } => self.moved_to = None,
            Event::SubscriptionResumed { next } => {
                self.moved_to = self.moved_to.filter(|moved| *moved == next.delivery_date);
            }
            _ => {}
        }
    }

    fn close(&mut self, dates: NextDates) {
        assert!(self.delivered_or_skipped.is_none_or(|last| last < dates.delivery_date), "delivery dates rise");
        self.delivered_or_skipped = Some(dates.delivery_date);
        self.moved_to = None;
    }

    fn check(&self, now: &Subscription) {
        let now = now.details().unwrap();
        if now.status != Status::Running {
            assert_eq!(now.next, None, "nothing comes next while {:?}", now.status);
        }
        let Some(next) = now.next else { return };
        let expected = self.moved_to.or(now.cycle.nth(now.anchor, next.index));
        assert_eq!(Some(next.delivery_date), expected, "R3: a date of the cycle, unless it was moved");
        assert!(next.generation_date <= next.delivery_date, "S16: an order is generated by its delivery at the latest");
        assert!(self.generated.is_none_or(|last| last < next.generation_date));
        assert!(self.delivered_or_skipped.is_none_or(|last| last < next.delivery_date));
    }
}

/// Generating and skipping are asked once for each delivery, so asking again is for the next one.
fn may_repeat(command: &Command) -> bool {
    matches!(command, Command::GenerateNextOrder { .. } | Command::SkipNext { .. })
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn r1_r3_r6_invariants_hold_after_every_step(
        cycle in cycle(), today in first_day(), wait in 0..60_u64, lead in 0..=90_u16,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (mut today, mut lead) = (today, lead);
        let start = start(cycle, today, wait, lead);
        let mut history = History::<Subscription>::new();
        let mut past = Past::default();
        history.tell(Command::Start(Box::new(start.clone()))).unwrap();
        past.check(&history.state);
        for step in steps {
            match step {
                Step::DaysPass(days) => today = today + Days::new(days),
                Step::LeadTimeIs(days) => lead = days,
                _ => {}
            }
            let Some(command) = command(step, &start, today, lead) else { continue };
            let before = history.state.clone();
            let Ok(events) = history.tell(command.clone()) else {
                prop_assert_eq!(&before, &history.state);
                continue;
            };
            for event in &events {
                past.learn(event, &before, today);
            }
            past.check(&history.state);
            if !may_repeat(&command) {
                prop_assert_eq!(history.repeated(command), vec![], "a repetition has no second effect");
            }
            if before.details().unwrap().status == Status::Ended {
                prop_assert_eq!(&before, &history.state, "the end is final");
            }
        }
        prop_assert_eq!(history.state.details().unwrap().orders as usize, past.order_ids.len());
        history.check_replay();
    }

    /// S16, R1: whatever day is asked for, a delivery that is moved or begins another rhythm has its order in a night that
    /// is still ahead, with the whole lead time before it, and lies within two years; outside it is refused.
    #[test]
    fn s16_a_delivery_is_put_only_where_its_order_still_comes_in_time(
        cycle in cycle(), today in first_day(), wait in 0..60_u64, lead in 0..=90_u16, offset in -900..900_i64,
        new in cycle(),
    ) {
        let history = || {
            let mut history = History::<Subscription>::new();
            history.tell(Command::Start(Box::new(start(cycle, today, wait, lead)))).unwrap();
            history
        };
        let date = today + chrono::TimeDelta::days(offset);
        let moved = Command::ChangeNextDate { delivery_date: date, today, lead_days: lead };
        let other = Command::ChangeCycle { cycle: new, from: date, today, lead_days: lead };
        for command in [moved, other] {
            let mut history = history();
            let window = history.state.details().unwrap().delivery_window(today, lead);
            prop_assert_eq!(window, DeliveryWindow::of(today, lead), "nothing was delivered yet");
            match history.tell(command) {
                Ok(events) if events.is_empty() => {}
                Ok(_) => {
                    prop_assert!(window.earliest <= date && date <= window.latest);
                    let next = history.state.details().unwrap().next.unwrap();
                    prop_assert!(next.generation_date > today, "the night of today is over: {next:?}");
                    prop_assert_eq!(next.generation_date + Days::new(u64::from(lead)), next.delivery_date);
                }
                Err(Refusal::TooEarly { earliest, .. }) => {
                    prop_assert!(date < earliest && earliest == window.earliest);
                }
                Err(Refusal::TooLate { latest, .. }) => prop_assert!(date > latest && latest == window.latest),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn asked_of_nothing_everything_but_start_is_refused(step in step(), today in first_day()) {
        let start = start("days:1".parse().unwrap(), today, 0, 0);
        let Some(command) = command(step, &start, today, 0) else { return Ok(()) };
        let begins = matches!(command, Command::Start(_));
        match History::<Subscription>::new().tell(command) {
            Ok(_) => prop_assert!(begins),
            Err(refusal) => prop_assert_eq!(refusal, Refusal::DoesNotExist),
        }
    }

    #[test]
    fn no_date_and_no_lead_time_is_too_much(
        cycle in cycle(), lead_days in any::<u16>(), ahead in 0..4_000_000_u64,
        days in prop::sample::select(vec![740_000_i32, 800_000, 3_652_058, 3_652_059, 4_000_000, 95_000_000]),
    ) {
        // Days of 2027 and 2191, the last day of 9999, days after it, and the last day there is.
        let today = NaiveDate::from_num_days_from_ce_opt(days).unwrap_or(NaiveDate::MAX);
        let ahead = today.checked_add_days(Days::new(ahead)).unwrap_or(NaiveDate::MAX);
        let mut history = History::<Subscription>::new();
        let early = start("days:7".parse().unwrap(), NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), 0, lead_days);
        let _ = history.tell(Command::Start(Box::new(StartSubscription { first_delivery: today, ..early })));
        for command in [
            Command::ChangeNextDate { delivery_date: ahead, today, lead_days },
            Command::SkipNext { delivery_date: None, today, lead_days },
            Command::GenerateNextOrder { today: ahead, lead_days },
            Command::ChangeCycle { cycle, from: ahead, today, lead_days },
            Command::Pause,
            Command::Resume { today: ahead, lead_days },
            Command::GenerateNextOrder { today: NaiveDate::MAX, lead_days },
        ] {
            let _ = history.tell(command);
            if let Some(next) = history.state.details().and_then(|details| details.next) {
                prop_assert!(next.delivery_date <= NaiveDate::from_ymd_opt(9999, 12, 31).unwrap());
                prop_assert!(next.generation_date <= next.delivery_date);
            }
        }
        history.check_replay();
    }
}
