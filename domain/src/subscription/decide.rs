use super::commands::{StartSubscription, SubscriptionCommand as Command};
use super::events::{NextDates, SubscriptionEvent as Event};
use super::refusals::SubscriptionRefusal as Refusal;
use super::state::{Details, Status, Subscription};
use crate::cqrs::Decide;
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::OrderId;
use chrono::{Days, Months, NaiveDate};

impl Decide for Subscription {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Subscription::Absent, Command::Start(start)) => begin(*start),
            (Subscription::Started(details), Command::Start(start)) => details.started_as(&start),
            (Subscription::Absent, Command::PreventStart) => Ok(vec![Event::SubscriptionStartPrevented {}]),
            (Subscription::Absent, _) => Err(Refusal::DoesNotExist),
            (Subscription::Prevented, Command::PreventStart) => Ok(vec![]),
            (Subscription::Prevented, _) => Err(Refusal::StartPrevented),
            (Subscription::Started(_), Command::RecordReleased { work }) => {
                Ok(vec![Event::SubscriptionWorkReleased { work }])
            }
            (Subscription::Started(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

fn begin(start: StartSubscription) -> Result<Vec<Event>, Refusal> {
    // How much lead a first delivery needs is asked where people and programs start subscriptions: what another system
    // had agreed on before is taken over with its dates.
    let window = DeliveryWindow { earliest: start.today, ..DeliveryWindow::of(start.today, start.lead_days) };
    window.holds(start.first_delivery)?;
    let anchor = start.cycle.first_on_or_after(start.first_delivery);
    let anchor = anchor.ok_or(Refusal::BeyondCalendar(start.first_delivery))?;
    let next = NextDates {
        index: 0,
        delivery_date: anchor,
        generation_date: generation_date(anchor, start.lead_days, start.today),
    };
    Ok(vec![Event::SubscriptionStarted {
        subscription_id: start.subscription_id,
        member_id: start.member_id,
        basket: start.basket,
        payment_method: start.payment_method,
        cycle: start.cycle,
        anchor,
        next,
    }])
}

/// Months ahead of today that a delivery may be put at the latest.
const WINDOW_MONTHS: u32 = 24;

/// The days on which a delivery may be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryWindow {
    /// The first of them.
    pub earliest: NaiveDate,
    /// The last of them: two years ahead, so that a slip in the year is no date.
    pub latest: NaiveDate,
}

impl DeliveryWindow {
    /// Of a new subscription on the business day `today`: its order still comes `lead_days` before the delivery (S16) and
    /// in a night that is still ahead (R1). The night of today itself is over.
    pub fn of(today: NaiveDate, lead_days: u16) -> Self {
        let ahead = today.checked_add_days(Days::new(u64::from(lead_days) + 1));
        let latest = today.checked_add_months(Months::new(WINDOW_MONTHS)).unwrap_or(NaiveDate::MAX);
        Self { earliest: ahead.unwrap_or(NaiveDate::MAX), latest }
    }

    /// Refuses a day outside.
    pub fn holds(&self, date: NaiveDate) -> Result<(), Refusal> {
        if date < self.earliest {
            return Err(Refusal::TooEarly { date, earliest: self.earliest });
        }
        if date > self.latest {
            return Err(Refusal::TooLate { date, latest: self.latest });
        }
        Ok(())
    }
}

/// `lead_days` before the delivery, but never before `earliest`.
fn generation_date(delivery: NaiveDate, lead_days: u16, earliest: NaiveDate) -> NaiveDate {
    delivery.checked_sub_days(Days::new(u64::from(lead_days))).map_or(earliest, |day| day.max(earliest))
}

impl Details {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        if self.status == Status::Ended {
            return match command {
                Command::End => Ok(vec![]),
                Command::PreventStart => Err(Refusal::Started),
                _ => Err(Refusal::Ended),
            };
        }
        match command {
            Command::Start(start) => self.started_as(&start),
            Command::GenerateNextOrder { today, lead_days } => self.generate(today, lead_days),
            Command::SkipNext { delivery_date, today, lead_days } => {
                let skipped = self.running_next()?;
                if let Some(date) = delivery_date.filter(|date| *date != skipped.delivery_date) {
                    return Err(Refusal::NotTheNext { date, next: skipped.delivery_date });
                }
                // Skipping during a backlog is as good as skipping on the missed night: were today the limit, the
                // missed nights after it would move behind their deliveries instead of being caught up (R6).
                let night = skipped.generation_date.min(today);
                let next = self.after(&skipped, lead_days, self.earliest_generation(night));
                Ok(vec![Event::DeliverySkipped { skipped, next }])
            }
            Command::ChangeNextDate { delivery_date, today, lead_days } => {
                self.change_next_date(delivery_date, today, lead_days)
            }
            Command::ChangeCycle { cycle, from, today, lead_days } => self.change_cycle(cycle, from, today, lead_days),
            Command::ChangeBasket { basket } if basket == self.basket => Ok(vec![]),
            Command::ChangeBasket { basket } => Ok(vec![Event::BasketChanged { basket }]),
            Command::ChangePaymentMethod { payment_method } if payment_method == self.payment_method => Ok(vec![]),
            Command::ChangePaymentMethod { payment_method } => Ok(vec![Event::PaymentMethodChanged { payment_method }]),
            Command::Pause if self.status == Status::Paused => Ok(vec![]),
            Command::Pause => Ok(vec![Event::SubscriptionPaused {}]),
            Command::Resume { today, lead_days } => self.resume(today, lead_days),
            Command::End => Ok(vec![Event::SubscriptionEnded {}]),
            // Decided above, in whatever state it is.
            Command::RecordReleased { work } => Ok(vec![Event::SubscriptionWorkReleased { work }]),
            Command::PreventStart => Err(Refusal::Started),
        }
    }

    /// Starting twice with the same content is already done; with other content the number is taken.
    fn started_as(&self, start: &StartSubscription) -> Result<Vec<Event>, Refusal> {
        let same = self.subscription_id == start.subscription_id
            && self.member_id == start.member_id
            && self.basket == start.basket
            && self.payment_method == start.payment_method
            && self.cycle == start.cycle
            && start.cycle.first_on_or_after(start.first_delivery) == Some(self.anchor);
        if same { Ok(vec![]) } else { Err(Refusal::NumberTaken) }
    }

    fn running_next(&self) -> Result<NextDates, Refusal> {
        if self.status == Status::Paused {
            return Err(Refusal::Paused);
        }
        self.next.ok_or(Refusal::NoNextDate)
    }

    fn generate(&self, today: NaiveDate, lead_days: u16) -> Result<Vec<Event>, Refusal> {
        let dates = self.running_next()?;
        if dates.generation_date > today {
            return Err(Refusal::NotDue(dates.generation_date));
        }
        let next = self.following(&dates, lead_days);
        Ok(vec![Event::OrderGenerationStarted {
            order_id: OrderId::for_generation(&self.subscription_id, dates.generation_date),
            dates,
            basket: self.basket.clone(),
            payment_method: self.payment_method.clone(),
            next,
        }])
    }

    /// What comes next, and after that, as each night will have it (R3) while nothing is changed. `lead_days` is S16 as in
    /// force. Empty while paused and after the end.
    pub fn upcoming(&self, lead_days: u16) -> impl Iterator<Item = NextDates> + '_ {
        std::iter::successors(self.next, move |dates| self.following(dates, lead_days))
    }

    /// What follows once the order of `dates` is called for. Counted from its own night, not from today, so that
    /// catching up gives what each night would have given (R6).
    fn following(&self, dates: &NextDates, lead_days: u16) -> Option<NextDates> {
        dates.generation_date.succ_opt().and_then(|earliest| self.after(dates, lead_days, earliest))
    }

    /// The dates that follow `current`: the next index of the cycle whose delivery is later, computed from the
    /// anchor, generated on `earliest` at the earliest.
    fn after(&self, current: &NextDates, lead_days: u16, earliest: NaiveDate) -> Option<NextDates> {
        let mut index = current.index.checked_add(1)?;
        let mut delivery_date = self.cycle.nth(self.anchor, index)?;
        if delivery_date <= current.delivery_date {
            // The current one was moved behind later dates of the cycle; those are covered by it.
            index = self.cycle.first_index_after(self.anchor, current.delivery_date)?;
            delivery_date = self.cycle.nth(self.anchor, index)?;
        }
        Some(NextDates { index, delivery_date, generation_date: generation_date(delivery_date, lead_days, earliest) })
    }

    /// The days on which another delivery may be put: behind the newest one called for or skipped, and with its order
    /// still in time. While it is paused nothing is generated, and the resume sees to the time.
    pub fn delivery_window(&self, today: NaiveDate, lead_days: u16) -> DeliveryWindow {
        let window = DeliveryWindow::of(today, lead_days);
        let in_time = if self.status == Status::Paused { today } else { window.earliest };
        DeliveryWindow { earliest: self.earliest_delivery(in_time), ..window }
    }

    /// `from`, or the day after the newest delivery called for or skipped.
    fn earliest_delivery(&self, from: NaiveDate) -> NaiveDate {
        let after_last = self.last_delivery.and_then(|last| last.succ_opt());
        after_last.map_or(from, |day| day.max(from))
    }

    /// The first day on which another order may be generated: an order's id is made of it, so no day serves twice.
    fn earliest_generation(&self, today: NaiveDate) -> NaiveDate {
        let after_last = self.last_generation.and_then(|last| last.succ_opt());
        after_last.map_or(today, |day| day.max(today))
    }

    fn change_next_date(&self, date: NaiveDate, today: NaiveDate, lead_days: u16) -> Result<Vec<Event>, Refusal> {
        let current = self.running_next()?;
        if date == current.delivery_date {
            return Ok(vec![]);
        }
        self.delivery_window(today, lead_days).holds(date)?;
        if self.cycle.first_on_or_after(date).is_none() {
            return Err(Refusal::BeyondCalendar(date));
        }
        let generation_date = generation_date(date, lead_days, self.earliest_generation(today));
        Ok(vec![Event::NextDateChanged { next: NextDates { delivery_date: date, generation_date, ..current } }])
    }

    fn change_cycle(
        &self,
        cycle: DeliveryCycle,
        from: NaiveDate,
        today: NaiveDate,
        lead_days: u16,
    ) -> Result<Vec<Event>, Refusal> {
        let anchor = cycle.first_on_or_after(from).ok_or(Refusal::BeyondCalendar(from))?;
        // A next delivery that was moved away from the anchor comes back to it: that is what is asked for.
        let at_anchor = |next: NextDates| next.index == 0 && next.delivery_date == anchor;
        if cycle == self.cycle && anchor == self.anchor && self.next.or(self.paused_at).is_none_or(at_anchor) {
            return Ok(vec![]);
        }
        self.delivery_window(today, lead_days).holds(from)?;
        let next = (self.status == Status::Running).then(|| NextDates {
            index: 0,
            delivery_date: anchor,
            generation_date: generation_date(anchor, lead_days, self.earliest_generation(today)),
        });
        Ok(vec![Event::CycleChanged { cycle, anchor, next }])
    }

    /// The first delivery whose order can still be generated in time, not before the newest one called for.
    fn resume(&self, today: NaiveDate, lead_days: u16) -> Result<Vec<Event>, Refusal> {
        if self.status != Status::Paused {
            return Err(Refusal::NotPaused);
        }
        let in_time = today.checked_add_days(Days::new(u64::from(lead_days)));
        let in_time = in_time.ok_or(Refusal::BeyondCalendar(today))?;
        if let Some(next) = self.paused_at.filter(|next| next.delivery_date >= in_time) {
            let generation_date = generation_date(next.delivery_date, lead_days, self.earliest_generation(today));
            return Ok(vec![Event::SubscriptionResumed { next: NextDates { generation_date, ..next } }]);
        }
        let from = self.earliest_delivery(today).max(in_time);
        let index = match from.pred_opt() {
            Some(day) if self.anchor <= day => self.cycle.first_index_after(self.anchor, day),
            _ => Some(0),
        };
        let index = index.ok_or(Refusal::BeyondCalendar(today))?;
        let delivery_date = self.cycle.nth(self.anchor, index).ok_or(Refusal::BeyondCalendar(today))?;
        let generation_date = generation_date(delivery_date, lead_days, self.earliest_generation(today));
        Ok(vec![Event::SubscriptionResumed { next: NextDates { index, delivery_date, generation_date } }])
    }
}
