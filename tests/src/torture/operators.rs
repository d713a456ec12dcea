//! Operators and billing services who give commands at random, and somebody at Paygent's console.

use super::field::Field;
use super::paygent::Control;
use super::{Failure, Settings, Tally};
use crate::stage::{member, subscription};
use chrono::{Days, NaiveDate};
use paygent_simulator::{ConsoleAction, TestCard};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use teiki_domain::ids::OrderId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many give commands at once.
const HANDS: u64 = 3;
/// Longest time an operator waits for an answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);
/// Days that operators look back.
const LOOK_BACK: u64 = 3;
/// Payments that are looked at in Paygent's console.
const ON_CONSOLE: usize = 60;

/// Where engines can be asked at the moment.
#[derive(Clone, Default)]
pub(super) struct Doors(Arc<Mutex<Vec<String>>>);

impl Doors {
    pub(super) fn set(&self, doors: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    fn any(&self, random: &mut StdRng) -> Option<String> {
        let doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!doors.is_empty()).then(|| doors[random.random_range(0..doors.len())].clone())
    }
}

/// What was answered.
#[derive(Default)]
pub(super) struct Heard {
    /// Commands by answer.
    pub(super) tally: Tally,
    /// Answers that must never be.
    pub(super) violations: Vec<String>,
}

/// Operators at work.
pub(super) struct Hours {
    stop: CancellationToken,
    hands: JoinSet<Heard>,
}

impl Hours {
    pub(super) async fn end(self) -> Heard {
        self.stop.cancel();
        let mut all = Heard::default();
        for heard in self.hands.join_all().await {
            all.tally.add(&heard.tally);
            all.violations.extend(heard.violations);
        }
        all
    }
}

pub(super) fn start(field: &Field, settings: &Settings, doors: &Doors, seed: u64) -> Hours {
    let stop = CancellationToken::new();
    let mut hands = JoinSet::new();
    for hand in 0..HANDS {
        let mut work = Work {
            client: crate::served::client(&field.key),
            doors: doors.clone(),
            paygent: field.paygent.control(),
            random: StdRng::seed_from_u64(seed ^ hand),
            subscriptions: settings.subscriptions,
            first_day: field.first_day,
            today: field.today,
            heard: Heard::default(),
        };
        let stop = stop.clone();
        hands.spawn(async move {
            while !stop.is_cancelled() {
                let pause = Duration::from_millis(work.random.random_range(10..120));
                tokio::time::sleep(pause).await;
                if let Err(error) = work.one().await {
                    work.heard.violations.push(format!("Paygent's simulator failed: {error}"));
                    break;
                }
            }
            work.heard
        });
    }
    Hours { stop, hands }
}

struct Work {
    client: Client,
    doors: Doors,
    paygent: Control,
    random: StdRng,
    subscriptions: usize,
    first_day: NaiveDate,
    today: NaiveDate,
    heard: Heard,
}

impl Work {
    /// One thing that somebody does.
    async fn one(&mut self) -> Result<(), Failure> {
        let order = self.order();
        match self.random.random_range(0..100) {
            0..18 => self.post("capture", &order, "capture", &Value::Null).await,
            18..28 => self.post("cancel", &order, "cancel", &Value::Null).await,
            28..54 => self.update(&order).await,
            54..62 => self.post("authorize", &order, "authorize", &Value::Null).await,
            62..70 => self.post("complete", &order, "complete", &Value::Null).await,
            70..74 => {
                let method = if self.random.random() { json!({"external": "銀行振込"}) } else { json!("card") };
                let body = json!({ "payment_method": method });
                self.send("PUT", "payment-method", &format!("/v1/orders/{order}/payment-method"), &body).await;
            }
            74..80 => self.give_up(&order).await,
            80..86 => self.decide(&order).await,
            86..88 => return self.new_card().await,
            _ => return self.at_console().await,
        }
        Ok(())
    }

    /// An order of the last few days, generated or not yet.
    fn order(&mut self) -> OrderId {
        let back = self.random.random_range(0..=LOOK_BACK);
        let day = (self.today - Days::new(back)).max(self.first_day);
        OrderId::for_generation(&subscription(self.random.random_range(0..self.subscriptions)), day)
    }

