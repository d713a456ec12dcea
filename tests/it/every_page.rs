//! Every page of the console: reachable by links alone, for every role; none is broken, complained about by the browser,
//! or against the rules of accessibility.

use crate::payment_life::served;
use reqwest::StatusCode;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::{Console, account};
use teiki_tests::stores::StoreKind;

/// Pages looked at per kind: the second order looks like the first.
const OF_A_KIND: usize = 3;

/// Cards of the stage: one that is good, one that is refused for its limit, one for its expiry.
pub(crate) const CARDS: [&str; 3] = ["1111", "8205", "8208"];

/// What kind of page an address is of: its path with ids and dates made one.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let part = |part: &str| if part.bytes().any(|b| b.is_ascii_digit()) { "*".to_owned() } else { part.to_owned() };
    let names: BTreeSet<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    format!("{path}?{}", names.into_iter().collect::<Vec<_>>().join("&"))
}

/// Follows every link from the first page on; returns an address of each kind of page, with what it answered.
pub(crate) async fn crawl(console: &Console) -> BTreeMap<String, Vec<String>> {
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let (mut seen, mut kinds) = (BTreeSet::new(), BTreeMap::<String, Vec<String>>::new());
    while let Some(address) = waiting.pop_front() {
        let known = kinds.entry(kind(&address)).or_default();
        // Every language has the same pages.
        if known.len() >= OF_A_KIND || address.starts_with("/language") || !seen.insert(address.clone()) {
            continue;
        }
        let (page, place) = console.get_once(&address).await;
        known.push(address.clone());
        if let Some(place) = place {
            assert!(place.starts_with('/') && !place.starts_with("/sign-in"), "{address} leads to {place}");
            waiting.push_back(place);
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{address}: {}", page.told());
        if !page.html.starts_with("<!doctype html>") {
            continue;
        }
        for link in page.links() {
            let link = link.split('#').next().unwrap_or("").to_owned();
            let inside = link.starts_with('/') && !link.starts_with("//");
            let relative = link.starts_with('?').then(|| format!("{}{link}", address.split('?').next().unwrap_or("")));
            if let Some(link) = relative.or(inside.then_some(link)) {
                waiting.push_back(link);
            }
        }
    }
    kinds
}

async fn no_link_is_broken_for_any_role(store: StoreKind) {
    let (stage, served) = served(store, SaleMode::AuthorizeOnly, &CARDS).await;
    for role in Role::ALL {
        account(&stage, role).await;
        let console = Console::signed_in(&served, role).await;
        let kinds = crawl(&console).await;
        let pages: Vec<_> = kinds.keys().map(String::as_str).collect();
        for expected in [
            "/orders?",
            "/orders/completed?",
            "/orders/cancelled?",
            "/orders/*?",
            "/orders/*/why?",
            "/subscriptions?",
            "/subscriptions/*?",
            "/cards?",
            "/members?",
            "/mails?",
            "/products?",
            "/settings?",
        ] {
            assert!(pages.contains(&expected), "{role} finds no way to {expected}: {pages:#?}");
        }
        assert_eq!(pages.contains(&"/accounts?"), role == Role::Manager, "{role}: {pages:#?}");
    }
    served.stop().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_sound_in_a_browser() {
    let (stage, served) = served(StoreKind::Sqlite, SaleMode::AuthorizeOnly, &CARDS).await;
    account(&stage, Role::Manager).await;
    let console = Console::signed_in(&served, Role::Manager).await;
    let kinds = crawl(&console).await;
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Manager).await;
        for language in ["ja", "en"] {
            browser.open_page(&format!("/language?to={language}&back=/orders")).await;
            for address in kinds.values().flat_map(|addresses| addresses.first()) {
                let (status, kind, _) = console.download(address).await;
                if status == StatusCode::OK && kind.starts_with("text/html") {
                    browser.open_page(address).await;
                }
            }
        }
    })
    .await;
    served.stop().await;
    stage.close().await;
}

on_both_stores!(no_link_is_broken_for_any_role);
