//! A history as text.

use super::Entry;
use crate::console::Language;
use chrono::DateTime;
use std::collections::HashMap;
use std::fmt::Write as _;
use teiki_infrastructure::clock::tokyo;

/// The history as people read it: one event after the other, effects set in under what they follow from.
pub fn describe(id: &str, entries: &[Entry]) -> String {
    let mut out = format!("{id} の履歴({} 件)\n", entries.len());
    let mut depths: HashMap<i64, usize> = HashMap::new();
    for entry in entries {
        let depth = entry.caused_by.and_then(|cause| depths.get(&cause)).map_or(0, |depth| depth + 1).min(4);
        depths.insert(entry.position, depth);
        let space = "  ".repeat(depth);
        let at = match DateTime::parse_from_rfc3339(&entry.recorded_at) {
            Ok(at) => tokyo(at.to_utc()).format("%Y-%m-%d %H:%M:%S").to_string(),
            Err(_) => entry.recorded_at.clone(),
        };
        let cause = entry.caused_by.map(|position| format!(" ← 位置 {position}")).unwrap_or_default();
        let (who, why) = (entry.who(Language::Japanese), entry.why(Language::Japanese));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{at}  {space}{}", entry.text);
        let _ = writeln!(
            out,
            "{:19}  {space}  {} {} / {who}: {why} [位置 {}{cause}]",
            "",
            kind(Language::Japanese, &entry.aggregate_type),
            entry.aggregate_id,
            entry.position
        );
    }
    out
}

/// What kind of thing it happened to.
pub(crate) fn kind(language: Language, aggregate_type: &str) -> &str {
    match aggregate_type {
        "subscription" => language.t("定期購入", "subscription"),
        "order" => language.t("受注", "order"),
        "member" => language.t("会員", "member"),
        "shop_settings" => language.t("店舗設定", "shop settings"),
        "product" => language.t("商品", "product"),
        "mail" => language.t("メール", "mail"),
        "webhook" => "Webhook",
        other => other,
    }
}
