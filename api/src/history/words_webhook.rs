//! Webhooks: every event in words.

use super::words::said;
use crate::console::Language;
use crate::words_engine::stored;
use teiki_domain::webhook::WebhookEvent as Event;

pub(super) fn text(l: Language, event: &Event) -> String {
    match event {
        Event::WebhookRegistered { webhook_id, host, types, description } => {
            let types = if types.is_empty() {
                l.t("すべてのイベント", "all events").to_owned()
            } else {
                types.join(l.t("、", ", "))
            };
            let description = match description.as_str() {
                "" => String::new(),
                description => said!(l, "「{description}」", " “{description}”"),
            };
            said!(
                l,
                "Webhookを登録: {webhook_id}{description}、送信先 {host}、{types}",
                "Webhook registered: {webhook_id}{description}, to {host}, {types}"
            )
        }
        Event::WebhookSecretRotated { secret, overlap_hours } => said!(
            l,
            "Webhookの署名鍵を更新({secret}本目、前の鍵は {overlap_hours} 時間併用、鍵は非表示)",
            "Signing secret of the webhook renewed (number {secret}, the one before is good for {overlap_hours} more \
             hours; the secret is not shown)"
        ),
        Event::WebhookDisabled { reason } => {
            let reason = stored(l, reason);
            said!(l, "Webhookへの送信を停止: {reason}", "Sending to the webhook stopped: {reason}")
        }
        Event::WebhookEnabled {} => l.t("Webhookへの送信を再開", "Sending to the webhook goes on").to_owned(),
        Event::WebhookDeliveryRepeated { delivery, position } => said!(
            l,
            "Webhookの配信をやり直し: 位置 {position} のイベント({delivery})",
            "Delivery of the webhook made once more: the event at position {position} ({delivery})"
        ),
        Event::WebhookRemoved {} => l.t("Webhookを削除", "Webhook removed").to_owned(),
    }
}
