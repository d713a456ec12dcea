use crate::basket::Basket;
use crate::delivery_cycle::DeliveryCycle;
use crate::ids::{MemberId, OrderId, SubscriptionId};
use crate::payment_method::PaymentMethod;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The next delivery and the day its order is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDates {
    /// Which date of the cycle it is, counted from the anchor (0).
    pub index: u32,
    /// Delivery date (配送日).
    pub delivery_date: NaiveDate,
    /// Generation date (次回受注反映日): just after midnight in Tokyo of this day the order appears.
    pub generation_date: NaiveDate,
}

/// What can have happened to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionEvent {
    /// It began.
    SubscriptionStarted {
        /// Its number (定期購入番号).
        subscription_id: SubscriptionId,
        /// Whose it is.
        member_id: MemberId,
        /// What is delivered each time and what it costs.
        basket: Basket,
        /// How each order is paid (S14).
        payment_method: PaymentMethod,
        /// How often (R3).
        cycle: DeliveryCycle,
        /// Date 0 of the cycle; every later date is computed from it.
        anchor: NaiveDate,
        /// The first delivery.
        next: NextDates,
    },
    /// The order of a generation date was called for (R1, R2): from here it will exist, whatever crashes.
    OrderGenerationStarted {
        /// The order's id, derived from subscription and generation date.
        order_id: OrderId,
        /// Which dates it is for.
        dates: NextDates,
        /// What the order contains.
        basket: Basket,
        /// How it is paid.
        payment_method: PaymentMethod,
        /// What comes after it (R3); none when the calendar ends.
        next: Option<NextDates>,
    },
    /// One delivery was left out.
    DeliverySkipped {
        /// The one left out.
        skipped: NextDates,
        /// What comes instead.
        next: Option<NextDates>,
    },
    /// The next delivery was moved; the ones after it follow the cycle as before.
    NextDateChanged {
        /// The next delivery now.
        next: NextDates,
    },
    /// The cycle was changed, with a new anchor.
    CycleChanged {
        /// How often from now on.
        cycle: DeliveryCycle,
        /// Date 0 of the new cycle.
        anchor: NaiveDate,
        /// The next delivery now; none while paused.
        next: Option<NextDates>,
    },
    /// What is delivered, or its price, was changed, from the next order on.
    BasketChanged {
        /// The new content.
        basket: Basket,
    },
    /// How orders are paid was changed, from the next order on (O18).
    PaymentMethodChanged {
        /// The new method.
        payment_method: PaymentMethod,
    },
    /// No orders until it is resumed.
    SubscriptionPaused {},
    /// Orders again.
    SubscriptionResumed {
        /// The next delivery.
        next: NextDates,
    },
    /// It ended for good (定期購入終了, O18).
    SubscriptionEnded {},
    /// It was about to start when its member was erased, and never starts: nothing else happens under this number.
    SubscriptionStartPrevented {},
    /// Somebody let work of this subscription go on that had been set aside (O12).
    SubscriptionWorkReleased {
        /// Which work, such as `renewal`.
        work: String,
    },
}
