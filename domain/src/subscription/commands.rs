use crate::basket::Basket;
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::{MemberId, SubscriptionId};
use crate::payment_method::PaymentMethod;
use chrono::NaiveDate;

/// What is needed to start a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartSubscription {
    /// Its number.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub member_id: MemberId,
    /// What is delivered each time.
    pub basket: Basket,
    /// How each order is paid; must be allowed by the shop (S12, S14), which the settings decide.
    pub payment_method: PaymentMethod,
    /// How often (R3).
    pub cycle: DeliveryCycle,
    /// No delivery before this day; the first fitting day on or after it becomes the anchor.
    pub first_delivery: NaiveDate,
    /// Days between generation and delivery (S16).
    pub lead_days: u16,
    /// The business day in Tokyo.
    pub today: NaiveDate,
}

/// What can be asked of a subscription. `today` is the business day in Tokyo, `lead_days` S16 as in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionCommand {
    /// Start it. Starting it again with the same content is already done.
    Start(Box<StartSubscription>),
    /// Call for the order of the next generation date, if that day has come (due is ≤ today, never = today; R1, R6).
    /// One order each time: missed nights are caught up by asking again.
    GenerateNextOrder {
        /// The business day in Tokyo.
        today: NaiveDate,
        /// S16.
        lead_days: u16,
    },
    /// Leave out the next delivery.
    SkipNext {
        /// The delivery that is meant, so that asking twice never leaves out two; none: whichever is next.
        delivery_date: Option<NaiveDate>,
        /// The business day in Tokyo.
        today: NaiveDate,
        /// S16.
        lead_days: u16,
    },
    /// Move the next delivery to another day, once.
    ChangeNextDate {
        /// The new delivery date, inside the window of [`super::DeliveryWindow`].
        delivery_date: NaiveDate,
        /// The business day in Tokyo.
        today: NaiveDate,
        /// S16.
        lead_days: u16,
    },
    /// Deliver in another rhythm.
    ChangeCycle {
        /// The new cycle.
        cycle: DeliveryCycle,
        /// No delivery in the new rhythm before this day.
        from: NaiveDate,
        /// The business day in Tokyo.
        today: NaiveDate,
        /// S16.
        lead_days: u16,
    },
    /// Change what is delivered, or prices.
    ChangeBasket {
        /// The new content.
        basket: Basket,
    },
    /// Change how orders are paid (O18).
    ChangePaymentMethod {
        /// The new method.
        payment_method: PaymentMethod,
    },
    /// Stop generating orders for a while.
    Pause,
    /// Generate orders again; the dates that passed in between are not made up for.
    Resume {
        /// The business day in Tokyo.
        today: NaiveDate,
        /// S16.
        lead_days: u16,
    },
    /// End it for good.
    End,
    /// Keep it from ever starting, because its member is being erased. Refused once it has started.
    PreventStart,
    /// Write down that somebody let work go on that was set aside (O12).
    RecordReleased {
        /// Which work, such as `renewal`.
        work: String,
    },
}
