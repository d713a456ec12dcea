//! `teiki report`: what reporting tools read, as a table or as a file.

use super::{CliError, start};
use crate::app::App;
use crate::reports::{Form, cells, export};
use bytes::Bytes;
use chrono::NaiveDate;
use futures::{Stream, TryStreamExt as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::config::Config;
use teiki_projections::reports::{self, Report, read::Ask};
use teiki_projections::shop_list;
use unicode_width::UnicodeWidthStr as _;

/// Rows of a table that are laid out together.
const PAGE: u32 = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which report, such as daily_sales; without it, the reports are listed.
    name: Option<String>,
    /// Only this shop, by its five digits; otherwise one shop after the other.
    #[arg(long)]
    shop: Option<ShopId>,
    /// From this day on (YYYY-MM-DD).
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Up to this day.
    #[arg(long)]
    to: Option<NaiveDate>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Shape::Table)]
    format: Shape,
    /// Into this file instead of the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// A table for people.
    Table,
    /// A JSON object a line.
    Json,
    /// CSV in UTF-8 with byte order mark.
    Csv,
    /// CSV in Windows-31J.
    CsvSjis,
    /// Parquet.
    Parquet,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let Some(name) = &arguments.name else {
        reports::listed().iter().for_each(|report| println!("{:<28}{}", report.name, report.title));
        return Ok(());
    };
    let report = reports::find(name).ok_or_else(|| {
        let known: Vec<_> = reports::listed().iter().map(|report| report.name).collect();
        CliError::Other(format!("there is no report {name:?}; the reports are {}", known.join(", ")))
    })?;
    if report.by.is_none() && (arguments.from.is_some() || arguments.to.is_some()) {
        return Err(CliError::Other(format!("{} is not held against dates; leave out --from and --to", report.name)));
    }
    let app = start(config).await?;
    let result = work(&arguments, report, &app).await;
    app.stop().await;
    result
}

async fn work(arguments: &Arguments, report: &'static Report, app: &App) -> Result<(), CliError> {
    app.settle().await?;
    let today = app.clock.today();
    let (from, to) = (arguments.from, arguments.to);
    let mut asks = vec![];
    for shop in shop_list::all(&app.storage).await.map_err(CliError::other)? {
        let shop: ShopId = shop.shop_id.parse().map_err(CliError::other)?;
        if arguments.shop.is_none_or(|wanted| wanted == shop) {
            asks.push(Ask { shop, from, to, today });
        }
    }
    if let (Some(shop), true) = (arguments.shop, asks.is_empty()) {
        return Err(CliError::Other(format!("there is no shop {shop} in this store; see --shop")));
    }
    let form = match arguments.format {
        Shape::Table => return table(report, &asks, app, arguments.out.as_deref()).await,
        Shape::Json => Form::JsonLines,
        Shape::Csv => Form::Csv,
        Shape::CsvSjis => Form::CsvWindows31J,
        Shape::Parquet => Form::Parquet,
    };
    let bytes = export(app.storage.clone(), report, asks, form).map_err(CliError::other)?;
    write(bytes.map_err(CliError::other), arguments.out.as_deref()).await
}

/// Writes what comes as it comes. A file appears under its name only when it is whole.
async fn write(bytes: impl Stream<Item = Result<Bytes, CliError>>, out: Option<&Path>) -> Result<(), CliError> {
    let mut bytes = std::pin::pin!(bytes);
    let Some(path) = out else {
        let mut out = std::io::stdout().lock();
        while let Some(chunk) = bytes.try_next().await? {
            out.write_all(&chunk).map_err(|error| CliError::Other(format!("the output ended early: {error}")))?;
        }
        return out.flush().map_err(|error| CliError::Other(format!("the output ended early: {error}")));
    };
    let failed = |error: std::io::Error| CliError::Other(format!("{} cannot be written: {error}", path.display()));
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = std::fs::File::create(&part).map_err(failed)?;
    while let Some(chunk) = bytes.try_next().await? {
        file.write_all(&chunk).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

/// A table with Japanese headings. Columns are as wide as their widest cell in each part of some hundred rows.
async fn table(report: &'static Report, asks: &[Ask], app: &App, out: Option<&Path>) -> Result<(), CliError> {
    let pages = async_pages(report, asks, app);
    let title = format!("{} ({})\n", report.title, report.name);
    let text = pages.and_then(|rows| async move { Ok(Bytes::from(laid_out(report, &rows))) });
    write(futures::StreamExt::chain(futures::stream::iter([Ok(Bytes::from(title))]), text), out).await
}

fn async_pages<'a>(
    report: &'static Report,
    asks: &'a [Ask],
    app: &'a App,
) -> impl Stream<Item = Result<Vec<Vec<String>>, CliError>> + 'a {
    futures::stream::try_unfold((asks, None, true), move |(asks, after, first)| async move {
        let Some((ask, rest)) = asks.split_first() else { return Ok(None) };
        let page = report.page(&app.storage, ask, after.as_ref(), PAGE).await.map_err(CliError::other)?;
        let shown = |row: &Vec<_>| report.columns.iter().zip(row).map(|(c, cell)| cells::shown(c, cell)).collect();
        let rows: Vec<Vec<String>> = page.rows.iter().map(shown).collect();
        let next = if page.next.is_some() { asks } else { rest };
        let heading = report.columns.iter().map(|column| column.heading.to_owned()).collect();
        let rows = if first { std::iter::once(heading).chain(rows).collect() } else { rows };
        Ok(Some((rows, (next, page.next, false))))
    })
}

fn laid_out(report: &Report, rows: &[Vec<String>]) -> String {
    let widest =
        |place: usize| rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..report.columns.len()).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), column) in row.iter().zip(&widths).zip(report.columns) {
            let space = " ".repeat(width.saturating_sub(cell.width()));
            let number = column.unit.kind() == teiki_projections::cell::Kind::BigInt;
            line.push_str(&if number { format!("{space}{cell}  ") } else { format!("{cell}{space}  ") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