    async fn post(&mut self, what: &str, order: &OrderId, verb: &str, body: &Value) {
        self.send("POST", what, &format!("/v1/orders/{order}/{verb}"), body).await;
    }

    /// The amount changes, and the transaction with it (O6).
    async fn update(&mut self, order: &OrderId) {
        let yen = self.random.random_range(1..9_000);
        let line =
            json!({"product": "C-1", "name": "クッキーの定期便", "unit_price": yen, "quantity": 1, "tax_percent": 8});
        let body = json!({"lines": [line], "shipping": 0});
        self.send("PUT", "basket", &format!("/v1/orders/{order}/basket"), &body).await;
        self.post("update-transaction", order, "update-transaction", &Value::Null).await;
    }

    async fn give_up(&mut self, order: &OrderId) {
        // The first attempts are the ones that become unknown.
        let attempt = self.random.random_range(1..3);
        self.post("give-up", order, "give-up", &json!({ "attempt": attempt })).await;
    }

    /// Refund or accept, where a payment came late.
    async fn decide(&mut self, order: &OrderId) {
        let Some(seen) = self.read("/v1/orders?undecided_only=true&limit=500").await else { return };
        let orders = seen["orders"].as_array().cloned().unwrap_or_default();
        let undecided = (!orders.is_empty()).then(|| &orders[self.random.random_range(0..orders.len())]);
        let Some(undecided) = undecided else { return self.post("cancel", order, "cancel", &Value::Null).await };
        let verb = if self.random.random() { "refund" } else { "accept" };
        let id = undecided["order_id"].as_str().unwrap_or_default();
        let payment = undecided["undecided_payment"]["payment_id"].as_str().unwrap_or_default();
        self.send(
            "POST",
            &format!("surplus {verb}"),
            &format!("/v1/orders/{id}/surplus/{payment}/{verb}"),
            &Value::Null,
        )
        .await;
    }

    async fn new_card(&mut self) -> Result<(), Failure> {
        let token = self.paygent.token(&TestCard::ending("1111")).await?;
        let member = member(self.random.random_range(0..self.subscriptions));
        self.send("POST", "card", &format!("/v1/members/{member}/cards"), &json!({ "token": token })).await;
        Ok(())
    }

    /// Somebody at Paygent changes a payment without us (O9).
    async fn at_console(&mut self) -> Result<(), Failure> {
        let payments = self.paygent.newest_payments(ON_CONSOLE).await?;
        let Some(last) = payments.len().checked_sub(1) else { return Ok(()) };
        let payment = &payments[self.random.random_range(0..=last)];
        let (name, action) = match self.random.random_range(0..4) {
            0 => ("cancel", ConsoleAction::Cancel),
            1 => ("capture", ConsoleAction::Capture),
            2 => ("refund", ConsoleAction::Refund),
            _ => ("lower", ConsoleAction::Lower(payment.amount / 2)),
        };
        if self.paygent.at_console(&payment.payment_id, action).await? {
            self.heard.tally.count(format!("console: {name}"));
        }
        Ok(())
    }

    async fn read(&mut self, path: &str) -> Option<Value> {
        let door = self.doors.any(&mut self.random)?;
        let response = self.client.get(format!("{door}{path}")).timeout(ANSWERED_WITHIN).send().await.ok()?;
        serde_json::from_str(&response.text().await.ok()?).ok()
    }

    /// A command whose answer is counted. Nobody answering is part of the day.
    async fn send(&mut self, method: &str, what: &str, path: &str, body: &Value) {
        let Some(door) = self.doors.any(&mut self.random) else { return };
        let Ok(method) = method.parse() else { return };
        let mut request = self.client.request(method, format!("{door}{path}")).timeout(ANSWERED_WITHIN);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = match request.send().await {
            Ok(response) => (Some(response.status().as_u16()), response.text().await.unwrap_or_default()),
            Err(_) => (None, String::new()),
        };
        match answer {
            (None, _) => self.heard.tally.count("no answer"),
            (Some(status), text) => {
                self.heard.tally.count(format!("{what} {status}"));
                // 503 is honest while the database restarts; 500 and 422 mean that somebody here made a mistake.
                if status == 500 || status == 422 || status == 400 {
                    self.heard.violations.push(format!("{what} {path}: {status} {text}"));
                }
            }
        }
    }
}
