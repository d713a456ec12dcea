//! The pages in `docs/reporting` say what the store holds: they are written from the same description as the views, and
//! held against the views as they stand in a real store.
//!
//! `UPDATE_DOCS=1` writes the pages anew.

use crate::support::Shop;
use std::fmt::Write as _;
use std::path::PathBuf;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::reports::{self, Report};

crate::on_both_stores! {
    every_page_names_the_columns_of_the_store;
    every_example_can_be_run;
}

fn path(report: &Report) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reporting");
    folder.join(format!("{}.md", report.view()))
}

/// The page of a report.
fn page(report: &Report) -> String {
    let mut page = format!("# {}\n\n{}\n\n**A row**: {}\n", report.view(), report.title, report.row);
    if !report.notes.is_empty() {
        let _ = write!(page, "\n{}\n", report.notes);
    }
    let order = report.by.map_or(String::new(), |by| format!("`{by}`, then "));
    let _ = write!(
        page,
        "\nAt the doors: `GET /v1/reports/{0}`, `teiki report {0}`, sorted by {order}`{1}`. {2}\n\n\
         | column | unit | empty | meaning |\n|---|---|---|---|\n",
        report.name,
        report.key,
        match report.by {
            Some(by) => format!("`from` and `to` are held against `{by}`."),
            None => "It takes no `from` and `to`.".to_owned(),
        },
    );
    for column in report.columns {
        let empty = if column.optional { "may be" } else { "never" };
        let unit = column.unit.words();
        let _ = writeln!(page, "| `{}` | {unit} | {empty} | {}: {} |", column.name, column.heading, column.meaning);
    }
    if !report.example.is_empty() {
        let _ = write!(page, "\n```sql\n{};\n```\n", report.example);
    }
    page
}

#[test]
fn every_page_is_written_from_the_description_of_its_view() {
    for report in reports::all() {
        let (path, expected) = (path(report), page(report));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{} is not as its view is; run with UPDATE_DOCS=1", path.display());
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reporting");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for report in reports::all() {
        assert!(index.contains(&format!("[{0}]({0}.md)", report.view())), "{} is not in the index", report.view());
    }
    let pages = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(pages, reports::all().len() + 1, "a page of a view that is no more");
}

/// The columns of a page, as they stand in it.
fn columns_of_page(report: &Report) -> Vec<String> {
    let text = std::fs::read_to_string(path(report)).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name.to_owned()).collect()
}

async fn every_page_names_the_columns_of_the_store(shop: Shop) {
    shop.open().await;
    for report in reports::all() {
        let view = report.view();
        let (stored, kinds): (Vec<String>, Vec<String>) = match &shop.storage {
            Storage::Sqlite(sqlite) => {
                let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info($1) ORDER BY cid")
                    .bind(&view)
                    .fetch_all(&sqlite.readers)
                    .await
                    .unwrap();
                (columns.into_iter().map(|(name,)| name).collect(), vec![])
            }
            Storage::Postgres(pool) => {
                let columns: Vec<(String, String)> = sqlx::query_as(
                    "SELECT column_name::text, data_type::text FROM information_schema.columns \
                     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
                )
                .bind(&view)
                .fetch_all(pool)
                .await
                .unwrap();
                columns.into_iter().unzip()
            }
        };
        assert_eq!(columns_of_page(report), stored, "{view}");
        for (kind, column) in kinds.iter().zip(report.columns) {
            let expected = match column.unit.kind() {
                teiki_projections::cell::Kind::Text => "text",
                teiki_projections::cell::Kind::BigInt => "bigint",
            };
            assert_eq!(kind, expected, "{view}.{}", column.name);
        }
        if let Storage::Postgres(pool) = &shop.storage {
            let comment: String = sqlx::query_scalar("SELECT obj_description(to_regclass($1), 'pg_class')")
                .bind(&view)
                .fetch_one(pool)
                .await
                .unwrap();
            assert!(comment.contains(report.row) && comment.starts_with(report.title), "{comment}");
            for (place, column) in (1_i32..).zip(report.columns) {
                let comment: String = sqlx::query_scalar("SELECT col_description(to_regclass($1), $2)")
                    .bind(&view)
                    .bind(place)
                    .fetch_one(pool)
                    .await
                    .unwrap();
                let (unit, meaning) = (column.unit.words(), column.meaning);
                assert_eq!(comment, format!("{} ({unit}): {meaning}", column.heading), "{view}.{}", column.name);
            }
        }
    }
}

async fn every_example_can_be_run(shop: Shop) {
    shop.fill(0..30).await;
    shop.open().await.catch_up().await.unwrap();
    for report in reports::all() {
        let page = std::fs::read_to_string(path(report)).unwrap();
        let example = page.split("```sql\n").nth(1).and_then(|rest| rest.split(";\n```").next()).unwrap();
        let rows = match &shop.storage {
            Storage::Sqlite(sqlite) => sqlx::query(example).fetch_all(&sqlite.readers).await.map(|rows| rows.len()),
            Storage::Postgres(pool) => sqlx::query(example).fetch_all(pool).await.map(|rows| rows.len()),
        };
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", report.view()));
        // Every sale of these orders is made with its authorisation, so none is left unconfirmed.
        assert_eq!(rows == 0, report.name == "unconfirmed_authorizations", "{}: {rows} rows", report.view());
    }
}
