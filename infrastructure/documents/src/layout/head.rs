//! What stands above the table: addresses, number and dates, title, amount.

use super::{LEFT, Paper, RIGHT, TOP};
use crate::lines::wrap;
use crate::sheet::{Align, MM, Style, WIDTH, bold, plain, quiet};
use crate::words;
use teiki_domain::order::DocumentKind;

/// How wide the buyer's address may be: what a window shows.
const WINDOW: f32 = 82.0;
/// Where the shop's half begins.
const MIDDLE: f32 = 112.0;
/// The title stands no higher than this: the upper third of the page is folded away.
const TITLE: f32 = 70.0;

pub(super) fn write(paper: &mut Paper<'_>) {
    let left = recipient(paper);
    let right = issuer(paper);
    paper.y = left.max(right).max(TITLE) + 6.0;
    title(paper);
    if paper.document.number.kind() == DocumentKind::OrderSlip {
        slip(paper);
    }
    lead(paper);
}

/// Lines of text from `y` on; returns where the next one stands.
fn block(paper: &mut Paper<'_>, (x, mut y): (f32, f32), width: f32, style: Style, text: &str) -> f32 {
    for line in wrap(paper.face, text, style.size, width * MM) {
        paper.sheet.text(paper.face, Align::Left, (x, y), style, &line);
        y += style.size / MM * 1.4;
    }
    y
}

fn recipient(paper: &mut Paper<'_>) -> f32 {
    let recipient = &paper.document.recipient;
    let mut y = TOP;
    if !recipient.postal_code.is_empty() {
        y = block(paper, (LEFT, y), WINDOW, plain(9.5), &words::postal_code(&recipient.postal_code));
    }
    y = block(paper, (LEFT, y), WINDOW, plain(9.5), &recipient.address) + 2.5;
    let name = format!("{} 様", recipient.name.trim());
    let size = if name.chars().count() > 20 { 11.0 } else { 13.5 };
    block(paper, (LEFT, y), WINDOW, plain(size), &name)
}

fn issuer(paper: &mut Paper<'_>) -> f32 {
    let (document, width) = (paper.document, RIGHT - MIDDLE);
    let mut y = TOP;
    let mut facts = vec![("番号", document.number.to_string()), ("発行日", words::date(document.issued_on))];
    facts.push(("受注番号", document.facts.order_id.clone()));
    facts.push(("取引年月日", words::date(document.facts.delivery_date)));
    if let Some(day) = document.facts.paid_on.filter(|_| document.number.kind() == DocumentKind::Receipt) {
        facts.push(("領収日", words::date(day)));
    }
    for (name, value) in facts {
        paper.sheet.text(paper.face, Align::Left, (MIDDLE, y), quiet(8.0), name);
        y = block(paper, (MIDDLE + 17.0, y), width - 17.0, plain(8.5), &value).max(y + 4.2);
    }
    y += 3.5;
    let issuer = &document.issuer;
    y = block(paper, (MIDDLE, y), width, bold(11.0), &issuer.name) + 0.5;
    if !issuer.postal_code.is_empty() {
        y = block(paper, (MIDDLE, y), width, plain(8.5), &words::postal_code(&issuer.postal_code));
    }
    y = block(paper, (MIDDLE, y), width, plain(8.5), &issuer.address);
    for (name, value) in [("TEL", &issuer.phone), ("", &issuer.mail)] {
        if !value.is_empty() {
            y = block(paper, (MIDDLE, y), width, plain(8.5), format!("{name} {value}").trim());
        }
    }
    if let Some(number) = &issuer.registration_number {
        y = block(paper, (MIDDLE, y), width, plain(8.5), &format!("登録番号 {number}"));
    }
    y
}

fn title(paper: &mut Paper<'_>) {
    let kind = paper.document.number.kind();
    let spaced: Vec<_> = words::name(kind).chars().map(String::from).collect();
    let (y, middle) = (paper.y + 3.0, WIDTH / 2.0);
    paper.sheet.text(paper.face, Align::Centre, (middle, y), bold(20.0), &spaced.join("\u{3000}"));
    if kind == DocumentKind::Receipt && paper.document.number.which() > 1 {
        paper.sheet.frame((RIGHT - 21.0, y - 6.0), 21.0, 7.5, 0.8);
        paper.sheet.text(paper.face, Align::Centre, (RIGHT - 10.5, y - 0.8), bold(11.0), "再発行");
    }
    paper.sheet.rule((LEFT, y + 3.5), (RIGHT, y + 3.5), 1.2);
    paper.y = y + 11.0;
}

