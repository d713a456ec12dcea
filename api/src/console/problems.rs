//! Problems in the words of the pages' language: each by its stable name, with its values.

use super::language::Language;
use crate::http::Problem;

/// What happened and what to do, for whoever reads the page.
pub(crate) fn sentence(language: Language, problem: &Problem) -> String {
    if language == Language::English {
        return problem.sentence();
    }
    if let Some(said) = problem.japanese() {
        return format!("{}。", said.trim_end_matches('。'));
    }
    let title = title(problem.code()).unwrap_or(UNNAMED);
    match problem.field().and_then(label) {
        Some(field) => format!("{title}({field})。"),
        None => format!("{title}。"),
    }
}

/// Said of what has no name of its own; a test sees to it that there is nothing of that kind.
const UNNAMED: &str = "行えませんでした。時間をおいても変わらない場合は、サポートに連絡してください";

/// What the stable name of a problem says.
fn title(code: &str) -> Option<&'static str> {
    Some(match code {
        "validation" => "入力内容を確認してください",
        "not_found" => "お探しのものは見つかりません。番号やアドレスを確認してください",
        "no_such_resource" => "このアドレスのページはありません。メニューから選び直してください",
        "method_not_allowed" => "このアドレスでは、この操作は行えません。画面のボタンから操作してください",
        "not_yet" => "その日時には、まだありませんでした",
        "signed_out" => {
            "ログインしていないか、一定時間操作がなかったためログアウトしました。ログインし直してからもう一度行ってください"
        }
        "role_missing" | "scope_missing" => "この操作を行う権限がありません。権限のある方に依頼してください",
        "form_of_another_session" => "画面の有効期限が切れています。画面を開き直してもう一度行ってください",
        "other_site" | "wrong_host" => {
            "別のサイトまたは別のアドレスから送信されました。この管理画面を開き直して行ってください"
        }
        "not_a_form" | "broken_json" | "not_json" | "unreadable_body" => {
            "送信された内容を読み取れませんでした。画面を開き直してもう一度行ってください"
        }
        "changed_meanwhile" => {
            "画面を開いた後に、ほかの方が内容を変更しました。現在の内容を確認して、もう一度行ってください"
        }
        "outcome_open" => "ペイジェントの結果を待っています。しばらくしてからもう一度行ってください",
        "shop_not_ready" => {
            "店舗の準備が終わっていないため、定期購入を開始できません。設定の画面で不足を確認してください"
        }
        "own_account" => "自分のアカウントには行えません。ほかの管理者に依頼してください",
        "refused" => "現在の状態では行えません。現在の内容を確認してください",
        "number_taken" => "この番号はすでに使われています。別の番号にしてください",
        "order_completed" => "完了した受注です。メールは送信できません",
        "member_erased" => "会員の個人情報は削除されています",
        "subscription_running" => "終了していない定期購入があります。先に終了してください",
        "no_card" => "会員のカードが登録されていません。先にカードの登録が必要です",
        "authorization_refused" => "ペイジェントがオーソリを承認しませんでした。エラーコードを確認してください",
        "capture_refused" => "ペイジェントが売上確定を行いませんでした。オーソリはそのまま残っています",
        "revision_refused" => "ペイジェントが金額の変更を行いませんでした。オーソリはそのまま残っています",
        "void_refused" => "ペイジェントがオーソリの取消を行いませんでした。オーソリはそのまま残っています",
        "refund_refused" => "ペイジェントが売上の取消を行いませんでした。売上はそのまま残っています",
        "card_refused" => "カードを登録できませんでした。別のカードで行ってください",
        "paygent_unreachable" => "ペイジェントへ接続できませんでした。しばらくしてからもう一度行ってください",
        "no_carrier" => "送り状の運送会社が選ばれていません。設定の「店舗情報」で選択してください",
        "contended" | "overtaken" => "ほかの処理と重なりました。もう一度行ってください",
        "idempotency_key_in_use" | "idempotency_key_reused" => {
            "同じ依頼がすでに送信されています。結果を確認してください"
        }
        "not_connected" => "ペイジェントの接続設定がありません。設定を確認してください",
        "other_environment" => "このデータは別の環境のものです。ペイジェントへは送信しません",
        "store_unavailable" => "データベースに接続できません。しばらくしてからもう一度行ってください",
        "key_bytes_left" => {
            "会員の個人情報は削除しました。ほかのプログラムがデータベースを読んでいるため、破棄した鍵の一部がファイルに残っています。\
             終わってからもう一度削除を行ってください"
        }
        "keys_unusable" => {
            "保存されている情報を開く鍵がありません。エンジンのログを確認し、鍵をバックアップから戻してください"
        }
        "body_too_slow" => "送信が時間内に終わりませんでした。何も変更していません。もう一度送信してください",
        "log_stopped" | "table_stopped" | "position_not_reached" => {
            "最新の内容を表示する準備ができていません。しばらくしてからもう一度行ってください"
        }
        "timed_out" => "時間内に終わりませんでした。結果を確認してからもう一度行ってください",
        "too_many" => "件数が多すぎます。数を減らして行ってください",
        "too_many_requests" => "短い時間に操作が集中しました。しばらくしてからもう一度行ってください",
        "no_key" => "APIキーがありません",
        "disabled" => "停止されています。再開してから行ってください",
        "internal" => "エンジンで問題が起きました。ログを確認してください",
        _ => return None,
    })
}

