//! What the reports say of a story whose figures are known.

use crate::support::{Shop, date};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::ids::{OrderId, TransactionId};
use teiki_domain::money::Yen;
use teiki_domain::order::{CardInForce, Cause, FoundBy, Order, OrderEvent as Event};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::subscription::{NextDates, Subscription, SubscriptionEvent};
use teiki_infrastructure::event_store::EventMetadata;
use teiki_projections::cell::Cell;
use teiki_projections::reports::{self, read::Ask};

crate::on_both_stores! {
    sales_renewals_and_ageing_of_a_known_story;
    subscriptions_and_churn_of_a_known_story;
    every_report_pages_through_all_its_rows;
}

fn yen(yen: i64) -> Yen {
    Yen::new(yen).unwrap()
}

/// A storyteller: appends events as of noon in Tokyo of a day.
struct Teller<'s> {
    shop: &'s Shop,
    ends: BTreeMap<String, usize>,
    transaction: u64,
}

impl<'s> Teller<'s> {
    fn new(shop: &'s Shop) -> Self {
        Self { shop, ends: BTreeMap::new(), transaction: 100 }
    }

    async fn tell<A: cqrs_es::Aggregate>(&mut self, id: &str, day: &str, events: Vec<A::Event>) {
        let recorded_at = format!("{day}T03:00:00Z").parse().unwrap();
        let metadata = EventMetadata { recorded_at, ..self.shop.metadata() };
        let end = self.ends.entry(id.to_owned()).or_default();
        *end = self.shop.store.append::<A>(id, *end, events, &metadata).await.unwrap();
    }

    /// An order of the `n`-th subscription, generated on `day`.
    async fn order(&mut self, n: u32, day: &str, payment_method: PaymentMethod) -> OrderId {
        let (member_id, subscription_id, _) = self.shop.ids(n);
        let order_id = OrderId::for_generation(&subscription_id, date(day));
        let generated = Event::OrderGenerated {
            order_id: order_id.clone(),
            subscription_id,
            member_id,
            generation_date: date(day),
            delivery_date: date(day),
            basket: basket(),
            payment_method,
            sale_mode: SaleMode::AuthorizeOnly,
        };
        self.tell::<Order>(order_id.as_str(), day, vec![generated]).await;
        order_id
    }

    /// An attempt, and what comes of it: a payment with its last day, or a code.
    async fn attempt(&mut self, order: &OrderId, day: &str, attempt: u32, cause: Cause, end: Result<&str, &str>) {
        self.transaction += 1;
        let outcome = match end {
            Ok(until) => Event::AuthorizationSucceeded {
                attempt,
                payment_id: self.transaction.to_string().parse().unwrap(),
                captured: false,
                found_by: FoundBy::Reply,
                until: Some(date(until)),
            },
            Err(code) => Event::AuthorizationFailed {
                attempt,
                code: code.to_owned(),
                detail: "detail".to_owned(),
                found_by: FoundBy::Reply,
            },
        };
        let requested = Event::AuthorizationRequested {
            attempt,
            transaction_id: TransactionId::new(self.shop.id, self.transaction).unwrap(),
            amount: yen(1_500),
            card: CardInForce { card_id: "7".parse().unwrap(), expiry: CardExpiry::new(2030, 1).unwrap() },
            sale_mode: SaleMode::AuthorizeOnly,
            cause,
            requested_on: None,
            three_d_secure: false,
        };
        self.tell::<Order>(order.as_str(), day, vec![requested, outcome]).await;
    }
}

fn basket() -> Basket {
    let line =
        Line {
            product: "C-1".into(), name: "クッキー".into(), unit_price: yen(1_000), quantity: 1, tax_percent: 8
        };
    Basket::new(vec![line], Charge::Fixed(yen(500)), Charge::Fixed(Yen::ZERO)).unwrap()
}

fn dates(day: &str) -> NextDates {
    NextDates { index: 0, delivery_date: date(day), generation_date: date(day) }
}

