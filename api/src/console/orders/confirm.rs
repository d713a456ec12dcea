//! What cannot be taken back is asked for once more, with what follows from it.

use super::act::Action;
use super::order_id;
use super::view::View;
use crate::app::App;
use crate::console::{Frame, Page, PageResult, Signed, render};
use crate::http::{Problem, unavailable};
use crate::words_order;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_domain::order::{Details, Order, Stands};

#[derive(askama::Template)]
#[template(path = "console/orders/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// Why it cannot be done now.
    closed: Option<String>,
    action: Action,
    order: View,
    version: usize,
    consequences: Vec<String>,
    attempt: u32,
    payment_id: String,
}

/// `GET /orders/{id}/confirm/{action}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    named: Result<Path<(String, String)>, PathRejection>,
) -> PageResult {
    let Path((id, action)) = named?;
    let (id, action) = (order_id(Ok(Path(id)), &signed)?, Action::of(&action)?);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let details = loaded.aggregate.details().ok_or_else(missing)?;
    let open = details.open_attempt().map_or(0, |attempt| attempt.number);
    let payment_id = details.undecided().map(|booked| booked.payment_id.to_string()).unwrap_or_default();
    let closed = action.would(&app, &loaded.aggregate).await?.err();
    Ok::<_, Page>(render(&ConfirmPage {
        closed: closed.map(|why| words_order::withheld(frame.language, &why)),
        consequences: consequences(&frame, action, details),
        order: View::new(&frame, details, app.clock.today(), 0),
        version: loaded.sequence,
        attempt: open,
        payment_id,
        action,
        frame,
    }))
}

fn consequences(frame: &Frame, action: Action, details: &Details) -> Vec<String> {
    let text = |japanese: &str, english: &str| frame.t(japanese, english).to_owned();
    let holding = details.paying().filter(|paying| paying.stands.holds_money());
    match action {
        Action::Cancel => {
            let payment = match holding {
                Some(paying) if paying.stands == Stands::Captured => {
                    let yen = paying.amount;
                    text(
                        &format!("ペイジェントで売上{yen}を取り消し、購入者へ返金します"),
                        &format!("Paygent refunds {yen} to the buyer"),
                    )
                }
                Some(paying) => {
                    let yen = paying.amount;
                    text(
                        &format!("ペイジェントでオーソリ{yen}を取り消します"),
                        &format!("Paygent cancels the hold of {yen}"),
                    )
                }
                None => text("ペイジェントでの取消はありません", "Nothing is cancelled at Paygent"),
            };
            vec![
                payment,
                text("受注キャンセル一覧へ移動し、元には戻せません", "The order moves to the cancelled list for good"),
                text("定期購入は続きます", "The subscription goes on"),
            ]
        }
        Action::Complete => vec![
            text("受注完了一覧へ移動し、元には戻せません", "The order moves to the completed list for good"),
            text(
                "完了後に行えるのは、帳票出力とキャンセルだけです。メールは送信できません",
                "Afterwards only documents and cancel remain; no mails are sent",
            ),
        ],
        Action::GiveUp => vec![
            text(
                "このオーソリの結果を待たずに、キャンセルや支払方法の変更ができるようになります",
                "The order can then be cancelled or paid otherwise",
            ),
            text(
                "後から成功と分かった場合は「余分な決済」として表示します。返金か充当かを選んでください",
                "If it turns out to have succeeded, it is shown as a surplus payment to be refunded or accepted",
            ),
            text(
                "結果が分かるまで、カードの再オーソリはできません",
                "The card is not tried again before Paygent answers",
            ),
        ],
        Action::RefundSurplus => vec![text(
            "この受注の支払に使われていない決済を取り消し、購入者へ返金します",
            "The payment that pays nothing here goes back to the buyer",
        )],
        Action::AcceptSurplus => vec![text(
            "この決済をこの受注の支払とします。受注は受注一覧に戻ります",
            "The payment pays this order, which is then among the open ones",
        )],
        Action::Capture | Action::Update | Action::Authorize | Action::Check | Action::Uncheck => vec![],
    }
}