/// What people call the field of a request; none where the name helps nobody.
fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "order" | "order_id" | "order_ids" => "受注番号",
        "subscription" | "subscription_id" | "number" => "定期購入番号",
        "subscription_ids" => "送信する定期購入",
        "member" | "member_id" => "会員ID",
        "transaction_id" => "取引ID",
        "payment_id" => "決済ID",
        "from" | "to" | "day" | "date" | "ship_on" => "日付",
        "as_of" => "日時",
        "first_delivery" | "delivery_date" => "配送日",
        "status" => "状態",
        "kind" => "種類",
        "action" => "操作",
        "cursor" | "before" | "limit" => "ページ",
        "subject" => "件名",
        "body" => "本文",
        "carrier" => "運送会社",
        "payment_method" => "支払方法",
        "unit_price" => "単価",
        "tax_percent" => "税率",
        "name" => "名称",
        "encoding" => "文字コード",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use std::path::Path;

    /// Every name that a problem of this crate has, as it stands in the source: the first text in quotes behind the call
    /// that makes one.
    fn names(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names(&path, found);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for call in ["Problem::new(", "Self::new(Status", " conflict(\"", "(conflict(\""] {
                for (at, _) in source.match_indices(call) {
                    let quoted = source[at..].split('"').nth(1).unwrap_or_default();
                    let is_name = !quoted.is_empty() && quoted.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    if is_name {
                        found.push(quoted.to_owned());
                    }
                }
            }
        }
    }

    #[test]
    fn every_problem_has_a_sentence_in_both_languages() {
        let mut found = vec![];
        names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        found.sort();
        found.dedup();
        assert!(found.len() > 35 && found.contains(&"no_carrier".to_owned()), "{found:?}");
        for code in found {
            let english = "what was asked for cannot be done now";
            let problem = Problem::new(StatusCode::CONFLICT, &code, english).detail("some more words of English");
            let japanese = sentence(Language::Japanese, &problem);
            assert!(title(&code).is_some(), "{code} has no Japanese sentence");
            assert!(japanese.ends_with('。') && !japanese.contains(' '), "{code}: {japanese}");
            let said = sentence(Language::English, &problem);
            assert!(said.starts_with(english) && said.is_ascii(), "{code}: {said}");
        }
    }

    #[test]
    fn what_is_known_of_a_problem_is_said_in_japanese_too() {
        let problem = Problem::validation("as_of", "write a moment");
        assert_eq!(sentence(Language::Japanese, &problem), "入力内容を確認してください(日時)。");
        let problem = problem.in_japanese("日時は 2026/4/1 9:00 のように入力してください");
        assert_eq!(sentence(Language::Japanese, &problem), "日時は 2026/4/1 9:00 のように入力してください。");
        assert_eq!(sentence(Language::English, &problem), "The request cannot be used: as_of: write a moment");
    }
}
