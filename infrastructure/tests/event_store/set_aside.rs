//! Work set aside: one row a unit, until somebody or a later run lets it go on.

use crate::place::{Place, number, sixteen_at_once};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashSet;
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::set_aside::{SetAside, clear_older, list, put, release, remove, subjects};

fn at(second: u32) -> DateTime<Utc> {
    format!("2026-03-31T15:00:{second:02}Z").parse().unwrap()
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, day).unwrap()
}

async fn aside(storage: &Storage, kind: &str, subject: &str) {
    put(storage, kind, subject, None, "why", at(0), "run-1").await.unwrap();
}

async fn names(storage: &Storage, kind: &str) -> HashSet<String> {
    subjects(storage, kind).await.unwrap()
}

fn set<const N: usize>(subjects: [&str; N]) -> HashSet<String> {
    subjects.map(str::to_owned).into()
}

pub(crate) async fn subjects_are_those_of_their_kind(place: Place) {
    let storage = place.open().await;
    assert_eq!(names(&storage, "payment").await, set([]));
    for (kind, subject) in [("payment", "a"), ("payment", "b"), ("release", "b"), ("notice", "1001:7")] {
        aside(&storage, kind, subject).await;
    }
    storage.close().await;
    let storage = place.open().await;
    assert_eq!(names(&storage, "payment").await, set(["a", "b"]));
    assert_eq!(names(&storage, "release").await, set(["b"]));
    assert_eq!(names(&storage, "notice").await, set(["1001:7"]));
    assert_eq!(names(&storage, "pay").await, set([]));
    remove(&storage, "payment", "b").await.unwrap();
    assert_eq!(names(&storage, "payment").await, set(["a"]));
    assert_eq!(names(&storage, "release").await, set(["b"]), "the same subject of another kind stays");
}

pub(crate) async fn work_set_aside_again_renews_its_reason_and_keeps_its_beginning(place: Place) {
    let storage = place.open().await;
    put(&storage, "renewal", "s", Some(day(1)), "no card", at(1), "run-1").await.unwrap();
    put(&storage, "renewal", "s", Some(day(2)), "no address", at(2), "run-2").await.unwrap();
    let expected = SetAside {
        kind: "renewal".to_owned(),
        subject: "s".to_owned(),
        generation_date: "2026-04-02".to_owned(),
        reason: "no address".to_owned(),
        since: at(1).to_rfc3339(),
    };
    assert_eq!(list(&storage, 10).await.unwrap(), [expected]);
}

pub(crate) async fn release_lets_one_unit_go_on_and_says_whether_there_was_one(place: Place) {
    let storage = place.open().await;
    for (kind, subject) in [("payment", "a"), ("payment", "b"), ("release", "a")] {
        aside(&storage, kind, subject).await;
    }
    for (kind, subject) in [("payment", "c"), ("retry", "a"), ("release", "b"), ("payment", "")] {
        assert!(!release(&storage, kind, subject).await.unwrap(), "{kind} {subject} was not set aside");
    }
    assert_eq!(list(&storage, 10).await.unwrap().len(), 3);
    assert!(release(&storage, "payment", "a").await.unwrap());
    assert!(!release(&storage, "payment", "a").await.unwrap(), "it goes on already");
    assert_eq!(names(&storage, "payment").await, set(["b"]));
    assert_eq!(names(&storage, "release").await, set(["a"]));
    // What still cannot go on is set aside anew.
    put(&storage, "payment", "a", None, "again", at(9), "run-2").await.unwrap();
    assert_eq!(names(&storage, "payment").await, set(["a", "b"]));
    let newest = list(&storage, 10).await.unwrap().pop().unwrap();
    assert_eq!((newest.subject.as_str(), newest.since), ("a", at(9).to_rfc3339()));
}

pub(crate) async fn of_sixteen_that_release_at_once_exactly_one_did(place: Place) {
    let engines = [place.open().await, place.open().await];
    for round in 0..8 {
        aside(&engines[0], "payment", "a").await;
        let released =
            sixteen_at_once(&engines, |storage, _| async move { release(&storage, "payment", "a").await.unwrap() })
                .await;
        assert_eq!(released.iter().filter(|released| **released).count(), 1, "round {round}: {released:?}");
    }
    assert_eq!(number(&engines[0], "SELECT count(*) FROM set_aside").await, 0);
}

pub(crate) async fn the_oldest_come_first(place: Place) {
    let storage = place.open().await;
    for (kind, subject, second) in
        [("retry", "c", 3), ("retry", "a", 2), ("payment", "z", 2), ("retry", "b", 2), ("retry", "d", 1)]
    {
        put(&storage, kind, subject, None, "why", at(second), "run-1").await.unwrap();
    }
    let order: Vec<String> = list(&storage, 10).await.unwrap().into_iter().map(|row| row.subject).collect();
    assert_eq!(order, ["d", "z", "a", "b", "c"]);
    assert_eq!(list(&storage, 2).await.unwrap().len(), 2);
}

pub(crate) async fn a_run_clears_what_others_left_by_the_day_it_looked_at(place: Place) {
    let storage = place.open().await;
    for (kind, subject, on, run) in [
        ("renewal", "earlier", 1, "run-1"),
        ("renewal", "that day", 2, "run-1"),
        ("renewal", "later", 3, "run-1"),
        ("renewal", "still", 2, "run-2"),
        ("retry", "other work", 1, "run-1"),
    ] {
        put(&storage, kind, subject, Some(day(on)), "why", at(0), run).await.unwrap();
    }
    assert_eq!(clear_older(&storage, "renewal", day(2), "run-2").await.unwrap(), 2);
    assert_eq!(names(&storage, "renewal").await, set(["later", "still"]));
    assert_eq!(names(&storage, "retry").await, set(["other work"]));
}
