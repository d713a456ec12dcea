use super::{full_basket, quoted_basket};
use crate::values::{card_in_force, cash, day, member_id, sealed, subscription_id, yen};
use teiki_domain::applicability::NotExecutedReason as Reason;
use teiki_domain::ids::{OrderId, PaymentId, TransactionId};
use teiki_domain::order::{Cause, DocumentKind, FoundBy, OrderEvent as Event, Purpose};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};

const MODES: [SaleMode; 2] = [SaleMode::AuthorizeOnly, SaleMode::AuthorizeAndCapture];
const WAYS: [FoundBy; 3] = [FoundBy::Reply, FoundBy::Inquiry, FoundBy::Notice];

fn id(number: u64) -> PaymentId {
    format!("90000000000000000{number}").parse().unwrap()
}

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
            cause: Cause::Generation,
            requested_on: None,
            three_d_secure: false,
        });
    }
    for cause in [Cause::Generation, Cause::Operator, Cause::Ladder, Cause::CardChanged, Cause::AmountUpdate] {
        samples.push(Event::AuthorizationRequested {
            attempt: 2,
            transaction_id: TransactionId::new(member_id().shop(), 831_706).unwrap(),
            amount: yen(1),
            card: card_in_force(),
            sale_mode: SaleMode::AuthorizeOnly,
            cause,
            requested_on: Some(day("2028-02-29")),
            three_d_secure: cause == Cause::Operator,
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
        Reason::NothingToPay,
        Reason::PaymentMethodChanged,
    ] {
        samples.push(Event::AuthorizationNotExecuted { reason });
    }
    let (code, detail) = ("2002".to_owned(), "\"1G55\" 限度額オーバー\r\n& <br>".to_owned());
    for found_by in WAYS {
        let captured = found_by == FoundBy::Reply;
        let until = captured.then(|| day("2026-06-19"));
        let (refundable_until, payment_id) = (until, id(1));
        samples.extend([
            Event::AuthorizationSucceeded { attempt: 1, payment_id, captured, found_by, until },
            Event::AuthorizationFailed { attempt: 1, code: code.clone(), detail: detail.clone(), found_by },
            Event::SalesConfirmed { attempt: 1, amount: yen(0), found_by, refundable_until },
        ]);
    }
    for found_by in WAYS {
        let (attempt, payment_id, amount) = (1, id(2), yen(9_999_999));
        let captured = found_by == FoundBy::Notice;
        let until = captured.then(|| day("2026-06-19"));
        samples.extend([
            Event::SurplusPaymentFound { attempt, payment_id: payment_id.clone(), amount, captured, found_by, until },
            Event::AuthorizationExpired { attempt, payment_id: payment_id.clone(), found_by },
            Event::AmountRevised { attempt, base_payment_id: id(1), payment_id: payment_id.clone(), amount, found_by },
            Event::AuthorizationVoided { attempt, payment_id: payment_id.clone(), found_by },
            Event::SaleRefunded { attempt, payment_id, amount, found_by },
        ]);
    }
    for purpose in [Purpose::CancelOrder, Purpose::Release] {
        samples.extend([
            Event::VoidRequested { attempt: 1, payment_id: id(1), amount: yen(8_390), purpose },
            Event::RefundRequested { attempt: 1, payment_id: id(1), amount: yen(8_390), purpose },
        ]);
    }
    for (basket, payment_method) in [(full_basket(), PaymentMethod::Card), (quoted_basket(), cash())] {
        samples.extend([Event::OrderBasketChanged { basket }, Event::OrderPaymentMethodChanged { payment_method }]);
    }
    let why = || "no answer & <br>\r\n".to_owned();
    samples.extend([
        Event::AttemptGivenUp { attempt: 1 },
        Event::SurplusPaymentAccepted { attempt: 1, payment_id: id(2) },
        Event::RevisionRequested { attempt: 1, payment_id: id(1), from: yen(8_390), to: yen(1) },
        Event::RevisionFailed { attempt: 1, payment_id: id(1), code: code.clone(), detail: detail.clone() },
        Event::RevisionOutcomeUnknown { attempt: 1, payment_id: id(1), why: why() },
        Event::VoidFailed { attempt: 1, payment_id: id(1), code: code.clone(), detail: detail.clone() },
        Event::VoidOutcomeUnknown { attempt: 1, payment_id: id(1), why: why() },
        Event::RefundFailed { attempt: 1, payment_id: id(1), code: code.clone(), detail: detail.clone() },
        Event::RefundOutcomeUnknown { attempt: 1, payment_id: id(1), why: why() },
        Event::OrderCancelled {},
        Event::OrderCompleted {},
        Event::PaymentCheckChanged { checked: true },
        Event::PaymentCheckChanged { checked: false },
    ]);
    samples.extend([
        Event::AuthorizationOutcomeUnknown { attempt: 1, why: "no answer in time".to_owned() },
        Event::AuthorizationSentAgain { attempt: 1 },
        Event::CaptureRequested { attempt: 1, amount: yen(8_390) },
        Event::CaptureFailed { attempt: 1, code, detail },
        Event::CaptureOutcomeUnknown { attempt: 1, why: "connection lost".to_owned() },
    ]);
    for (kind, letter) in DocumentKind::ALL.into_iter().zip(["S", "D", "I", "R"]) {
        let number = format!("{}-20260420-{letter}2", subscription_id()).parse().unwrap();
        let content = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b".to_owned();
        samples.push(Event::DocumentIssued {
            kind,
            number,
            issued_on: day("2026-05-01"),
            content,
            layout: 1,
            wording: None,
        });
    }
    let number = format!("{}-20260420-R2", subscription_id()).parse().unwrap();
    samples.extend([
        Event::DocumentIssued {
            kind: DocumentKind::Receipt,
            number,
            issued_on: day("2026-05-01"),
            content: String::new(),
            layout: 2,
            wording: Some(sealed("djEuY2lwaGVydGV4dA==")),
        },
        Event::OrderWorkReleased { work: "payment".to_owned() },
    ]);
    samples
}
