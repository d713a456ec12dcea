//! 編集モード: prices, quantities, shipping and fee of an order (O6, O8). What was entered is kept when something is wrong.

use super::act::{in_turn, is_changed, not_done, of_button, told};
use super::conflict::Conflict;
use super::view::View;
use super::{Id, order_id};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render, written};
use crate::http::{Problem, internal, unavailable};
use crate::{words_order, words_subscription};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::ids::OrderId;
use teiki_domain::money::Yen;
use teiki_domain::order::Order;

#[derive(askama::Template)]
#[template(path = "console/orders/edit.html")]
struct EditPage {
    frame: Frame,
    order: View,
    version: usize,
    entered: Entered,
    errors: Vec<(String, String)>,
    /// Why nothing can be changed.
    closed: Option<String>,
    conflict: Option<Conflict>,
}

impl EditPage {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str())
    }

    fn line_error(&self, field: &str, line: &usize) -> Option<&str> {
        self.error(&format!("{field}.{line}"))
    }

    fn price(&self, line: &usize) -> &str {
        self.entered.lines.get(*line).map_or("", |(price, _)| price)
    }

    fn quantity(&self, line: &usize) -> &str {
        self.entered.lines.get(*line).map_or("", |(_, quantity)| quantity)
    }
}

/// What stands in the fields.
#[derive(Default)]
struct Entered {
    /// Price and quantity of each line.
    lines: Vec<(String, String)>,
    shipping: String,
    shipping_quoted: bool,
    fee: String,
    fee_quoted: bool,
}

impl Entered {
    fn of(basket: &Basket) -> Self {
        let lines = basket.lines().iter().map(|line| (line.unit_price.get().to_string(), line.quantity.to_string()));
        let charge = |charge: Charge| match charge {
            Charge::Fixed(yen) => (yen.get().to_string(), false),
            Charge::ToBeQuoted => (String::new(), true),
        };
        let ((shipping, shipping_quoted), (fee, fee_quoted)) = (charge(basket.shipping()), charge(basket.fee()));
        Self { lines: lines.collect(), shipping, shipping_quoted, fee, fee_quoted }
    }

    fn read(form: &Form, lines: usize) -> Self {
        let line = |i: usize| {
            let field = |name: &str| form.get(&format!("{name}.{i}")).chars().take(30).collect();
            (field("unit_price"), field("quantity"))
        };
        let field = |name: &str| form.get(name).chars().take(30).collect();
        Self {
            lines: (0..lines).map(line).collect(),
            shipping: field("shipping"),
            shipping_quoted: form.ticked("shipping_quoted"),
            fee: field("fee"),
            fee_quoted: form.ticked("fee_quoted"),
        }
    }

    /// The basket that was entered for these lines, or each field that cannot be used.
    fn basket(&self, frame: &Frame, before: &[Line]) -> Result<Basket, Vec<(String, String)>> {
        let mut errors = vec![];
        let mut lines = vec![];
        for (i, (line, (price, quantity))) in before.iter().zip(&self.lines).enumerate() {
            let unit_price = written::yen(price).filter(|yen| yen.get() <= 9_999_999);
            let count = written::number(quantity).filter(|count| *count <= 9_999);
            if unit_price.is_none() {
                let text =
                    frame.t("単価は 0〜9,999,999 の数字で入力してください", "A price is 0 to 9,999,999 in digits");
                errors.push((format!("unit_price.{i}"), text.to_owned()));
            }
            if count.is_none() {
                let text = frame.t("数量は 0〜9,999 の数字で入力してください", "A quantity is 0 to 9,999 in digits");
                errors.push((format!("quantity.{i}"), text.to_owned()));
            }
            if let (Some(unit_price), Some(quantity)) = (unit_price, count)
                && quantity > 0
            {
                lines.push(Line { unit_price, quantity, ..line.clone() });
            }
        }
        let mut charge = |name: &str, text: &str, quoted: bool| {
            if quoted {
                return Charge::ToBeQuoted;
            }
            let yen = written::yen(text).filter(|yen| yen.get() <= 9_999_999);
            if yen.is_none() {
                let sentence =
                    frame.t("金額を数字で入力してください(なしは 0)", "Write the amount in digits; 0 for none");
                errors.push((name.to_owned(), sentence.to_owned()));
            }
            Charge::Fixed(yen.unwrap_or(Yen::ZERO))
        };
        let shipping = charge("shipping", &self.shipping, self.shipping_quoted);
        let fee = charge("fee", &self.fee, self.fee_quoted);
        if !errors.is_empty() {
            return Err(errors);
        }
        if lines.is_empty() {
            let text = frame.t(
                "商品は1点以上必要です。不要な受注はキャンセルしてください",
                "At least one product must remain; cancel the order instead",
            );
            return Err(vec![("lines".to_owned(), text.to_owned())]);
        }
        Basket::new(lines, shipping, fee)
            .map_err(|error| vec![("lines".to_owned(), words_subscription::basket_error(frame.language, &error))])
    }
}

