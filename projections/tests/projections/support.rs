//! Stores for tests, a log full of subscriptions and orders, and a projection that can be broken.

use chrono::{DateTime, Days, NaiveDate};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use teiki_domain::cqrs::Decide;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId, TransactionId};
use teiki_domain::member::{Member, MemberEvent, StoredCard};
use teiki_domain::order::{CardInForce, Cause, FoundBy, Order, OrderEvent};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::sealed::Sealed;
use teiki_domain::subscription::{NextDates, Subscription, SubscriptionEvent};
use teiki_domain::{basket, card_expiry::CardExpiry, money::Yen};
use teiki_infrastructure::event_store::{EventMetadata, EventStore, LogReader, Sequencer, Storage, StorageOptions};
use teiki_projections::projection::{Fact, Projection};
use teiki_projections::table::{Row as _, Table};
use teiki_projections::working_set::{FoldError, WorkingSet};
use teiki_projections::{Options, Projections, order_list};
use uuid::Uuid;

/// Runs a test on both stores.
#[macro_export]
macro_rules! on_both_stores {
    ($($(#[$meta:meta])* $name:ident;)+) => {
        mod sqlite {
            $($(#[$meta])* #[test] fn $name() { $crate::support::on_sqlite(super::$name); })+
        }
        mod postgres {
            $($(#[$meta])* #[test] fn $name() { $crate::support::on_postgres(stringify!($name), super::$name); })+
        }
    };
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Shop) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    runtime().block_on(async {
        let storage = Storage::open(&url, &StorageOptions::default()).await.unwrap();
        test(Shop::new(storage)).await;
    });
}

pub(crate) fn on_postgres<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Shop) -> F) {
    let server = std::env::var("TEIKI_TEST_POSTGRES_URL").expect(
        "TEIKI_TEST_POSTGRES_URL is not set; run `make test`, or `tests/postgres cargo test -p teiki-projections`",
    );
    let unique = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple().to_string();
    let database = format!("teiki_p_{}_{}", std::process::id(), &unique[..8]);
    let url = with_database(&server, &database);
    runtime().block_on(async {
        let mut admin = PgConnection::connect(&server).await.unwrap();
        admin.execute(format!("CREATE DATABASE {database}").as_str()).await.unwrap();
        let storage =
            Storage::open(&url, &StorageOptions { connections: 8, ..StorageOptions::default() }).await.unwrap();
        test(Shop::new(storage.clone())).await;
        storage.close().await;
        admin.execute(format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)").as_str()).await.unwrap();
    });
}

/// The server's address with another database: `scheme://authority/DATABASE?query`.
fn with_database(server: &str, database: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, String::new()), |(a, q)| (a, format!("?{q}")));
    let (scheme, rest) = address.split_once("://").unwrap();
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    format!("{scheme}://{authority}/{database}{query}")
}

/// Small batches, so that a few hundred events take many of them.
pub(crate) fn small() -> Options {
    Options { page: 100, large_page: 300, stalled_after: Duration::from_millis(300), ..Options::default() }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn yen(yen: i64) -> Yen {
    Yen::new(yen).unwrap()
}

/// A store with a shop's events in it.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) storage: Storage,
    pub(crate) store: EventStore,
    pub(crate) sequencer: Sequencer,
    pub(crate) id: ShopId,
}

impl Shop {
    fn new(storage: Storage) -> Self {
        let store = EventStore::new(storage.clone());
        Self { sequencer: Sequencer::new(store.clone()), store, storage, id: "02396".parse().unwrap() }
    }

    pub(crate) fn reader(&self) -> LogReader {
        LogReader::new(self.storage.clone())
    }

    pub(crate) async fn open(&self) -> Projections {
        self.open_with(teiki_projections::all()).await
    }

    pub(crate) async fn open_with(&self, projections: Vec<Arc<dyn Projection>>) -> Projections {
        Projections::open_with(self.storage.clone(), self.reader(), projections, small()).await.unwrap()
    }

    pub(crate) fn metadata(&self) -> EventMetadata {
        EventMetadata {
            actor: "test".to_owned(),
            reason: "test".to_owned(),
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: None,
            request_id: None,
            recorded_at: DateTime::from_timestamp(1_775_000_000, 0).unwrap(),
        }
    }

    pub(crate) async fn append<A: cqrs_es::Aggregate>(
        &self,
        id: &str,
        expected: usize,
        events: Vec<A::Event>,
    ) -> usize {
        self.store.append::<A>(id, expected, events, &self.metadata()).await.unwrap()
    }

    /// A member with a card of the given end, and a running subscription with its first order called for and
    /// generated: 7 to 8 events, of which `fate` decides what comes of the payment.
    pub(crate) async fn member_with_order(&self, n: u32, fate: Fate) -> OrderId {
        let (member, subscription, order) = self.ids(n);
        for story in self.story(n, fate) {
            match story {
                Story::Member(events) => self.append::<Member>(member.as_str(), 0, events).await,
                Story::Subscription(events) => self.append::<Subscription>(subscription.as_str(), 0, events).await,
                Story::Order(events) => self.append::<Order>(order.as_str(), 0, events).await,
            };
        }
        order
    }

    pub(crate) fn ids(&self, n: u32) -> (MemberId, SubscriptionId, OrderId) {
        let member = MemberId::new(self.id, &format!("M{n:05}")).unwrap();
        let subscription = SubscriptionId::from_serial(self.id, u64::from(n));
        let order = OrderId::for_generation(&subscription, generation_date(n));
        (member, subscription, order)
    }

    /// The same events, not stored yet.
    pub(crate) fn story(&self, n: u32, fate: Fate) -> Vec<Story> {
        let (member_id, subscription_id, order_id) = self.ids(n);
        let expiry = CardExpiry::new(2026 + i32::try_from(n % 4).unwrap(), 1 + n % 12).unwrap();
        let masked_number = "************1111".to_owned();
        let card = StoredCard { card_id: format!("{}", 100 + n).parse().unwrap(), masked_number, expiry };
        let line = basket::Line {
            product: "C-1".into(),
            name: "クッキー".into(),
            unit_price: yen(1_000 + i64::from(n)),
            quantity: 1,
            tax_percent: 8,
        };
        let basket =
            basket::Basket::new(vec![line], basket::Charge::Fixed(yen(500)), basket::Charge::Fixed(yen(0))).unwrap();
        let delivery_date = generation_date(n) + Days::new(5);
        let dates = NextDates { index: 0, delivery_date, generation_date: generation_date(n) };
        let next = NextDates {
            index: 1,
            delivery_date: delivery_date + Days::new(30),
            generation_date: generation_date(n) + Days::new(30),
        };
        let transaction_id = TransactionId::new(self.id, u64::from(n) + 1).unwrap();
        let mut order = vec![
            OrderEvent::OrderGenerated {
                order_id: order_id.clone(),
                subscription_id: subscription_id.clone(),
                member_id: member_id.clone(),
                generation_date: generation_date(n),
                delivery_date,
                basket: basket.clone(),
                payment_method: PaymentMethod::Card,
                sale_mode: SaleMode::AuthorizeAndCapture,
            },
            OrderEvent::AuthorizationRequested {
                attempt: 1,
                transaction_id,
                amount: basket.total().unwrap(),
                card: CardInForce { card_id: card.card_id.clone(), expiry },
                sale_mode: SaleMode::AuthorizeAndCapture,
                cause: Cause::Generation,
                requested_on: None,
                three_d_secure: false,
            },
        ];
        match fate {
            Fate::Open => {}
            Fate::Captured => order.push(OrderEvent::AuthorizationSucceeded {
                attempt: 1,
                payment_id: format!("{}", 900_000 + n).parse().unwrap(),
                captured: true,
                found_by: FoundBy::Reply,
                until: None,
            }),
            Fate::Failed => order.push(OrderEvent::AuthorizationFailed {
                attempt: 1,
                code: "P010".into(),
                detail: "有効期限エラー".into(),
                found_by: FoundBy::Reply,
            }),
        }
        vec![
            Story::Member(vec![
                MemberEvent::MemberRegistered {
                    member_id: member_id.clone(),
                    profile: Sealed::from_ciphertext("c2VhbGVk".into()),
                },
                MemberEvent::CardRegistrationRequested { registration: 1 },
                MemberEvent::CardRegistered { registration: 1, card },
            ]),
            Story::Subscription(vec![
                SubscriptionEvent::SubscriptionStarted {
                    subscription_id,
                    member_id,
                    basket: basket.clone(),
                    payment_method: PaymentMethod::Card,
                    cycle: "days:30".parse().unwrap(),
                    anchor: delivery_date,
                    next: dates,
                },
                SubscriptionEvent::OrderGenerationStarted {
                    order_id,
                    dates,
                    basket,
                    payment_method: PaymentMethod::Card,
                    next: Some(next),
                },
            ]),
            Story::Order(order),
        ]
    }

    /// So many members with orders, every tenth failed, every tenth open; returns the head of the log.
    pub(crate) async fn fill(&self, numbers: std::ops::Range<u32>) -> i64 {
        for n in numbers {
            self.member_with_order(n, Fate::of(n)).await;
        }
        self.sequencer.catch_up().await.unwrap()
    }
}

/// Ten generation dates, over and over.
pub(crate) fn generation_date(n: u32) -> NaiveDate {
    date("2026-04-01") + Days::new(u64::from(n % 10))
}

/// Events of one stream.
pub(crate) enum Story {
    Member(Vec<MemberEvent>),
    Subscription(Vec<SubscriptionEvent>),
    Order(Vec<OrderEvent>),
}

/// What comes of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Captured,
    Failed,
    Open,
}

