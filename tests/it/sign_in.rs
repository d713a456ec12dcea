//! Signing in at the console: roles, sessions, lock-out, forms of other sites (O12).

use chrono::Duration;
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, PASSWORD, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn stage(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    stage
}

async fn the_first_account_is_made_on_the_command_line(kind: StoreKind) {
    let stage = stage(kind).await;
    let create =
        ["operators", "create", "--shop", "02396", "--login", "sato", "--name", "佐藤 一郎", "--role", "manager"];
    let made = stage.teiki(&create).output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let password = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let again = stage.teiki(&create).output().await.unwrap();
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("already"));
    for (login, name, role, part) in [
        ("Sato", "n", "manager", "lower-case"),
        ("sato2", "n\u{7}", "manager", "control characters"),
        ("sato2", "n", "king", "operator, manager or auditor"),
    ] {
        let odd = ["operators", "create", "--shop", "02396", "--login", login, "--name", name, "--role", role];
        let refused = stage.teiki(&odd).output().await.unwrap();
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains(part), "{refused:?}");
    }
    let served = Served::start(&stage, &[]).await;
    let console = Console::new(&served);
    let page = console.sign_in("sato", &password).await;
    assert_eq!((page.status, page.path.as_str()), (StatusCode::OK, "/"));
    assert_eq!(page.text(".person"), "佐藤 一郎 管理者");
    // Another password: signed out everywhere, and the old one is nobody's.
    let set = stage.teiki(&["operators", "password", "sato"]).output().await.unwrap();
    assert_eq!(console.get("/orders").await.path, "/sign-in");
    assert_eq!(console.sign_in("sato", &password).await.status, StatusCode::UNAUTHORIZED);
    let password = String::from_utf8(set.stdout).unwrap().trim().to_owned();
    assert_eq!(console.sign_in("sato", &password).await.path, "/");
    assert!(stage.teiki(&["operators", "disable", "sato"]).output().await.unwrap().status.success());
    assert_eq!(console.get("/orders").await.path, "/sign-in");
    assert_eq!(console.sign_in("sato", &password).await.status, StatusCode::UNAUTHORIZED);
    served.stop().await;
    // Neither passwords nor tokens are anywhere in the store.
    let bytes = stage.bytes().await;
    assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()));
    stage.close().await;
}

