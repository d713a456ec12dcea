//! What is delivered and what it costs, from the next order on.

use super::item_fields::{ItemFields, Offer, offers};
use super::{Came, Doing, Id, Loaded, Wrong, at, carry_out, leave};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use teiki_domain::subscription::SubscriptionCommand as Command;

#[derive(askama::Template)]
#[template(path = "console/subscription_items.html")]
struct ItemsPage {
    frame: Frame,
    /// Why nothing can be changed.
    closed: Option<String>,
    id: String,
    version: usize,
    wrong: Wrong,
    items: ItemFields,
    offers: Vec<Offer>,
    card: bool,
}

fn show(frame: Frame, loaded: &Loaded, wrong: Wrong, items: ItemFields, offers: Vec<Offer>) -> Response {
    let status = wrong.status();
    let page = render(&ItemsPage {
        id: loaded.id.to_string(),
        version: loaded.version,
        card: loaded.details.payment_method.is_card(),
        closed: loaded.closed(&frame, Doing::Items),
        items: items.summed(&frame),
        frame,
        wrong,
        offers,
    });
    at(status, page)
}

/// `GET /subscriptions/{id}/items`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let (items, offers) = (ItemFields::of(&frame, &loaded.details.basket), offers(&app, signed.shop()).await?);
    Ok(show(frame, &loaded, Wrong::default(), items, offers))
}

/// `POST /subscriptions/{id}/items`: adds a product to the form, adds the form up, or makes the change.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let offers = offers(&app, signed.shop()).await?;
    let mut items = ItemFields::typed(&form);
    if form.get("do") == "add" {
        items.add(&offers, form.get("offer"));
        return Ok(show(frame, &loaded, Wrong::default(), items, offers));
    }
    let basket = match items.read(&frame) {
        Ok(basket) => basket,
        Err(text) => return Ok(show(frame, &loaded, Wrong::refused(text), items, offers)),
    };
    if form.get("do") != "save" {
        return Ok(show(frame, &loaded, Wrong::default(), items, offers));
    }
    let said = (frame.language, "the content was changed");
    match carry_out(&app, &signed, &form, &loaded, Command::ChangeBasket { basket }, said).await? {
        Came::Refused(text) => Ok(show(frame, &loaded, Wrong::refused(text), items, offers)),
        Came::Changed(since) => {
            let wrong = Wrong::changed(frame.language, since);
            Ok(show(frame, &loaded, wrong, items, offers))
        }
        done => Ok(leave(&frame, &loaded, done, frame.t("次回からの内容を変更しました", "The content is changed"))),
    }
}
