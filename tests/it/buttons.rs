//! Buttons that are enabled do something: auditors find none, and neither does anybody on what has ended or is completed.

use crate::every_page::{CARDS, crawl};
use crate::payment_life::{order, served};
use reqwest::StatusCode;
use serde_json::Value;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::stage::subscription;
use teiki_tests::stores::StoreKind;

/// What everybody may send: signing out, and the own password.
fn is_everybodys(action: &str) -> bool {
    matches!(action, "/sign-out" | "/account")
}

/// The pages of a subscription and of an order on which something is done.
fn forms(i: usize) -> Vec<String> {
    let (subscription, order) = (subscription(i), order(i));
    let mut addresses: Vec<String> =
        ["", "/next-date", "/cycle", "/cycle?choice=days&days=20&from=2026-05-20", "/items"]
            .iter()
            .chain(&["/method", "/end"])
            .map(|page| format!("/subscriptions/{subscription}{page}"))
            .collect();
    let actions =
        ["update", "capture", "authorize", "complete", "cancel", "give-up", "accept-surplus", "refund-surplus"];
    addresses.extend(actions.iter().map(|action| format!("/orders/{order}/confirm/{action}")));
    for page in ["", "/edit", "/payment-method", "/documents", "/mails/new", "/mails/new?kind=free"] {
        addresses.push(format!("/orders/{order}{page}"));
    }
    addresses
}

async fn auditors_find_no_button_that_would_be_refused(store: StoreKind) {
    let (stage, served) = served(store, SaleMode::AuthorizeOnly, &CARDS).await;
    account(&stage, Role::Auditor).await;
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let mut addresses: Vec<String> = crawl(&auditor).await.into_values().flatten().collect();
    addresses.extend(forms(0));
    addresses.extend(["/subscriptions/new", "/cards/mail?to=all&form=close", "/account"].map(str::to_owned));
    let mut seen = 0;
    for address in addresses {
        let page = auditor.get(&address).await;
        seen += usize::from(page.status == StatusCode::OK);
        let posts: Vec<_> = page.enabled_posts().into_iter().filter(|action| !is_everybodys(action)).collect();
        assert!(posts.is_empty(), "{address}: {posts:?}");
    }
    assert!(seen > 40, "{seen} pages");
    served.stop().await;
    stage.close().await;
}

async fn what_is_done_with_has_no_button_that_would_be_refused(store: StoreKind) {
    let (stage, served) = served(store, SaleMode::AuthorizeOnly, &["1111", "1111", "8205"]).await;
    account(&stage, Role::Operator).await;
    let operator = Console::signed_in(&served, Role::Operator).await;
    for i in 0..3 {
        served.post(&format!("/v1/subscriptions/{}/end", subscription(i)), &Value::Null).await;
    }
    for act in ["capture", "complete"] {
        let (status, done) = served.post(&format!("/v1/orders/{}/{act}", order(0)), &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{done}");
    }
    let (status, done) = served.post(&format!("/v1/orders/{}/cancel", order(1)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let mut pressed = vec![];
    for address in (0..3).flat_map(forms) {
        let page = operator.get(&address).await;
        // A button that is enabled is pressed, with what the page put into the form: nothing of it is refused.
        for action in page.enabled_posts() {
            if is_everybodys(&action) {
                continue;
            }
            let form = page.form(&action);
            let form = if form.value("subject").is_empty() { form } else { form.set("subject", "お知らせ") };
            let answer = operator.submit(form).await;
            // Paygent may refuse the card once more; the order did not refuse to ask.
            let refused = answer.has(".failed[role=alert]") && !answer.told().contains("ペイジェントの回答");
            let fine = answer.status == StatusCode::OK && !refused;
            assert!(fine, "{address}: {action}: {} {}", answer.status, answer.html);
            pressed.push(action);
        }
    }
    // The failed order can still be worked on, the completed one cancelled.
    assert!(pressed.iter().any(|action| action.ends_with("/act/cancel")), "{pressed:?}");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(auditors_find_no_button_that_would_be_refused, what_is_done_with_has_no_button_that_would_be_refused,);
