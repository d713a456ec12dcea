//! Bars over days, as SVG that needs no script, with the same numbers as a table beneath for everybody who would rather
//! read than look.

use chrono::{Datelike as _, NaiveDate};
use teiki_domain::money::Yen;

/// Width of the picture.
const WIDTH: i64 = 720;
/// Height of the bars' field.
const FIELD: i64 = 150;
/// Where the field begins.
const LEFT: i64 = 76;
/// Where it begins from above.
const TOP: i64 = 14;
/// From one day that is named below to the next.
const NAMED: usize = 5;
/// The rightmost middle of a day's name that leaves it whole.
const EDGE: f64 = WIDTH as f64 - 16.0;

/// One day.
pub(crate) struct Bar {
    pub(crate) day: NaiveDate,
    /// How high; none where there is nothing to say of the day.
    pub(crate) value: Option<i64>,
    /// The value as people read it.
    pub(crate) text: String,
}

/// A bar in its place.
pub(crate) struct Placed {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) width: String,
    pub(crate) height: String,
    pub(crate) day: String,
    pub(crate) text: String,
    /// Of the day, where it stands below its bar.
    pub(crate) label: Option<(String, String)>,
    pub(crate) drawn: bool,
}

/// A picture with its table.
#[derive(askama::Template)]
#[template(path = "console/chart.html")]
pub(crate) struct Chart {
    id: &'static str,
    title: String,
    day_heading: String,
    value_heading: String,
    bars: Vec<Placed>,
    /// Height of a line and what stands beside it.
    lines: Vec<(String, String)>,
    foot: i64,
    width: i64,
    height: i64,
    left: i64,
}

impl Chart {
    /// Bars up to `most`, or to the highest of them where none is given.
    pub(crate) fn new(
        id: &'static str,
        title: &str,
        day_heading: &str,
        value_heading: &str,
        bars: Vec<Bar>,
        most: Option<(i64, &str)>,
    ) -> Self {
        let highest = bars.iter().filter_map(|bar| bar.value).max().unwrap_or(0);
        let top = most.map_or_else(|| round_up(highest), |(most, _)| most).max(1);
        let name = |value: i64| match most {
            Some((_, text)) if value == top => text.to_owned(),
            Some(_) => format!("{}%", value / 100),
            None => Yen::new(value).unwrap_or_default().to_string(),
        };
        let step = (WIDTH - LEFT) as f64 / bars.len().max(1) as f64;
        let count = bars.len();
        let placed = bars.into_iter().enumerate().map(|(i, bar)| {
            let value = bar.value.unwrap_or(0).clamp(0, top);
            let height = FIELD as f64 * value as f64 / top as f64;
            let x = LEFT as f64 + step * i as f64;
            let named = (count - 1 - i).is_multiple_of(NAMED);
            let label = format!("{}/{}", bar.day.month(), bar.day.day());
            Placed {
                x: format!("{:.1}", x + step * 0.15),
                y: format!("{:.1}", (TOP + FIELD) as f64 - height),
                width: format!("{:.1}", step * 0.7),
                height: format!("{height:.1}"),
                day: bar.day.to_string(),
                text: bar.text,
                // Under its bar, and whole at the edge too.
                label: named.then(|| (format!("{:.1}", (x + step * 0.5).min(EDGE)), label)),
                drawn: value > 0,
            }
        });
        let line = |part: i64| ((TOP + FIELD - FIELD * part / 2).to_string(), name(top * part / 2));
        Self {
            id,
            title: title.to_owned(),
            day_heading: day_heading.to_owned(),
            value_heading: value_heading.to_owned(),
            bars: placed.collect(),
            lines: vec![line(0), line(1), line(2)],
            foot: TOP + FIELD + 18,
            width: WIDTH,
            height: TOP + FIELD + 26,
            left: LEFT,
        }
    }
}

/// The next number of one digit and zeros, of which half is a whole number too.
fn round_up(highest: i64) -> i64 {
    let mut step: i64 = 2;
    while step.saturating_mul(10) < highest {
        step = step.saturating_mul(10);
    }
    highest.div_euclid(step).saturating_add(i64::from(highest % step != 0)).max(1).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::Template as _;

    #[test]
    fn the_scale_ends_above_the_highest_bar_at_a_number_people_read() {
        for (highest, top) in [(0, 2), (1, 2), (2, 2), (3, 4), (19, 20), (21, 40), (1_234_567, 1_400_000)] {
            assert_eq!(round_up(highest), top, "{highest}");
            assert!(round_up(highest) >= highest && round_up(highest) % 2 == 0);
        }
    }

    #[test]
    fn every_day_is_in_the_table_and_texts_are_texts() {
        let day = |n: u32| NaiveDate::from_ymd_opt(2026, 4, n).unwrap();
        let bars = (1..=30)
            .map(|n| Bar { day: day(n), value: (n > 1).then_some(i64::from(n) * 100), text: format!("<{n}>") })
            .collect();
        let html = Chart::new("x", "<title>", "日付", "売上", bars, None).render().unwrap();
        assert_eq!(html.matches("<rect").count(), 29, "a day without a value has no bar");
        assert!(html.contains("2026-04-01") && html.contains("2026-04-30"));
        assert!(!html.contains("<title>&lt;title>") && !html.contains("<1>"), "{html}");
        assert!(!html.contains("style="), "the policy takes no inline styles");
    }
}
