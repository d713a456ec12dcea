//! The merchant and host a shop is bound to.

use crate::place::{Place, number, sixteen_at_once, texts};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::paygent_binding::{Binding, bind_first, list, of, rebind};

const HOST: &str = "module.paygent.co.jp";

fn shop(number: u32) -> ShopId {
    ShopId::new(number).unwrap()
}

/// A binding of shop 2396; its time ends in nanoseconds, so that a time cut short would show.
fn binding(merchant: &str, host: &str, second: u32) -> Binding {
    Binding {
        shop_id: shop(2396),
        merchant_id: merchant.to_owned(),
        host: host.to_owned(),
        bound_at: format!("2026-04-01T00:00:{second:02}.123456789Z").parse().unwrap(),
        bound_by: format!("by {second}"),
    }
}

/// What shops were bound to before, oldest replacement first.
async fn before(storage: &Storage) -> Vec<String> {
    let sql = "SELECT shop_id || ' ' || merchant_id || ' ' || host || ' ' || bound_at || ' ' || bound_by || ' until ' || \
               replaced_at FROM paygent_bindings_before ORDER BY replaced_at, merchant_id";
    texts(storage, sql).await
}

fn replaced(old: &Binding, new: &Binding) -> String {
    let (since, until) = (old.bound_at.to_rfc3339(), new.bound_at.to_rfc3339());
    format!("{} {} {} {since} {} until {until}", old.shop_id, old.merchant_id, old.host, old.bound_by)
}

pub(crate) async fn the_first_call_binds_and_the_same_again_changes_nothing(place: Place) {
    let storage = place.open().await;
    assert_eq!(of(&storage, shop(2396)).await.unwrap(), None);
    assert_eq!(list(&storage).await.unwrap(), []);
    let first = binding("1001", HOST, 1);
    assert_eq!(bind_first(&storage, &first).await.unwrap(), first);
    // Later and by somebody else, and still the first one's.
    assert_eq!(bind_first(&storage, &binding("1001", HOST, 2)).await.unwrap(), first);
    storage.close().await;
    let storage = place.open().await;
    assert_eq!(of(&storage, shop(2396)).await.unwrap(), Some(first.clone()));
    assert_eq!(of(&storage, shop(2397)).await.unwrap(), None, "another shop is not bound");
    let other = Binding { shop_id: shop(17), ..first.clone() };
    bind_first(&storage, &other).await.unwrap();
    assert_eq!(list(&storage).await.unwrap(), [other, first]);
    assert_eq!(before(&storage).await, [""; 0]);
}

pub(crate) async fn another_merchant_or_host_does_not_take_a_bound_shop(place: Place) {
    let engines = [place.open().await, place.open().await];
    let first = binding("1001", HOST, 1);
    bind_first(&engines[0], &first).await.unwrap();
    for (merchant, host) in [("1002", HOST), ("1001", "sandbox.paygent.co.jp"), ("1002", "sandbox.paygent.co.jp")] {
        for engine in &engines {
            // Whoever asks is told whose the shop is, and must not call.
            assert_eq!(bind_first(engine, &binding(merchant, host, 2)).await.unwrap(), first);
            assert_eq!(of(engine, shop(2396)).await.unwrap().as_ref(), Some(&first));
        }
    }
    assert_eq!(before(&engines[0]).await, [""; 0]);
}

pub(crate) async fn what_a_shop_was_bound_to_stays_on_record_when_it_is_replaced(place: Place) {
    let storage = place.open().await;
    let bindings = [binding("1001", HOST, 1), binding("1002", HOST, 2), binding("1002", "sandbox.paygent.co.jp", 3)];
    let other = Binding { shop_id: shop(17), ..binding("1001", HOST, 1) };
    bind_first(&storage, &other).await.unwrap();
    bind_first(&storage, &bindings[0]).await.unwrap();
    for new in &bindings[1..] {
        rebind(&storage, new).await.unwrap();
        assert_eq!(of(&storage, shop(2396)).await.unwrap().as_ref(), Some(new));
    }
    assert_eq!(before(&storage).await, [replaced(&bindings[0], &bindings[1]), replaced(&bindings[1], &bindings[2])]);
    assert_eq!(of(&storage, shop(17)).await.unwrap(), Some(other), "no other shop is touched");
    // What was before binds nobody.
    assert_eq!(bind_first(&storage, &bindings[0]).await.unwrap(), bindings[2]);
}

pub(crate) async fn replacing_a_binding_that_is_not_there_makes_it(place: Place) {
    let storage = place.open().await;
    let first = binding("1001", HOST, 1);
    rebind(&storage, &first).await.unwrap();
    assert_eq!(of(&storage, shop(2396)).await.unwrap(), Some(first));
    assert_eq!(before(&storage).await, [""; 0], "there was nothing before");
}

pub(crate) async fn of_sixteen_that_bind_at_once_exactly_one_wins(place: Place) {
    let engines = [place.open().await, place.open().await];
    for round in 1..=8 {
        let bound = sixteen_at_once(&engines, |storage, task| async move {
            let own = Binding { shop_id: shop(round), ..binding(&format!("{}", 1000 + task), HOST, task as u32) };
            let bound = bind_first(&storage, &own).await.unwrap();
            (bound == own, bound)
        })
        .await;
        assert_eq!(bound.iter().filter(|(own, _)| *own).count(), 1, "{bound:?}");
        let stored = of(&engines[0], shop(round)).await.unwrap().unwrap();
        assert!(bound.iter().all(|(_, told)| *told == stored), "all are told the same: {bound:?}");
    }
    assert_eq!(number(&engines[0], "SELECT count(*) FROM paygent_bindings").await, 8);
    assert_eq!(before(&engines[0]).await, [""; 0]);
}

pub(crate) async fn of_sixteen_that_replace_at_once_every_binding_stays_on_record(place: Place) {
    let engines = [place.open().await, place.open().await];
    for round in 1..=8 {
        // In every other round nothing is bound yet.
        let first = Binding { shop_id: shop(round), ..binding("999", HOST, 59) };
        if round % 2 == 0 {
            bind_first(&engines[0], &first).await.unwrap();
        }
        sixteen_at_once(&engines, |storage, task| async move {
            let own = Binding { shop_id: shop(round), ..binding(&format!("{}", 1000 + task), HOST, task as u32) };
            rebind(&storage, &own).await.unwrap();
        })
        .await;
        let sql = format!("SELECT merchant_id FROM paygent_bindings_before WHERE shop_id = '{}'", shop(round));
        let mut all = texts(&engines[0], &sql).await;
        all.push(of(&engines[0], shop(round)).await.unwrap().unwrap().merchant_id);
        all.sort();
        let expected = (1000..1016).map(|merchant| merchant.to_string());
        let mut expected: Vec<String> = expected.chain((round % 2 == 0).then(|| "999".to_owned())).collect();
        expected.sort();
        assert_eq!(all, expected, "each binding is in force or was before, once");
    }
}
