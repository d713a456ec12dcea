use super::{full_basket, quoted_basket};
use crate::values::{cash, day, member_id, subscription_id};
use teiki_domain::ids::OrderId;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::{NextDates, SubscriptionEvent as Event};

fn next(index: u32, delivery: &str, generation: &str) -> NextDates {
    NextDates { index, delivery_date: day(delivery), generation_date: day(generation) }
}

pub(crate) fn subscription() -> Vec<Event> {
    let (this, that) = (next(0, "2026-04-30", "2026-04-20"), next(1, "2026-05-31", "2026-05-21"));
    let mut samples = vec![];
    for cycle in ["days:10", "weeks:2:fri", "months:1:31", "months:3:2nd-tue", "months:1:last-sun"] {
        let (basket, payment_method) = match cycle {
            "days:10" => (quoted_basket(), cash()),
            _ => (full_basket(), PaymentMethod::Card),
        };
        samples.push(Event::SubscriptionStarted {
            subscription_id: subscription_id(),
            member_id: member_id(),
            basket,
            payment_method,
            cycle: cycle.parse().unwrap(),
            anchor: this.delivery_date,
            next: this,
        });
    }
    for (basket, payment_method, next) in
        [(full_basket(), PaymentMethod::Card, Some(that)), (quoted_basket(), cash(), None)]
    {
        samples.push(Event::OrderGenerationStarted {
            order_id: OrderId::for_generation(&subscription_id(), this.generation_date),
            dates: this,
            basket,
            payment_method,
            next,
        });
    }
    let cycle = "months:2:29".parse().unwrap();
    samples.extend([
        Event::DeliverySkipped { skipped: this, next: Some(that) },
        Event::DeliverySkipped { skipped: this, next: None },
        Event::NextDateChanged { next: next(4, "2028-02-29", "2028-02-19") },
        Event::CycleChanged { cycle, anchor: this.delivery_date, next: Some(this) },
        Event::CycleChanged { cycle, anchor: this.delivery_date, next: None },
        Event::BasketChanged { basket: full_basket() },
        Event::BasketChanged { basket: quoted_basket() },
        Event::PaymentMethodChanged { payment_method: PaymentMethod::Card },
        Event::PaymentMethodChanged { payment_method: cash() },
        Event::SubscriptionPaused {},
        Event::SubscriptionResumed { next: that },
        Event::SubscriptionEnded {},
        Event::SubscriptionStartPrevented {},
        Event::SubscriptionWorkReleased { work: "renewal".to_owned() },
    ]);
    samples
}
