//! Addresses that lead nowhere, spoilt by hand or by a mail program: people get a page of the console with a way on,
//! programs a problem document.

use crate::payment_life::{order, served};
use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::stores::StoreKind;

async fn people_get_a_page_wherever_they_go(store: StoreKind) {
    let (stage, served) = served(store, SaleMode::AuthorizeOnly, &["1111"]).await;
    account(&stage, Role::Operator).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let order = order(0);
    let long = "x".repeat(5_000);
    let lost = [
        ("/nothing", StatusCode::NOT_FOUND),
        ("/orders/%FF", StatusCode::NOT_FOUND),
        ("/orders/%FF/edit", StatusCode::NOT_FOUND),
        ("/orders/%FF/payment-method", StatusCode::NOT_FOUND),
        ("/orders/%FF/why", StatusCode::NOT_FOUND),
        ("/orders/%FF/confirm/cancel", StatusCode::NOT_FOUND),
        ("/orders/bulk/%FF", StatusCode::NOT_FOUND),
        ("/subscriptions/%FF", StatusCode::NOT_FOUND),
        ("/members/%FF", StatusCode::NOT_FOUND),
        (&format!("/orders/{order}/confirm/nothing"), StatusCode::NOT_FOUND),
        (&format!("/orders/{order}/edit/nothing"), StatusCode::NOT_FOUND),
        (&format!("/orders/{order}?as_of=1&as_of=2"), StatusCode::UNPROCESSABLE_ENTITY),
        ("/subscriptions?from=4/1&from=4/2", StatusCode::UNPROCESSABLE_ENTITY),
        ("/mails?status=sent&status=waiting", StatusCode::UNPROCESSABLE_ENTITY),
        (&format!("/members?member={long}"), StatusCode::UNPROCESSABLE_ENTITY),
        (&format!("/mails?order={long}"), StatusCode::UNPROCESSABLE_ENTITY),
        ("/orders/lapsing?cursor=x", StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for language in ["ja", "en"] {
        console.get(&format!("/language?to={language}&to=x&back=/orders&back=/")).await;
        for (address, status) in &lost {
            let page = console.get(address).await;
            assert_eq!(page.status, *status, "{address}: {}", page.html);
            assert!(page.html.contains(&format!("<html lang=\"{language}\">")), "{address}: {}", page.html);
            assert!(page.has("nav.menu a[href=\"/orders\"]") && page.has("[role=alert]"), "{address}: {}", page.html);
        }
        for address in ["/orders/lapsing", "/set-aside/release", "/orders/bulk/start"] {
            let page = match address {
                "/orders/lapsing" => console.post(address, &[]).await,
                address => console.get(address).await,
            };
            assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{address}: {}", page.html);
            assert!(page.has("nav.menu") && page.has("[role=alert]"), "{address}: {}", page.html);
        }
    }
    // Whoever is not signed in is led to where that is done.
    let stranger = Console::new(&served);
    let page = stranger.get("/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.has("main a[href=\"/sign-in\"]") && !page.has("nav.menu"), "{}", page.html);
    assert_eq!(stranger.get("/sign-in?next=/a&next=/b&x=%FF").await.status, StatusCode::OK);
    assert_eq!(stranger.get("/orders/%FF").await.path, "/sign-in");

    // Programs read JSON, whatever they ask for under their own addresses.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (address, accept) in [("/nothing", "*/*"), ("/nothing", "application/json"), ("/v1/nothing", "text/html")] {
        let answer = client.get(format!("{}{address}", served.base)).header("accept", accept).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{address} {accept}");
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(people_get_a_page_wherever_they_go);