/// `GET /orders/{id}/edit`.
pub(super) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let id = order_id(id, &signed)?;
    draw(&app, frame, &id, None, vec![], None).await
}

async fn draw(
    app: &App,
    frame: Frame,
    id: &OrderId,
    entered: Option<Entered>,
    errors: Vec<(String, String)>,
    conflict: Option<Conflict>,
) -> PageResult {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let details = loaded.aggregate.details().ok_or_else(missing)?;
    let offers = app.payments.offers(&loaded.aggregate).await.map_err(Problem::from)?;
    let closed = offers.and_then(|offers| offers.change_basket.err());
    let closed = closed.map(|why| words_order::withheld(frame.language, &why));
    let status = match (&conflict, errors.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, true) => StatusCode::OK,
    };
    let mut response = render(&EditPage {
        order: View::new(&frame, details, app.clock.today(), 0),
        version: loaded.sequence,
        entered: entered.unwrap_or_else(|| Entered::of(&details.basket)),
        errors,
        closed,
        conflict,
        frame,
    });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// `POST /orders/{id}/edit`.
pub(super) async fn save(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let id = order_id(id, &signed)?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let details = loaded.aggregate.details().ok_or_else(missing)?;
    let entered = Entered::read(&form, details.basket.lines().len());
    let basket = match entered.basket(&frame, details.basket.lines()) {
        Ok(basket) => basket,
        Err(errors) => return draw(&app, frame, &id, Some(entered), errors, None).await,
    };
    let because = of_button(form.because_of_version(&app, &signed, "the amount was changed"), "edit");
    let (payments, order) = (app.payments.clone(), id.clone());
    let work = in_turn(move || {
        let (payments, order, basket, because) = (payments.clone(), order.clone(), basket.clone(), because.clone());
        async move { payments.change_basket(&order, basket, &because).await }
    });
    let done = app.spawn(work).await.map_err(|_| internal())?;
    app.settle().await?;
    let name = frame.language.t("金額の変更", "Changing the amount");
    match done {
        Ok(done) => {
            let differs = done.aggregate.details().is_some_and(|details| {
                let paying = details.paying().filter(|paying| paying.stands.holds_money());
                paying.is_some_and(|paying| details.basket.total() != Some(paying.amount))
            });
            let secure = done
                .aggregate
                .details()
                .is_some_and(|details| details.paying().is_some_and(|paying| details.three_d_secure(paying)));
            let sentence = if differs && secure {
                frame.t(
                    "金額を変更しました。3Dセキュア認証済みの受注のため、ペイジェントの管理画面でも同じ金額に変更してください。",
                    "The amount is changed. The buyer was authenticated by 3-D Secure: change it in Paygent's own console too.",
                )
            } else if differs {
                frame.t(
                    "金額を変更しました。オーソリ金額と異なるため、「取引更新」を行ってください。",
                    "The amount is changed. It differs from what is authorised: update the transaction.",
                )
            } else {
                frame.t("金額を変更しました。", "The amount is changed.")
            };
            let flash = told(frame.language, name, sentence, &done, false);
            Ok(frame.leave(&format!("/orders/{id}"), &flash))
        }
        Err(error) if is_changed(&error) => {
            let conflict = Conflict::since(&app, frame.language, &id, form.version().unwrap_or(0), name).await?;
            draw(&app, frame, &id, Some(entered), vec![], Some(conflict)).await
        }
        Err(error) => {
            let sentence = not_done(frame.language, name, error)?;
            draw(&app, frame, &id, Some(entered), vec![("lines".to_owned(), sentence)], None).await
        }
    }
}
