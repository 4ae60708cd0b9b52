### サインインのページ(日本語)。どの言語にも同じメッセージと同じ引数があります。

## 共通

back = 戻る
close-window = このウィンドウは閉じてかまいません。
continue = 続ける
delete = 削除
email = メールアドレス
family-name = 姓
footer-privacy = プライバシー
footer-support = お問い合わせ
footer-terms = 利用規約
given-name = 名
name = 名前
not-now = 後で
or = または
organization-name = 組織の名前
other-account = 別のアカウントを使う
other-address = 別のアドレスを使う
rename = 名前を変更
sign-in = サインイン
sign-in-again = もう一度サインイン
sign-out = サインアウト
sign-up = アカウントを作成
signed-in-as = { $email } としてサインインしています
try-again = もう一度試す

## サインイン

sign-in-to = { $name } にサインイン
sign-up-for = { $name } のアカウントを作成
no-account = アカウントをお持ちでない場合
have-account = すでにアカウントをお持ちの場合
continue-with = { $provider } で続ける
passkey-use = パスキーでサインイン
passkey-failed = うまくいきませんでした。もう一度試すか、別の方法を選んでください。
passkey-needs-script = パスキーには JavaScript が必要ですが、このブラウザーではオフになっています。

problem-email = メールアドレスを入力してください(例: name@example.com)。
problem-email-not-allowed = このメールアドレスはここでは使えません。仕事用のアドレスをお使いください。
problem-passkey = このパスキーは受け付けられませんでした。もう一度試すか、別の方法を選んでください。
problem-provider = { $provider } でサインインできませんでした。もう一度試すか、別の方法を選んでください。

## メールを送信しました

code = コード
code-title = コードを入力してください
code-sent-sign-in = { $email } にコードを送信しました。
code-sent-sign-up = アカウントを作成するには、{ $email } に送信したコードを入力してください。
code-sent-verify = { $email } がご本人のものであることを確認するため、コードを送信しました。
code-or-link = メールにあるリンクもお使いいただけます。
code-digit = { $count } 文字中 { $number } 文字目
mail-hint = メールが届かない場合は、1 分ほどお待ちください。迷惑メールフォルダーもご確認ください。
send-again = もう一度送信
notice-sent-again = 新しいメールを送信しました。前のメールは使えなくなりました。

problem-code-wrong = { $left ->
   *[other] コードが正しくありません。あと { $left } 回試せます。
}
problem-code-expired = このコードの有効期限が切れました。新しいコードを送信してください。
problem-too-many-mails = { $minutes ->
   *[other] メールの送信回数が多すぎます。{ $minutes } 分後にもう一度お試しください。
}
problem-too-many-tries = { $minutes ->
   *[other] 試行回数が多すぎます。{ $minutes } 分後にもう一度お試しください。
}

link-sent-title = 受信トレイをご確認ください
link-sent = { $email } にリンクを送信しました。
link-sent-same-browser = この端末の、このブラウザーで開いてください。
confirm-link-title = サインインを続けますか?
confirm-link = { $email } としてサインインします。
confirm-link-unexpected = このメールに心当たりがない場合は、このページを閉じてください。
link-expired-what = このリンクは無効になりました。
link-expired-remedy = 最初のウィンドウに戻り、新しいメールを送信してください。
other-browser-what = このリンクは、別のブラウザーで始められたサインインのものです。
other-browser-remedy = 最初のブラウザーでリンクを開くか、アプリケーションに戻ってこちらでもう一度サインインしてください。
link-done-title = サインインしました
link-done = 最初のウィンドウにお戻りください。続きはそちらで進みます。このウィンドウは閉じてかまいません。

## 組織

organizations-title = 組織を選択してください
organizations-none = { $email } はまだどの組織にも属していません。
organization-invited = 招待されています。選択すると参加します
organization-invited-by = { $inviter } さんからの招待。選択すると参加します
organization-joinable = お使いのアドレスで参加できます
organization-create = 組織を作成
create-title = 組織を作成
create-introduction = チームで一緒に作業する場所です。
problem-organization-name = 200 文字以内の名前を入力してください。
problem-organization-full = この組織にはこれ以上メンバーを追加できません。組織の管理者にお問い合わせください。
problem-organization-gone = この組織には入れないか、入れなくなりました。別の組織を選択してください。

invitation-title = { $organization } に参加
invitation = { $organization } に招待されています。
invitation-by = { $inviter } さんから { $organization } に招待されています。
invitation-email = { $email } 宛ての招待です。
invitation-accept = 招待を受ける
invitation-unexpected = この招待に心当たりがない場合は、このページを閉じてください。
invitation-expired-title = この招待は無効になりました
invitation-expired = 期限が切れたか、取り消されたか、すでに使用されています。すでに招待を受けた場合は、そのままサインインしてください。そうでない場合は、招待した方に新しい招待をご依頼ください。

