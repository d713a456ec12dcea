//! A shop whose subscriptions are all due in the same night. The events are what the program's own decisions give;
//! only the writing is set-wise, since nobody wants to wait for 160,000 commits.

use crate::Failure;
use crate::place::{Place, just_after_midnight, night};
use chrono::{Days, SecondsFormat};
use cqrs_es::DomainEvent;
use teiki::app::App;
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::cqrs::{Decide, EventSourced};
use teiki_domain::ids::{MemberId, OrderId, SubscriptionId, TransactionId};
use teiki_domain::member::{Member, MemberCommand, StoredCard};
use teiki_domain::order::{CardInForce, GenerateOrder, Order, OrderCommand};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::sealed::Sealed;
use teiki_domain::subscription::{StartSubscription, Subscription, SubscriptionCommand};
use teiki_infrastructure::event_store::Storage;
use teiki_tests::stage::{basket, open_shop, shop};
use uuid::Uuid;

/// Events written in one transaction.
const CHUNK: usize = 10_000;
/// Numbers begin here, so that all ids are equally long.
const FIRST: usize = 100_001;
/// What a renewal costs.
const YEN: i64 = 2_980;

/// A row of `events`.
struct Row {
    kind: &'static str,
    id: String,
    sequence: i64,
    event_type: String,
    version: String,
    payload: String,
    metadata: String,
}

/// Opens the shop and starts `count` subscriptions, each due once in the night; returns when the tables show them.
pub(crate) async fn seed(place: &Place, count: usize) -> Result<(), Failure> {
    let app = place.app().await?;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    let order = serde_json::json!({ "prefix": "02396_M", "from": FIRST, "count": count });
    let kept = place.paygent.post("/cards/seed", &order).await?;
    let cards: Vec<&str> =
        kept.as_array().into_iter().flatten().filter_map(|card| card.get("customer_card_id")?.as_str()).collect();
    if cards.len() != count {
        return Err(format!("the simulator keeps {} cards instead of {count}", cards.len()).into());
    }
    let mut rows = Vec::with_capacity(CHUNK + 4);
    for (number, card_id) in (FIRST..).zip(cards) {
        let (member, subscription) = (member_id(number)?, subscription_id(number)?);
        rows_of::<Member>(&mut rows, member.as_str(), member_commands(&member, card_id)?)?;
        rows_of::<Subscription>(&mut rows, subscription.as_str(), vec![start(subscription.clone(), member)?])?;
        if rows.len() >= CHUNK {
            insert(&app.storage, &rows).await?;
            rows.clear();
        }
    }
    insert(&app.storage, &rows).await?;
    app.settle().await?;
    tidy(&app).await?;
    app.stop().await;
    Ok(())
}

fn member_id(number: usize) -> Result<MemberId, Failure> {
    Ok(MemberId::new(shop(), &format!("M{number}"))?)
}

fn subscription_id(number: usize) -> Result<SubscriptionId, Failure> {
    Ok(SubscriptionId::new(shop(), &format!("D{number}"))?)
}

fn expiry() -> Result<CardExpiry, Failure> {
    Ok(CardExpiry::new(2035, 12)?)
}

fn member_commands(member: &MemberId, card_id: &str) -> Result<Vec<MemberCommand>, Failure> {
    // As long as a sealed name, mail address, phone number and address; a renewal never opens it.
    let profile = Sealed::from_ciphertext(format!("1.{}", "A".repeat(240)));
    let card =
        StoredCard { card_id: card_id.parse()?, masked_number: "************1000".to_owned(), expiry: expiry()? };
    Ok(vec![
        MemberCommand::Register { member_id: member.clone(), profile },
        MemberCommand::RequestCardRegistration,
        MemberCommand::RecordCardRegistered { registration: 1, card },
    ])
}

fn start(subscription_id: SubscriptionId, member_id: MemberId) -> Result<SubscriptionCommand, Failure> {
    let today = night() - Days::new(1);
    Ok(SubscriptionCommand::Start(Box::new(StartSubscription {
        subscription_id,
        member_id,
        basket: basket(YEN),
        payment_method: PaymentMethod::Card,
        cycle: "months:1:1".parse()?,
        first_delivery: night(),
        lead_days: 0,
        today,
    })))
}

