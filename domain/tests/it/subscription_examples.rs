//! Lives of subscriptions, date by date (R1, R3, R6, S16).

use crate::history::History;
use crate::values::{basket, day, member_id, subscription_id};
use Do::*;
use chrono::NaiveDate;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::{
    NextDates, StartSubscription, Subscription, SubscriptionCommand as Command, SubscriptionEvent as Event,
    SubscriptionRefusal as Refusal,
};

#[derive(Debug, Clone, Copy)]
enum Do {
    Generate,
    Skip,
    Move(&'static str),
    Cycle(&'static str, &'static str),
    Pause,
    Resume,
    End,
    LeadTime(u16),
}

fn started(cycle: &str, first: &str, lead_days: u16, today: &str) -> Result<History<Subscription>, Refusal> {
    let start = StartSubscription {
        subscription_id: subscription_id(),
        member_id: member_id(),
        basket: basket(3_000),
        payment_method: PaymentMethod::Card,
        cycle: cycle.parse().unwrap(),
        first_delivery: day(first),
        lead_days,
        today: day(today),
    };
    let mut history = History::new();
    history.tell(Command::Start(Box::new(start))).map(|_| history)
}

fn dates(next: Option<NextDates>) -> String {
    next.map_or("nothing".to_owned(), |next| format!("{} on {}", next.delivery_date, next.generation_date))
}

/// What happened in short: `order DELIVERY`, `skip DELIVERY`, `no change`, `refused`; then the next delivery and its
/// generation date.
fn tell(history: &mut History<Subscription>, action: Do, today: NaiveDate, lead_days: &mut u16) -> String {
    let lead = *lead_days;
    let command = match action {
        LeadTime(days) => {
            *lead_days = days;
            return "no change".to_owned();
        }
        Generate => Command::GenerateNextOrder { today, lead_days: lead },
        Skip => Command::SkipNext { delivery_date: None, today, lead_days: lead },
        Move(to) => Command::ChangeNextDate { delivery_date: day(to), today, lead_days: lead },
        Cycle(cycle, from) => {
            Command::ChangeCycle { cycle: cycle.parse().unwrap(), from: day(from), today, lead_days: lead }
        }
        Pause => Command::Pause,
        Resume => Command::Resume { today, lead_days: lead },
        End => Command::End,
    };
    let happened = match history.tell(command).as_deref() {
        Err(refusal) => return format!("refused: {refusal}"),
        Ok([]) => return "no change".to_owned(),
        Ok([Event::OrderGenerationStarted { order_id, dates, .. }]) => {
            let night = dates.generation_date.format("-%Y%m%d").to_string();
            assert!(order_id.as_str().ends_with(&night), "{order_id}");
            format!("order {}; ", dates.delivery_date)
        }
        Ok([Event::DeliverySkipped { skipped, .. }]) => format!("skip {}; ", skipped.delivery_date),
        Ok([_]) => String::new(),
        Ok(more) => panic!("one event for each command, not {more:?}"),
    };
    format!("{happened}{}", dates(history.state.details().unwrap().next))
}

/// Starts with `(cycle, first delivery, lead days, today)` and follows the rows `(today, action, what is said)`.
fn live(start: (&str, &str, u16, &str), first: &str, rows: &[(&str, Do, &str)]) {
    let mut lead_days = start.2;
    let mut history = started(start.0, start.1, start.2, start.3).unwrap();
    assert_eq!(dates(history.state.details().unwrap().next), first, "{start:?}");
    for row in rows {
        assert_eq!(tell(&mut history, row.1, day(row.0), &mut lead_days), row.2, "{start:?} {row:?}");
    }
    history.check_replay();
}

#[test]
fn r3_start_puts_the_first_delivery_on_the_first_fitting_day_and_s16_its_order_before() {
    for (cycle, first, lead, today, expected) in [
        ("days:10", "2026-04-20", 7, "2026-04-01", "2026-04-20 on 2026-04-13"),
        ("days:10", "2026-04-05", 7, "2026-04-01", "2026-04-05 on 2026-04-01"),
        ("days:10", "2026-04-01", 0, "2026-04-01", "2026-04-01 on 2026-04-01"),
        ("weeks:2:fri", "2026-04-01", 0, "2026-04-01", "2026-04-03 on 2026-04-03"),
        ("months:1:31", "2026-04-10", 20, "2026-04-01", "2026-04-30 on 2026-04-10"),
        ("months:1:31", "2028-02-01", 10, "2028-01-31", "2028-02-29 on 2028-02-19"),
        ("months:1:last-fri", "2026-05-30", 90, "2026-05-30", "2026-06-26 on 2026-05-30"),
        ("days:1", "2026-04-20", u16::MAX, "2026-04-01", "2026-04-20 on 2026-04-01"),
    ] {
        let history = started(cycle, first, lead, today).unwrap();
        assert_eq!(dates(history.state.details().unwrap().next), expected, "{cycle} {first}");
    }
    let early = started("days:1", "2026-03-31", 0, "2026-04-01").unwrap_err();
    assert_eq!(early, Refusal::TooEarly { date: day("2026-03-31"), earliest: day("2026-04-01") });
    let late = started("days:1", "2028-04-02", 0, "2026-04-01").unwrap_err();
    assert_eq!(late, Refusal::TooLate { date: day("2028-04-02"), latest: day("2028-04-01") });
}

#[test]
fn r3_the_31st_comes_back_after_short_months() {
    let rows = [
        ("2026-01-21", Generate, "order 2026-01-31; 2026-02-28 on 2026-02-18"),
        ("2026-02-17", Generate, "refused: the next order of this subscription is due on 2026-02-18, not yet"),
        ("2026-02-18", Generate, "order 2026-02-28; 2026-03-31 on 2026-03-21"),
        ("2026-03-21", Skip, "skip 2026-03-31; 2026-04-30 on 2026-04-20"),
        ("2026-04-20", Generate, "order 2026-04-30; 2026-05-31 on 2026-05-21"),
    ];
    live(("months:1:31", "2026-01-31", 10, "2026-01-01"), "2026-01-31 on 2026-01-21", &rows);
}

#[test]
fn r3_29_february_in_leap_and_common_years() {
    let rows = [
        ("2028-02-29", Generate, "order 2028-02-29; 2029-02-28 on 2029-02-28"),
        ("2029-02-28", Generate, "order 2029-02-28; 2030-02-28 on 2030-02-28"),
        ("2030-02-28", Generate, "order 2030-02-28; 2031-02-28 on 2031-02-28"),
        ("2031-02-28", Generate, "order 2031-02-28; 2032-02-29 on 2032-02-29"),
    ];
    live(("months:12:29", "2028-02-29", 0, "2028-02-29"), "2028-02-29 on 2028-02-29", &rows);
    // The lead time counts back over the leap day.
    let rows = [("2028-02-20", Generate, "order 2028-03-01; 2028-04-01 on 2028-03-22")];
    live(("months:1:1", "2028-03-01", 10, "2028-01-01"), "2028-03-01 on 2028-02-20", &rows);
}

#[test]
fn r6_missed_nights_come_one_by_one_each_on_its_own_date() {
    let rows = [
        ("2026-04-20", Generate, "order 2026-04-03; 2026-04-10 on 2026-04-08"),
        ("2026-04-20", Generate, "order 2026-04-10; 2026-04-17 on 2026-04-15"),
        ("2026-04-20", Generate, "order 2026-04-17; 2026-04-24 on 2026-04-22"),
        ("2026-04-20", Generate, "refused: the next order of this subscription is due on 2026-04-22, not yet"),
    ];
    live(("weeks:1:fri", "2026-04-01", 2, "2026-04-01"), "2026-04-03 on 2026-04-01", &rows);
}

#[test]
fn r6_skipping_in_a_backlog_leaves_the_other_nights_where_they_were() {
    let rows = [
        ("2026-04-05", Skip, "skip 2026-04-01; 2026-04-02 on 2026-04-02"),
        ("2026-04-05", Generate, "order 2026-04-02; 2026-04-03 on 2026-04-03"),
        ("2026-04-05", Generate, "order 2026-04-03; 2026-04-04 on 2026-04-04"),
    ];
    live(("days:1", "2026-04-01", 0, "2026-04-01"), "2026-04-01 on 2026-04-01", &rows);
}

#[test]
fn s16_a_new_lead_time_counts_from_the_next_date_that_is_put() {
    let rows = [
        ("2026-04-01", LeadTime(12), "no change"),
        // What is announced stays; what follows is generated 12 days ahead, but not on a day that is used already.
        ("2026-04-10", Generate, "order 2026-04-10; 2026-04-20 on 2026-04-11"),
        ("2026-04-11", Generate, "order 2026-04-20; 2026-04-30 on 2026-04-18"),
        ("2026-04-12", LeadTime(0), "no change"),
        ("2026-04-18", Generate, "order 2026-04-30; 2026-05-10 on 2026-05-10"),
        // A skipped delivery has no order: its generation date is free.
        ("2026-05-01", LeadTime(15), "no change"),
        ("2026-05-01", Skip, "skip 2026-05-10; 2026-05-20 on 2026-05-05"),
        ("2026-05-01", Move("2026-05-17"), "2026-05-17 on 2026-05-02"),
    ];
    live(("days:10", "2026-04-10", 0, "2026-04-01"), "2026-04-10 on 2026-04-10", &rows);
}

#[test]
fn the_next_delivery_can_be_moved_once_and_the_cycle_goes_on() {
    let rows = [
        ("2026-04-01", Move("2026-04-10"), "no change"),
        (
            "2026-04-01",
            Move("2026-03-31"),
            "refused: 2026-03-31 cannot be a delivery date: it must be on or after 2026-04-07",
        ),
        ("2026-04-01", Move("2026-04-15"), "2026-04-15 on 2026-04-10"),
        ("2026-04-10", Generate, "order 2026-04-15; 2026-05-10 on 2026-05-05"),
        (
            "2026-04-11",
            Move("2026-04-15"),
            "refused: 2026-04-15 cannot be a delivery date: it must be on or after 2026-04-17",
        ),
        ("2026-04-11", Move("2026-04-17"), "2026-04-17 on 2026-04-12"),
        ("2026-04-12", Generate, "order 2026-04-17; 2026-06-10 on 2026-06-05"),
        // Moved behind two dates of the cycle: those are covered by it.
        ("2026-06-01", Move("2026-08-10"), "2026-08-10 on 2026-08-05"),
        ("2026-08-05", Generate, "order 2026-08-10; 2026-09-10 on 2026-09-05"),
        (
            "2026-08-06",
            Move("9999-12-31"),
            "refused: 9999-12-31 cannot be a delivery date: it must be on or before 2028-08-06",
        ),
        ("2026-08-06", Move("2028-08-06"), "2028-08-06 on 2028-08-01"),
    ];
    live(("months:1:10", "2026-04-10", 5, "2026-04-01"), "2026-04-10 on 2026-04-05", &rows);
}

#[test]
fn a_changed_cycle_counts_from_its_own_anchor() {
    let rows = [
        ("2026-04-05", Generate, "order 2026-04-10; 2026-05-10 on 2026-05-05"),
        (
            "2026-04-06",
            Cycle("days:7", "2026-04-10"),
            "refused: 2026-04-10 cannot be a delivery date: it must be on or after 2026-04-12",
        ),
        ("2026-04-06", Cycle("days:7", "2026-04-12"), "2026-04-12 on 2026-04-07"),
        ("2026-04-07", Cycle("days:7", "2026-04-12"), "no change"),
        ("2026-04-07", Generate, "order 2026-04-12; 2026-04-19 on 2026-04-14"),
        ("2026-04-07", Cycle("months:1:31", "2026-04-20"), "2026-04-30 on 2026-04-25"),
        ("2026-04-07", Cycle("months:1:31", "2026-04-25"), "no change"),
        // A next delivery that was moved comes back to the cycle.
        ("2026-04-07", Move("2026-05-02"), "2026-05-02 on 2026-04-27"),
        ("2026-04-07", Cycle("months:1:31", "2026-04-25"), "2026-04-30 on 2026-04-25"),
        ("2026-04-25", Generate, "order 2026-04-30; 2026-05-31 on 2026-05-26"),
        (
            "2026-04-26",
            Cycle("days:7", "9999-12-31"),
            "refused: 9999-12-31 cannot be a delivery date: it must be on or before 2028-04-26",
        ),
        ("9999-12-20", Cycle("days:7", "9999-12-31"), "9999-12-31 on 9999-12-26"),
        ("9999-12-26", Generate, "order 9999-12-31; nothing"),
        ("9999-12-27", Generate, "refused: this subscription has no further delivery date; change its cycle"),
    ];
    live(("months:1:10", "2026-04-10", 5, "2026-04-01"), "2026-04-10 on 2026-04-05", &rows);
}

#[test]
fn pausing_makes_up_for_nothing_and_loses_nothing_that_can_still_be_in_time() {
    let rows = [
        ("2026-04-05", Generate, "order 2026-04-10; 2026-05-10 on 2026-05-05"),
        ("2026-04-06", Resume, "refused: this subscription is not paused"),
        ("2026-04-06", Pause, "nothing"),
        ("2026-04-07", Pause, "no change"),
        ("2026-05-05", Generate, "refused: this subscription is paused; resume it first"),
        ("2026-05-05", Skip, "refused: this subscription is paused; resume it first"),
        ("2026-05-05", Move("2026-06-01"), "refused: this subscription is paused; resume it first"),
        ("2026-05-05", Resume, "2026-05-10 on 2026-05-05"),
        ("2026-05-05", Pause, "nothing"),
        ("2026-05-06", Resume, "2026-06-10 on 2026-06-05"),
        ("2026-05-07", Move("2026-06-25"), "2026-06-25 on 2026-06-20"),
        ("2026-05-07", Pause, "nothing"),
        // The moved delivery is not forgotten by a pause.
        ("2026-06-01", Resume, "2026-06-25 on 2026-06-20"),
        ("2026-06-01", Pause, "nothing"),
        ("2026-06-20", Resume, "2026-06-25 on 2026-06-20"),
        ("2026-06-20", Pause, "nothing"),
        ("2027-01-31", Resume, "2027-02-10 on 2027-02-05"),
        ("2027-01-31", Pause, "nothing"),
        ("2027-02-01", Cycle("weeks:2:fri", "2027-02-01"), "nothing"),
        ("2027-02-01", Resume, "2027-02-19 on 2027-02-14"),
    ];
    live(("months:1:10", "2026-04-10", 5, "2026-04-01"), "2026-04-10 on 2026-04-05", &rows);
}

#[test]
fn a_start_that_was_prevented_never_happens_and_one_that_happened_is_not_prevented() {
    let mut history = History::<Subscription>::new();
    assert_eq!(history.tell(Command::PreventStart).unwrap().len(), 1);
    assert_eq!(history.tell(Command::PreventStart), Ok(vec![]));
    assert_eq!(history.tell(Command::End), Err(Refusal::StartPrevented));
    let mut running = started("days:7", "2026-04-10", 5, "2026-04-01").unwrap();
    let Event::SubscriptionStarted { subscription_id, member_id, basket, payment_method, cycle, anchor, .. } =
        running.events[0].clone()
    else {
        panic!("{:?}", running.events)
    };
    let again = StartSubscription {
        subscription_id,
        member_id,
        basket,
        payment_method,
        cycle,
        first_delivery: anchor,
        lead_days: 5,
        today: day("2026-04-01"),
    };
    assert_eq!(history.tell(Command::Start(Box::new(again))), Err(Refusal::StartPrevented));
    assert_eq!(history.state.details(), None);
    history.check_replay();
    assert_eq!(running.tell(Command::PreventStart), Err(Refusal::Started));
    running.tell(Command::End).unwrap();
    assert_eq!(running.tell(Command::PreventStart), Err(Refusal::Started));
}

#[test]
fn o18_the_end_is_final() {
    let ended = "refused: this subscription has ended; start a new one";
    let rows = [
        ("2026-04-06", Pause, "nothing"),
        ("2026-04-06", End, "nothing"),
        ("2026-04-06", End, "no change"),
        ("2026-04-06", Generate, ended),
        ("2026-04-06", Skip, ended),
        ("2026-04-06", Move("2026-06-01"), ended),
        ("2026-04-06", Cycle("days:1", "2026-06-01"), ended),
        ("2026-04-06", Pause, ended),
        ("2026-04-06", Resume, ended),
    ];
    live(("months:1:10", "2026-04-10", 5, "2026-04-01"), "2026-04-10 on 2026-04-05", &rows);
}