## ほかのプログラムへの許可

consent-title = { $client } を許可しますか?
consent-wants = { $client } が、あなたに代わって { $resource } を使おうとしています。
consent-account = アカウント
consent-at = サインイン先
consent-website = ウェブサイト
consent-sends-to = アクセスの送り先
consent-local = アクセスはこの端末のプログラムに渡されます。ご自身で起動したばかりの場合にのみ許可してください。
consent-scopes = 要求されている操作
consent-allow = 許可する
consent-deny = 拒否する
consent-terms = { $client } の利用規約
consent-privacy = { $client } のプライバシー
consent-unchecked = この名前は { $client } の作成者が付けたもので、確認されたものではありません。
scope-openid = あなたが誰であるかを知る
scope-email = メールアドレスを見る
scope-profile = 名前と写真を見る
scope-offline-access = 不在の間もアクセスを続ける

## アカウント

passkey-add-title = 次回からもっと早くサインインしませんか?
passkey-add = パスキーを使うと、顔、指紋、または端末のロックでサインインできます。メールもコードも不要です。
passkey-create = パスキーを作成
passkeys-title = パスキー
passkeys-introduction = パスキーを使うと、顔、指紋、または端末のロックでサインインできます。
passkeys-none = パスキーはまだありません。
passkeys-fresh = パスキーを変更するには、もう一度サインインしてください。
passkey-made = 作成: { $time }
passkey-used = 最後に使用: { $time }
passkey-never-used = 未使用
change-named = { $name } を変更
sessions-title = サインインしている場所
sessions-introduction = 心当たりのない端末は、サインアウトさせてください。
sessions-end-others = ほかのすべてからサインアウト
session-current = この端末
session-active = 最後の利用: { $time }
session-end-named = { $device } をサインアウト
device-unknown = 不明な端末

## ID プロバイダー

simulator-title = ID プロバイダーのシミュレーター
simulator-introduction = { $organization } の ID プロバイダーの代わりとなり、シングルサインオンを試せます。開発環境にのみあります。
simulator-sign-in = サインイン
simulator-error = 起こすエラー
simulator-fail = このエラーで応答する
test-good-title = 接続は正常です
test-good = ID プロバイダーから届いたあなたの情報です。
test-attributes = 属性
test-bad-title = 接続はまだ機能していません
test-fix = 対処方法
test-details = 詳細

## 終了

signed-out-title = サインアウトしました
signed-out = このウィンドウは閉じてかまいません。
confirm-logout-title = サインアウトしますか?
confirm-logout-stay = サインインしたままにするには、このページを閉じてください。

## エラー

error-title = うまくいきませんでした
error-details = サポート用の詳細
error-code = コード
error-request = リクエスト
contact-support = { $email } に問い合わせる

error-expired-what = サインインに時間がかかりすぎたか、別のブラウザーで始められました。
error-expired-remedy = アプリケーションに戻り、もう一度サインインしてください。毎回起こる場合は、このサイトの Cookie を許可してください。
error-application-what = アプリケーションから送られたリクエストが正しくありません。
error-application-remedy = 修正できるのはアプリケーションの運営者だけです。下の詳細をお伝えください。
error-connection-what = お使いの組織では、シングルサインオンが設定されていないか、オフになっています。
error-connection-remedy = 組織の管理者に、オンにするようご依頼ください。
error-provider-what = ID プロバイダーからの応答を使用できませんでした。
error-provider-remedy = もう一度お試しください。再び起こる場合は、下の詳細を組織の管理者にお送りください。
error-gave-up-what = ID プロバイダーでのサインインが完了しませんでした。
error-gave-up-remedy = アプリケーションに戻り、もう一度サインインしてください。
error-domain-what = お使いのメールアドレスではサインインできません。
error-domain-remedy = 組織のアドレスでサインインするか、組織の管理者にお問い合わせください。
error-inactive-what = アカウントは無効になっています。
error-inactive-remedy = 組織の管理者に、有効にするようご依頼ください。
error-denied-what = アクセスは許可されませんでした。
error-denied-remedy = 組織の管理者にアクセスをご依頼ください。
error-sign-in-what = 先にサインインしてください。
error-sign-in-remedy = アプリケーションに戻り、サインインしてください。
error-server-what = こちらの側で問題が起こりました。
error-server-remedy = しばらくしてからもう一度お試しください。解決しない場合は、下の詳細をサポートにお送りください。
