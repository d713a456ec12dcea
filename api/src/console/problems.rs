//! Problems in the words of the pages' language.

use super::language::Language;
use crate::http::Problem;

/// What happened and what to do, for whoever reads the page.
pub(crate) fn sentence(language: Language, problem: &Problem) -> String {
    if language == Language::English {
        return problem.sentence();
    }
    let title = match problem.code() {
        "validation" => "入力内容を確認してください",
        "not_found" | "no_such_resource" => "お探しのものは見つかりません",
        "signed_out" => {
            "ログインしていないか、一定時間操作がなかったためログアウトしました。ログインし直してからもう一度行ってください"
        }
        "role_missing" => "この操作を行う権限がありません。権限のある方に依頼してください",
        "form_of_another_session" => "画面の有効期限が切れています。画面を開き直してもう一度行ってください",
        "changed_meanwhile" => {
            "画面を開いた後に、ほかの方が内容を変更しました。現在の内容を確認して、もう一度行ってください"
        }
        "outcome_open" => "ペイジェントの結果を待っています。しばらくしてからもう一度行ってください",
        "shop_not_ready" => {
            "店舗の準備が終わっていないため、定期購入を開始できません。設定の画面で不足を確認してください"
        }
        "own_account" => "自分のアカウントには行えません。ほかの管理者に依頼してください",
        "refused" => "現在の状態では行えません",
        "contended" | "overtaken" => "ほかの処理と重なりました。もう一度行ってください",
        "not_connected" => "ペイジェントの接続設定がありません。設定を確認してください",
        "other_environment" => "このデータは別の環境のものです。ペイジェントへは送信しません",
        "store_unavailable" => "データベースに接続できません。しばらくしてからもう一度行ってください",
        "keys_unusable" => {
            "保存されている情報を開く鍵がありません。エンジンのログを確認し、鍵をバックアップから戻してください"
        }
        "body_too_slow" => "送信が時間内に終わりませんでした。何も変更していません。もう一度送信してください",
        "timed_out" => "時間内に終わりませんでした。結果を確認してからもう一度行ってください",
        "internal" => "エンジンで問題が起きました。ログを確認してください",
        _ => return problem.sentence(),
    };
    match problem.about() {
        Some(detail) => format!("{title}({detail})"),
        None => format!("{title}。"),
    }
}