/// What the shop itself wants to know.
fn slip(paper: &mut Paper<'_>) {
    let (facts, recipient) = (&paper.document.facts, &paper.document.recipient);
    let transaction = facts.transaction_id.clone().map_or_else(|| "-".to_owned(), |id| format!("[{id}]"));
    let rows = [
        [("定期購入番号", facts.subscription_id.clone()), ("会員ID", facts.member_id.clone())],
        [("受注日(反映日)", words::date(facts.ordered_on)), ("配送日", words::date(facts.delivery_date))],
        [("支払方法", facts.payment_method.clone()), ("決済状況", facts.payment_status.clone())],
        [("取引ID", transaction), ("電話番号", recipient.phone.clone())],
        [("メール", recipient.mail.clone()), ("", String::new())],
    ];
    let half = (RIGHT - LEFT) / 2.0;
    for row in rows {
        let mut below = paper.y + 5.0;
        for (i, (name, value)) in row.into_iter().enumerate() {
            let (x, y) = (if i == 0 { LEFT } else { LEFT + half }, paper.y);
            paper.sheet.text(paper.face, Align::Left, (x, y), quiet(8.5), name);
            below = below.max(block(paper, (x + 26.0, y), half - 28.0, plain(9.0), &value) + 0.6);
        }
        paper.y = below;
    }
    paper.y += 3.0;
}

fn lead(paper: &mut Paper<'_>) {
    let kind = paper.document.number.kind();
    let made_out = kind == DocumentKind::Receipt && paper.layout > 1;
    if made_out {
        addressee(paper);
    }
    let sentence = if made_out { "" } else { words::lead(kind) };
    if !sentence.is_empty() {
        let place = (LEFT, paper.y);
        paper.y = block(paper, place, RIGHT - LEFT, plain(9.5), sentence) + 3.0;
    }
    let (y, width) = (paper.y, if kind == DocumentKind::Receipt { RIGHT - LEFT } else { 100.0 });
    let total = paper.document.basket.total().map_or_else(|| "別途ご連絡".to_owned(), words::yen);
    let total = if kind == DocumentKind::Receipt { format!("{total}-") } else { total };
    paper.sheet.ground((LEFT, y - 4.0), width, 13.0);
    paper.sheet.text(paper.face, Align::Left, (LEFT + 4.0, y + 4.2), plain(10.0), words::amount(kind));
    let (align, x, size) = match kind {
        DocumentKind::Receipt => (Align::Centre, WIDTH / 2.0, 22.0),
        _ => (Align::Right, LEFT + width - 4.0, 17.0),
    };
    paper.sheet.text(paper.face, align, (x, y + 5.0), bold(size), &total);
    paper.y = y + 15.0;
    if made_out {
        for_what(paper);
    }
}

/// To whom a receipt is made out (宛名).
fn addressee(paper: &mut Paper<'_>) {
    let (to, buyer) = (paper.document.made_out.to.trim(), paper.document.recipient.name.trim());
    let name = if to.is_empty() { format!("{buyer} 様") } else { to.to_owned() };
    let size = if name.chars().count() > 24 { 11.0 } else { 14.0 };
    let place = (LEFT, paper.y + 1.0);
    let below = block(paper, place, RIGHT - LEFT, plain(size), &name);
    // Under the last line of the name.
    let y = below - size / MM * 1.4 + 2.0;
    paper.sheet.rule((LEFT, y), (RIGHT, y), 0.5);
    paper.y = y + 8.0;
}

/// For what a receipt is made out (但し書き).
fn for_what(paper: &mut Paper<'_>) {
    let said = paper.document.made_out.for_what.trim();
    let text = format!("但し {}", if said.is_empty() { words::FOR_GOODS } else { said });
    let place = (LEFT, paper.y);
    paper.y = block(paper, place, RIGHT - LEFT, plain(10.5), &text) + 1.0;
    let place = (LEFT, paper.y);
    paper.y = block(paper, place, RIGHT - LEFT, plain(9.5), "上記の金額を正に領収いたしました。") + 3.0;
}
