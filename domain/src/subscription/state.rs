use super::events::{NextDates, SubscriptionEvent};
use crate::basket::Basket;
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::{MemberId, SubscriptionId};
use crate::payment_method::PaymentMethod;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Orders are generated (継続中).
    Running,
    /// No orders for now (休止中).
    Paused,
    /// Over (終了).
    Ended,
}

impl Status {
    /// A stable name for tables and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Ended => "ended",
        }
    }
}

/// A subscription, or the fact that there is none under this number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Subscription {
    /// Never started.
    #[default]
    Absent,
    /// Started.
    Started(Box<Details>),
    /// Kept from starting for good, because its member was erased first.
    Prevented,
}

/// A started subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its number.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub member_id: MemberId,
    /// Running, paused or ended.
    pub status: Status,
    /// What the next order contains.
    pub basket: Basket,
    /// How the next order is paid.
    pub payment_method: PaymentMethod,
    /// How often.
    pub cycle: DeliveryCycle,
    /// Date 0 of the cycle.
    pub anchor: NaiveDate,
    /// What comes next; none while paused, after the end, or when the calendar ends.
    pub next: Option<NextDates>,
    /// The newest delivery date that was called for or skipped: the next one must be later.
    pub last_delivery: Option<NaiveDate>,
    /// The newest generation date an order was called for: the next order's must be later, for its id is made of it.
    /// A skip generates nothing, so it does not count here.
    pub last_generation: Option<NaiveDate>,
    /// What was next when it was paused, so that a resume never goes behind it.
    pub paused_at: Option<NextDates>,
    /// Orders called for so far.
    pub orders: u32,
}

impl Subscription {
    /// The details, if it was started.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Subscription::Absent | Subscription::Prevented => None,
            Subscription::Started(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &SubscriptionEvent) {
        if let SubscriptionEvent::SubscriptionStarted {
            subscription_id,
            member_id,
            basket,
            payment_method,
            cycle,
            anchor,
            next,
        } = event
        {
            *self = Subscription::Started(Box::new(Details {
                subscription_id: subscription_id.clone(),
                member_id: member_id.clone(),
                status: Status::Running,
                basket: basket.clone(),
                payment_method: payment_method.clone(),
                cycle: *cycle,
                anchor: *anchor,
                next: Some(*next),
                last_delivery: None,
                last_generation: None,
                paused_at: None,
                orders: 0,
            }));
        } else if let Subscription::Started(details) = self {
            details.fold(event);
        } else if let SubscriptionEvent::SubscriptionStartPrevented {} = event {
            *self = Subscription::Prevented;
        }
    }
}

impl Details {
    fn fold(&mut self, event: &SubscriptionEvent) {
        match event {
            SubscriptionEvent::SubscriptionStarted { .. }
            | SubscriptionEvent::SubscriptionStartPrevented {}
            | SubscriptionEvent::SubscriptionWorkReleased { .. } => {}
            SubscriptionEvent::OrderGenerationStarted { dates, next, .. } => {
                self.last_delivery = Some(dates.delivery_date);
                self.last_generation = Some(dates.generation_date);
                self.next = *next;
                self.orders += 1;
            }
            SubscriptionEvent::DeliverySkipped { skipped, next } => {
                self.last_delivery = Some(skipped.delivery_date);
                self.next = *next;
            }
            SubscriptionEvent::NextDateChanged { next } => self.next = Some(*next),
            SubscriptionEvent::CycleChanged { cycle, anchor, next } => {
                self.cycle = *cycle;
                self.anchor = *anchor;
                self.next = *next;
                self.paused_at = None;
            }
            SubscriptionEvent::BasketChanged { basket } => self.basket = basket.clone(),
            SubscriptionEvent::PaymentMethodChanged { payment_method } => {
                self.payment_method = payment_method.clone();
            }
            SubscriptionEvent::SubscriptionPaused {} => {
                self.status = Status::Paused;
                self.paused_at = self.next.take();
            }
            SubscriptionEvent::SubscriptionResumed { next } => {
                self.status = Status::Running;
                self.paused_at = None;
                self.next = Some(*next);
            }
            SubscriptionEvent::SubscriptionEnded {} => {
                self.status = Status::Ended;
                self.next = None;
                self.paused_at = None;
            }
        }
    }
}