async fn pages_lead_to_the_sign_in_and_back_and_out_again(kind: StoreKind) {
    let stage = stage(kind).await;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::new(&served);
    let page = console.get("/orders?status=failed").await;
    assert_eq!((page.path.as_str(), page.text("h1").as_str()), ("/sign-in", "ログイン"));
    let form = page.form("/sign-in").set("login", "operator");
    assert_eq!(form.value("next"), "/orders?status=failed");
    let wrong = console.submit(form.clone().set("password", "wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.told().contains("ログインできませんでした") && !wrong.html.contains("wrong"));
    assert_eq!(wrong.form("/sign-in").value("login"), "operator", "what was typed stays, but the password");
    let page = console.submit(form.clone().set("password", PASSWORD)).await;
    assert_eq!((page.status, page.path.as_str()), (StatusCode::OK, "/orders"));
    assert_eq!(page.text(".menu a[aria-current]"), "受注一覧");

    // English by switch, and back to where it was switched.
    let english = console.get("/language?to=en&back=%2Fcards").await;
    assert_eq!((english.path.as_str(), english.text("h1 + p").starts_with("Running")), ("/cards", true));
    assert!(english.has("html[lang=en]"));
    let (_, place) = console.get_once("/language?to=ja&back=https://evil.example/").await;
    assert_eq!(place.as_deref(), Some("/"));
    // Nobody is led elsewhere by the sign-in either.
    let away = form.set("next", "//evil.example/").set("password", PASSWORD);
    assert_eq!(console.submit(away).await.path, "/");

    let cookie = console.cookie();
    let out = console.submit(console.get("/orders").await.form("/sign-out")).await;
    assert_eq!(out.path, "/sign-in");
    // The token is worth nothing any more, also where it was kept.
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let kept = client.get(format!("{}/orders", served.base)).header("cookie", cookie).send().await.unwrap();
    assert_eq!(kept.status(), StatusCode::SEE_OTHER);
    served.stop().await;
    stage.close().await;
}

async fn a_session_ends_by_itself(kind: StoreKind) {
    let mut stage = stage(kind).await;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let cookie = console.cookie();
    served.stop().await;
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let begun = stage.now;
    for (minutes, status) in [(119, StatusCode::OK), (237, StatusCode::OK), (237 + 121, StatusCode::SEE_OTHER)] {
        stage.now = begun + Duration::minutes(minutes);
        let served = Served::start(&stage, &[]).await;
        let got = client.get(format!("{}/orders", served.base)).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(got.status(), status, "after {minutes} minutes");
        served.stop().await;
    }
    stage.close().await;
}

async fn five_failures_in_a_row_lock_the_account_for_a_while(kind: StoreKind) {
    let mut stage = stage(kind).await;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::new(&served);
    // Four failures and a success begin the count anew.
    for _ in 0..4 {
        assert_eq!(console.sign_in("operator", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(console.sign_in("operator", PASSWORD).await.status, StatusCode::OK);
    // All at once count as much as one after the other.
    let form = Console::new(&served).get("/sign-in").await.form("/sign-in").set("login", "operator");
    let guesses = (0..12).map(|i| console.submit(form.clone().set("password", &format!("guess {i}"))));
    for page in futures::future::join_all(guesses).await {
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    }
    let locked = console.sign_in("operator", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED, "also with the right password");
    // Nothing tells whether there is such an account.
    let unknown = console.sign_in("nobody", PASSWORD).await;
    assert_eq!((unknown.status, unknown.told()), (locked.status, locked.told()));
    served.stop().await;
    stage.now += Duration::minutes(16);
    let served = Served::start(&stage, &[]).await;
    assert_eq!(Console::new(&served).sign_in("operator", PASSWORD).await.status, StatusCode::OK);
    served.stop().await;
    stage.close().await;
}

async fn what_another_site_sends_is_refused(kind: StoreKind) {
    let stage = stage(kind).await;
    account(&stage, Role::Operator).await;
    account(&stage, Role::Manager).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let send = |origin: &str, body: &'static str| {
        let request = client.post(format!("{}/sign-out", served.base)).header("origin", origin.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("cookie", console.cookie()).body(body).send()
    };
    assert_eq!(send("https://evil.example", "").await.unwrap().status(), StatusCode::FORBIDDEN);
    // From our own origin, but without the session's token, or with another session's.
    assert_eq!(send(&served.base, "").await.unwrap().status(), StatusCode::FORBIDDEN);
    let other = Console::signed_in(&served, Role::Manager).await.get("/orders").await.form("/sign-out");
    let refused = console.submit(other).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.told().contains("画面の有効期限が切れています"), "{}", refused.html);
    assert_eq!(console.get("/orders").await.path, "/orders", "still signed in");
    // What the answers say to browsers.
    let response = client.get(format!("{}/sign-in", served.base)).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    served.stop().await;
    stage.close().await;
}

async fn the_console_has_an_address_of_its_own(kind: StoreKind) {
    let stage = stage(kind).await;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[("TEIKI_CONSOLE_ORIGIN", "https://teiki.example.jp")]).await;
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let ask =
        |host: &str, path: &str| client.get(format!("{}{path}", served.base)).header("host", host.to_owned()).send();
    assert_eq!(ask("teiki.example.jp", "/sign-in").await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("other.example.jp", "/sign-in").await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    // The engine's figures are for this machine alone.
    assert_eq!(ask("teiki.example.jp", "/metrics").await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    let sign_in = client
        .post(format!("{}/sign-in", served.base))
        .header("host", "teiki.example.jp")
        .header("origin", "https://teiki.example.jp")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("login=operator&password={}&next=/", PASSWORD.replace(' ', "+")));
    let response = sign_in.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(["Secure", "HttpOnly", "SameSite=Lax"].iter().all(|part| cookie.contains(part)), "{cookie}");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    the_first_account_is_made_on_the_command_line,
    pages_lead_to_the_sign_in_and_back_and_out_again,
    a_session_ends_by_itself,
    five_failures_in_a_row_lock_the_account_for_a_while,
    what_another_site_sends_is_refused,
    the_console_has_an_address_of_its_own,
);
