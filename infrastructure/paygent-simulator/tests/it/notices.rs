//! §5: notices that are posted, refused, lost and forged, and what is changed at Paygent's own console.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use paygent_simulator::{ConsoleAction, Mischief, NoticeCounts, Simulator};
use sha2::{Digest as _, Sha256};

use crate::support::Shop;

type Form = BTreeMap<String, String>;

/// A merchant that takes notices, or refuses as many as it is told to.
#[derive(Default)]
struct Merchant {
    forms: Mutex<Vec<Form>>,
    refuse: Mutex<u32>,
}

async fn take(State(merchant): State<Arc<Merchant>>, body: Bytes) -> &'static str {
    let mut refuse = merchant.refuse.lock().unwrap();
    if *refuse > 0 {
        *refuse -= 1;
        return "result=1";
    }
    let pairs = form_urlencoded::parse(&body).map(|(key, value)| (key.into_owned(), value.into_owned()));
    merchant.forms.lock().unwrap().push(pairs.collect());
    "result=0"
}

async fn merchant() -> (Arc<Merchant>, String) {
    let merchant = Arc::new(Merchant::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notices", listener.local_addr().unwrap());
    let router = Router::new().route("/notices", post(take)).with_state(merchant.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (merchant, url)
}

/// Waits for a state of the notices; every state asked for here is reached.
async fn until(simulator: &Simulator, what: impl Fn(&NoticeCounts) -> bool) {
    let begun = Instant::now();
    while !what(&simulator.notice_counts()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", simulator.notice_counts());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn signed(form: &Form) -> bool {
    let part = |key: &str| form[key].clone();
    let keys = ["payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount"];
    let text: String = keys.iter().map(|key| part(key)).collect();
    let hash = Sha256::digest(text + "notice_simulator_token_key");
    hex::encode(hash) == form["hc"]
}

#[tokio::test]
async fn every_change_is_posted_in_order_with_its_check_value() {
    let shop = Shop::open();
    let (merchant, url) = merchant().await;
    shop.simulator.set_notice_url(Some(&url));
    let paid = shop.pay("T1", &[]).await;
    shop.send("022", &[("payment_id", &paid["payment_id"])]).await;
    shop.send("023", &[("payment_id", &paid["payment_id"])]).await;
    until(&shop.simulator, |counts| counts.delivered == 3).await;
    let forms = merchant.forms.lock().unwrap().clone();
    let seen: Vec<_> = forms.iter().map(|form| (&*form["payment_notice_id"], &*form["payment_status"])).collect();
    assert_eq!(seen, [("1", "20"), ("2", "40"), ("3", "60")]);
    assert!(forms.iter().all(signed));
    assert_eq!((forms[0]["trading_id"].as_str(), forms[0]["customer_id"].as_str()), ("T1", "c"));
    // What was taken counts as read.
    assert_eq!(shop.send("091", &[]).await["success_code"], "1");
    assert_eq!(shop.send("091", &[("payment_notice_id", "2")]).await["payment_status"], "40");
}

#[tokio::test]
async fn what_is_not_taken_is_posted_again_and_pauses_after_five() {
    let shop = Shop::with(|config| {
        config.notice_retry = Duration::from_millis(1);
        config.notice_pause = Duration::from_millis(50);
    });
    let (merchant, url) = merchant().await;
    *merchant.refuse.lock().unwrap() = 6;
    shop.simulator.set_notice_url(Some(&url));
    shop.pay("T1", &[]).await;
    until(&shop.simulator, |counts| counts.delivered == 1).await;
    assert_eq!(shop.simulator.notice_counts().failed, 6);
    assert_eq!(merchant.forms.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn mischief_doubles_holds_drops_and_forges() {
    let shop = Shop::open();
    let (merchant, url) = merchant().await;
    shop.simulator.set_mischief(Mischief { seed: 7, dropped: 0.2, doubled: 0.2, held: 0.3, forged: 0.3 });
    shop.simulator.set_notice_url(Some(&url));
    for number in 0..60 {
        shop.pay(&format!("T{number}"), &[]).await;
    }
    until(&shop.simulator, |counts| counts.pending == 0).await;
    let counts = shop.simulator.notice_counts();
    assert_eq!((counts.made, counts.delivered + counts.dropped), (60, 60), "{counts:?}");
    assert!(counts.dropped > 0 && counts.forged > 0 && counts.forged_taken > 0, "this merchant checks nothing");
    let forms = merchant.forms.lock().unwrap().clone();
    let true_ones: Vec<u32> = forms
        .iter()
        .filter(|form| signed(form) && form["payment_status"] == "20")
        .map(|form| form["payment_notice_id"].parse().unwrap())
        .collect();
    assert!(true_ones.windows(2).any(|pair| pair[0] == pair[1]), "doubled");
    assert!(true_ones.windows(2).any(|pair| pair[0] > pair[1]), "out of order");
    assert!(forms.iter().any(|form| !signed(form)), "a wrong check value");
    assert!(forms.iter().any(|form| signed(form) && form["payment_status"] == "620"), "a false status");
}

#[tokio::test]
async fn o9_a_person_at_the_console_changes_what_its_status_allows() {
    let shop = Shop::open();
    let paid = shop.pay("T1", &[("payment_amount", "1000")]).await;
    let id = paid["payment_id"].clone();
    let console = |id: &str, action| shop.simulator.console(id, action);
    assert!(!console(&id, ConsoleAction::Refund) && !console(&id, ConsoleAction::Lower(1000)));
    assert!(console(&id, ConsoleAction::Lower(800)));
    let payments = shop.simulator.ledger().payments("T1");
    assert_eq!(payments.iter().map(|p| (p.status, p.amount)).collect::<Vec<_>>(), [(32, 1000), (20, 800)]);
    let lower = payments[1].payment_id.clone();
    assert_eq!(payments[1].base_payment_id.as_deref(), Some(id.as_str()));
    assert!(console(&lower, ConsoleAction::Capture) && !console(&lower, ConsoleAction::Cancel));
    assert_eq!(shop.simulator.ledger().summary().captured_yen, 800);
    assert!(console(&lower, ConsoleAction::Refund));
    let summary = shop.simulator.ledger().summary();
    assert_eq!((summary.captured_yen, summary.refunded_yen, summary.held_yen), (0, 800, 0));
    assert!(!console("1", ConsoleAction::Cancel));
}