/// All rows of a report, as the columns named; texts and numbers as they are, empty cells as `-`.
async fn rows(shop: &Shop, report: &str, today: &str, columns: &[&str]) -> Vec<String> {
    let report = reports::find(report).unwrap();
    let ask = Ask { shop: shop.id, from: None, to: None, today: date(today) };
    let page = report.page(&shop.storage, &ask, None, 1_000).await.unwrap();
    assert_eq!(page.next, None);
    let shown = |row: &Vec<Cell>, name: &&str| match &row[report.column(name).unwrap().0] {
        Cell::Null => "-".to_owned(),
        Cell::Int(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    };
    page.rows.iter().map(|row| columns.iter().map(|name| shown(row, name)).collect::<Vec<_>>().join(" ")).collect()
}

async fn sales_renewals_and_ageing_of_a_known_story(shop: Shop) {
    let mut teller = Teller::new(&shop);
    let card = || PaymentMethod::Card;
    // Four renewals of 1 April: paid at once, paid by the ladder, never paid, paid otherwise; one not executed on the 2nd.
    let paid = teller.order(1, "2026-04-01", card()).await;
    teller.attempt(&paid, "2026-04-01", 1, Cause::Generation, Ok("2026-05-31")).await;
    let ladder = teller.order(2, "2026-04-01", card()).await;
    teller.attempt(&ladder, "2026-04-01", 1, Cause::Generation, Err("2003")).await;
    teller.attempt(&ladder, "2026-04-02", 2, Cause::Ladder, Ok("2026-06-01")).await;
    let never = teller.order(3, "2026-04-01", card()).await;
    teller.attempt(&never, "2026-04-01", 1, Cause::Generation, Err("P010")).await;
    teller.order(4, "2026-04-01", PaymentMethod::External { name: "銀行振込".into() }).await;
    let not_executed = teller.order(5, "2026-04-02", card()).await;
    let reason = NotExecutedReason::NoStoredCard;
    teller.tell::<Order>(not_executed.as_str(), "2026-04-02", vec![Event::AuthorizationNotExecuted { reason }]).await;
    // The first is captured on the 5th.
    let confirmed =
        Event::SalesConfirmed { attempt: 1, amount: yen(1_500), found_by: FoundBy::Reply, refundable_until: None };
    teller
        .tell::<Order>(
            paid.as_str(),
            "2026-04-05",
            vec![Event::CaptureRequested { attempt: 1, amount: yen(1_500) }, confirmed],
        )
        .await;
    shop.sequencer.catch_up().await.unwrap();
    shop.open().await.catch_up().await.unwrap();

    let sales = rows(
        &shop,
        "daily_sales",
        "2026-04-10",
        &["business_day", "authorized_count", "authorized_yen", "captured_yen", "failed_count", "failed_yen"],
    );
    assert_eq!(sales.await, ["2026-04-01 1 1500 0 2 3000", "2026-04-02 1 1500 0 0 0", "2026-04-05 0 0 1500 0 0"]);
    let codes = rows(&shop, "daily_failures", "2026-04-10", &["business_day", "code", "failed_count", "failed_yen"]);
    assert_eq!(codes.await, ["2026-04-01 2003 1 1500", "2026-04-01 P010 1 1500"]);
    let renewals = rows(
        &shop,
        "renewals",
        "2026-04-10",
        &[
            "generation_date",
            "generated",
            "external",
            "authorized",
            "failed",
            "recovered_by_ladder",
            "unrecovered",
            "not_executed",
            "not_executed_no_card",
            "success_rate",
            "final_success_rate",
        ],
    );
    assert_eq!(renewals.await, ["2026-04-01 4 1 1 2 1 1 0 0 3333 6666", "2026-04-02 1 0 0 0 0 0 1 1 - -"]);
    let waiting = ["authorized_on", "valid_until", "payments", "payment_yen"];
    let waiting = rows(&shop, "unconfirmed_authorizations", "2026-04-10", &waiting);
    assert_eq!(waiting.await, ["2026-04-02 2026-06-01 1 1500"]);
    let steps = ["days_since", "days_left", "payments", "payment_yen"];
    for (today, step) in [("2026-04-10", "08-14 31- 1 1500"), ("2026-06-02", "61- ran_out 1 1500")] {
        assert_eq!(rows(&shop, "authorization_ageing", today, &steps).await, [step]);
    }
    let payments = rows(&shop, "payments", "2026-04-10", &["order_id", "attempt", "cause", "state"]).await;
    let of = |order: &OrderId, rest: &str| format!("{order} {rest}");
    assert_eq!(
        payments,
        [
            of(&paid, "1 generation captured"),
            of(&ladder, "1 generation failed"),
            of(&never, "1 generation failed"),
            of(&ladder, "2 ladder authorized")
        ]
    );
}

async fn subscriptions_and_churn_of_a_known_story(shop: Shop) {
    let mut teller = Teller::new(&shop);
    let (paused, ended) = (SubscriptionEvent::SubscriptionPaused {}, SubscriptionEvent::SubscriptionEnded {});
    for (n, day) in [(1, "2026-04-01"), (2, "2026-04-01"), (3, "2026-04-01"), (4, "2026-04-03"), (5, "2026-05-20")] {
        let (member_id, subscription_id, _) = shop.ids(n);
        let started = SubscriptionEvent::SubscriptionStarted {
            subscription_id: subscription_id.clone(),
            member_id,
            basket: basket(),
            payment_method: PaymentMethod::Card,
            cycle: "days:30".parse().unwrap(),
            anchor: date("2026-06-01"),
            next: dates("2026-06-01"),
        };
        teller.tell::<Subscription>(subscription_id.as_str(), day, vec![started]).await;
    }
    // Told before what happened earlier: a day added late changes the days after it.
    let id = |n| shop.ids(n).1.to_string();
    teller.tell::<Subscription>(&id(1), "2026-05-10", vec![ended.clone()]).await;
    teller.tell::<Subscription>(&id(2), "2026-04-20", vec![paused]).await;
    teller.tell::<Subscription>(&id(2), "2026-05-02", vec![ended]).await;
    shop.sequencer.catch_up().await.unwrap();
    shop.open().await.catch_up().await.unwrap();

    let days = ["business_day", "started", "ended", "paused", "running_at_end", "paused_at_end"];
    assert_eq!(
        rows(&shop, "subscription_days", "2026-05-31", &days).await,
        [
            "2026-04-01 3 0 0 3 0",
            "2026-04-03 1 0 0 4 0",
            "2026-04-20 0 0 1 3 1",
            "2026-05-02 0 1 0 3 0",
            "2026-05-10 0 1 0 2 0",
            "2026-05-20 1 0 0 3 0",
        ]
    );
    let months =
        ["month", "running_at_start", "paused_at_start", "started", "ended", "running_at_end", "paused_at_end"];
    let months: Vec<_> = months.into_iter().chain(["churn_rate"]).collect();
    let found = rows(&shop, "subscription_months", "2026-05-31", &months).await;
    assert_eq!(found, ["2026-04 0 0 4 0 3 1 -", "2026-05 3 1 1 2 3 0 5000"]);
    let upcoming = ["generation_date", "renewals", "total_yen", "card_renewals", "card_yen", "to_be_quoted"];
    let found = rows(&shop, "upcoming_renewals", "2026-05-31", &upcoming).await;
    assert_eq!(found, ["2026-06-01 3 4500 3 4500 0"]);
    // Sixty days ahead and no further.
    assert_eq!(rows(&shop, "upcoming_renewals", "2026-04-02", &upcoming).await.len(), 1);
    assert_eq!(rows(&shop, "upcoming_renewals", "2026-04-01", &upcoming).await, Vec::<String>::new());
    let other = Ask { shop: "00001".parse().unwrap(), from: None, to: None, today: date("2026-05-31") };
    for report in reports::listed() {
        let page = report.page(&shop.storage, &other, None, 10).await.unwrap();
        assert_eq!(page.rows, Vec::<Vec<Cell>>::new(), "{} of another shop", report.name);
    }
}

async fn every_report_pages_through_all_its_rows(shop: Shop) {
    shop.fill(0..60).await;
    shop.open().await.catch_up().await.unwrap();
    let day = |text: &str| -> Option<NaiveDate> { Some(date(text)) };
    let all = Ask { shop: shop.id, from: None, to: None, today: date("2026-05-01") };
    for report in reports::listed() {
        let whole = report.page(&shop.storage, &all, None, 1_000).await.unwrap();
        let (mut found, mut after) = (vec![], None);
        loop {
            let page = report.page(&shop.storage, &all, after.as_ref(), 7).await.unwrap();
            found.extend(page.rows);
            match page.next {
                // As it travels in an address.
                Some(next) => after = Some(next.to_string().parse().unwrap()),
                None => break,
            }
        }
        assert_eq!(found, whole.rows, "{}", report.name);
        let Some(by) = report.by else { continue };
        let place = report.column(by).unwrap().0;
        for (from, to) in [(day("2026-04-03"), day("2026-04-05")), (day("2026-05-04"), None), (None, day("2026-04-03"))]
        {
            let ask = Ask { from, to, ..all };
            let within = |row: &&Vec<Cell>| {
                let Cell::Text(text) = &row[place] else { return false };
                let cut = |day: NaiveDate| day.to_string()[..text.len()].to_owned();
                from.is_none_or(|from| *text >= cut(from)) && to.is_none_or(|to| *text <= cut(to))
            };
            let expected: Vec<_> = whole.rows.iter().filter(within).cloned().collect();
            let page = report.page(&shop.storage, &ask, None, 1_000).await.unwrap();
            assert_eq!(page.rows, expected, "{} {from:?} {to:?}", report.name);
        }
    }
}