/// The payloads of a new order's events and their metadata: what one commit of the engine holds.
pub(crate) fn order_payloads() -> Result<(Vec<String>, String), Failure> {
    let subscription_id = subscription_id(FIRST)?;
    let generate = GenerateOrder {
        order_id: OrderId::for_generation(&subscription_id, night()),
        subscription_id,
        member_id: member_id(FIRST)?,
        generation_date: night(),
        delivery_date: night(),
        basket: basket(YEN),
        payment_method: PaymentMethod::Card,
        terms: teiki_domain::applicability::RenewalTerms {
            sale_mode: SaleMode::AuthorizeAndCapture,
            authorize_at_generation: true,
            goods_min: None,
            goods_max: None,
            contract_start: None,
            contract_end: None,
            lead_days: 0,
        },
        card: Some(CardInForce { card_id: "100001".parse()?, expiry: expiry()? }),
        transaction_id: TransactionId::new(shop(), 1)?,
        today: night(),
    };
    let events = Order::default().decide(OrderCommand::Generate(Box::new(generate)))?;
    let payloads = events.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok((payloads, metadata()))
}

/// In the shape the event store writes.
fn metadata() -> String {
    let (command, append) = (Uuid::now_v7(), Uuid::now_v7());
    let recorded_at = (just_after_midnight() - chrono::Duration::days(1)).to_rfc3339_opts(SecondsFormat::Micros, true);
    serde_json::json!({
        "actor": "bench", "reason": "a subscription to be renewed", "command_id": command, "correlation_id": command,
        "recorded_at": recorded_at, "append_id": append,
    })
    .to_string()
}

fn rows_of<A>(rows: &mut Vec<Row>, id: &str, commands: Vec<<A as Decide>::Command>) -> Result<(), Failure>
where
    A: EventSourced,
    <A as Decide>::Event: DomainEvent,
    <A as Decide>::Refusal: Send + Sync + 'static,
{
    let mut state = A::default();
    let mut sequence = 0;
    for command in commands {
        for event in state.decide(command)? {
            sequence += 1;
            rows.push(Row {
                kind: A::TYPE,
                id: id.to_owned(),
                sequence,
                event_type: event.event_type(),
                version: event.event_version(),
                payload: serde_json::to_string(&event)?,
                metadata: metadata(),
            });
            Decide::apply(&mut state, &event);
        }
    }
    Ok(())
}

async fn insert(storage: &Storage, rows: &[Row]) -> Result<(), Failure> {
    const HEAD: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
        metadata)";
    match storage {
        Storage::Sqlite(sqlite) => {
            let sql = format!("{HEAD} VALUES (?, ?, ?, ?, ?, ?, ?)");
            let mut transaction = sqlite.writer.begin().await?;
            for row in rows {
                let insert = sqlx::query(&sql).bind(row.kind).bind(&row.id).bind(row.sequence).bind(&row.event_type);
                let insert = insert.bind(&row.version).bind(&row.payload).bind(&row.metadata);
                insert.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Storage::Postgres(pool) => {
            let sql = format!(
                "{HEAD} SELECT t, i, s, e, v, p::json, m::json FROM UNNEST($1::text[], $2::text[], $3::bigint[], \
                 $4::text[], $5::text[], $6::text[], $7::text[]) AS r(t, i, s, e, v, p, m)"
            );
            let column = |of: fn(&Row) -> &str| rows.iter().map(of).collect::<Vec<_>>();
            sqlx::query(&sql)
                .bind(column(|row| row.kind))
                .bind(column(|row| &row.id))
                .bind(rows.iter().map(|row| row.sequence).collect::<Vec<_>>())
                .bind(column(|row| &row.event_type))
                .bind(column(|row| &row.version))
                .bind(column(|row| &row.payload))
                .bind(column(|row| &row.metadata))
                .execute(pool)
                .await?;
        }
    }
    Ok(())
}

/// Leaves the store as days of ordinary work would: statistics known, nothing waiting to be written back.
async fn tidy(app: &App) -> Result<(), Failure> {
    match &app.storage {
        Storage::Sqlite(sqlite) => {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&sqlite.writer).await?;
        }
        Storage::Postgres(pool) => {
            sqlx::query("VACUUM ANALYZE").execute(pool).await?;
            // Only some users may; those who may not measure with what is left to write back.
            let _ = sqlx::query("CHECKPOINT").execute(pool).await;
        }
    }
    Ok(())
}