impl Fate {
    pub(crate) fn of(n: u32) -> Self {
        match n % 10 {
            3 => Fate::Failed,
            7 => Fate::Open,
            _ => Fate::Captured,
        }
    }
}

/// The order list under another name of its own table, with a fold that fails at one position, or writes what the
/// store refuses, and with a version that can be chosen.
pub(crate) struct Fragile {
    pub(crate) version: i64,
    /// The position whose fold fails; 0 for none.
    pub(crate) fails_at: Arc<AtomicI64>,
    /// The position at which a row is written that no store takes; 0 for none.
    pub(crate) unwritable_at: i64,
}

impl Fragile {
    /// In the version of the order list itself, so that nothing is rebuilt for it.
    pub(crate) fn current() -> Self {
        Self::new(order_list::OrderList.version())
    }

    pub(crate) fn new(version: i64) -> Self {
        Self { version, fails_at: Arc::default(), unwritable_at: 0 }
    }
}

impl Projection for Fragile {
    fn name(&self) -> &'static str {
        "order_list"
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn aggregates(&self) -> &'static [&'static str] {
        order_list::OrderList.aggregates()
    }
    fn tables(&self) -> Vec<&'static Table> {
        vec![order_list::OrderRow::table()]
    }
    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        order_list::OrderList.touches(fact, rows);
    }
    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        if fact.position == self.fails_at.load(Ordering::SeqCst) {
            return Err(FoldError::Content("made to fail".to_owned()));
        }
        order_list::OrderList.fold(fact, rows)?;
        if let (RecordedEvent::Order(_), true) = (fact.event, fact.position == self.unwritable_at) {
            // U+0000 is refused by PostgreSQL; on SQLite a trigger of the test refuses it.
            rows.update(fact.aggregate_id, |row: &mut order_list::OrderRow| row.generated_at = "\u{0}".to_owned())?;
        }
        Ok(())
    }
}

/// Every projection, with the order list replaced.
pub(crate) fn with_order_list(fragile: Fragile) -> Vec<Arc<dyn Projection>> {
    let mut all = teiki_projections::all();
    all.retain(|projection| projection.name() != "order_list");
    all.push(Arc::new(fragile));
    all
}

/// The aggregate after these events, for what a table should show.
pub(crate) fn aggregate<A: Decide>(events: &[A::Event]) -> A {
    let mut aggregate = A::default();
    events.iter().for_each(|event| aggregate.apply(event));
    aggregate
}
