use super::{full_basket, quoted_basket};
use crate::values::{card_in_force, cash, day, member_id, subscription_id, yen};
use teiki_domain::applicability::NotExecutedReason as Reason;
use teiki_domain::ids::{OrderId, TransactionId};
use teiki_domain::order::{FoundBy, OrderEvent as Event};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

const MODES: [SaleMode; 2] = [SaleMode::AuthorizeOnly, SaleMode::AuthorizeAndCapture];
const WAYS: [FoundBy; 3] = [FoundBy::Reply, FoundBy::Inquiry, FoundBy::Notice];

pub(crate) fn order() -> Vec<Event> {
    let mut samples = vec![];
    for sale_mode in MODES {
        let (basket, payment_method) = match sale_mode {
            SaleMode::AuthorizeOnly => (full_basket(), PaymentMethod::Card),
            SaleMode::AuthorizeAndCapture => (quoted_basket(), cash()),
        };
        samples.push(Event::OrderGenerated {
            order_id: OrderId::for_generation(&subscription_id(), day("2026-04-20")),
            subscription_id: subscription_id(),
            member_id: member_id(),
            generation_date: day("2026-04-20"),
            delivery_date: day("2026-04-30"),
            basket,
            payment_method,
            sale_mode,
        });
        samples.push(Event::AuthorizationRequested {
            attempt: 1,
            transaction_id: TransactionId::new(member_id().shop(), 831_705).unwrap(),
            amount: yen(9_999_999),
            card: card_in_force(),
            sale_mode,
        });
    }
    let out_of_range = |min: Option<i64>, max: Option<i64>| Reason::GoodsAmountOutOfRange {
        goods: yen(2_999),
        min: min.map(yen),
        max: max.map(yen),
    };
    for reason in [
        Reason::AuthorizeAtGenerationOff,
        out_of_range(Some(3_000), None),
        out_of_range(None, Some(2_000)),
        out_of_range(Some(3_000), Some(5_000)),
        Reason::AmountToBeQuoted,
        Reason::OutsideContractPeriod,
        Reason::NoStoredCard,
    ] {
        samples.push(Event::AuthorizationNotExecuted { reason });
    }
    let (code, detail) = ("2002".to_owned(), "\"1G55\" 限度額オーバー\r\n& <br>".to_owned());
    for found_by in WAYS {
        let captured = found_by == FoundBy::Reply;
        let payment_id = "900000000000000001".parse().unwrap();
        samples.extend([
            Event::AuthorizationSucceeded { attempt: 1, payment_id, captured, found_by },
            Event::AuthorizationFailed { attempt: 1, code: code.clone(), detail: detail.clone(), found_by },
            Event::SalesConfirmed { attempt: 1, amount: yen(0), found_by },
        ]);
    }
    samples.extend([
        Event::AuthorizationOutcomeUnknown { attempt: 1, why: "no answer in time".to_owned() },
        Event::AuthorizationSentAgain { attempt: 1 },
        Event::CaptureRequested { attempt: 1, amount: yen(8_390) },
        Event::CaptureFailed { attempt: 1, code, detail },
        Event::CaptureOutcomeUnknown { attempt: 1, why: "connection lost".to_owned() },
    ]);
    samples
}
