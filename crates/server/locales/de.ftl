### Seiten der Anmeldung auf Deutsch. Jede Sprache hat dieselben Meldungen mit denselben Argumenten.

## Überall

back = Zurück
close-window = Sie können dieses Fenster schließen.
continue = Weiter
delete = Löschen
email = E-Mail-Adresse
family-name = Nachname
footer-privacy = Datenschutz
footer-support = Hilfe
footer-terms = Nutzungsbedingungen
given-name = Vorname
name = Name
not-now = Jetzt nicht
or = oder
organization-name = Name der Organisation
other-account = Anderes Konto verwenden
other-address = Andere Adresse verwenden
rename = Umbenennen
sign-in = Anmelden
sign-in-again = Erneut anmelden
sign-out = Abmelden
sign-up = Registrieren
signed-in-as = Angemeldet als { $email }
try-again = Noch einmal versuchen

## Wer sind Sie?

sign-in-to = Bei { $name } anmelden
sign-up-for = Bei { $name } registrieren
no-account = Noch kein Konto?
have-account = Sie haben schon ein Konto?
continue-with = Weiter mit { $provider }
passkey-use = Mit einem Passkey anmelden
passkey-failed = Das hat nicht geklappt. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.
passkey-needs-script = Passkeys brauchen JavaScript, das in diesem Browser abgeschaltet ist.

problem-email = Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.
problem-email-not-allowed = Diese E-Mail-Adresse kann hier nicht verwendet werden. Nehmen Sie Ihre berufliche Adresse.
problem-passkey = Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.
problem-provider = Die Anmeldung mit { $provider } hat nicht geklappt. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.

## Eine E-Mail ist unterwegs

code = Code
code-title = Code eingeben
code-sent-sign-in = Wir haben einen Code an { $email } gesendet.
code-sent-sign-up = Um Ihr Konto anzulegen, geben Sie den Code ein, den wir an { $email } gesendet haben.
code-sent-verify = Damit sicher ist, dass { $email } Ihnen gehört, haben wir einen Code dorthin gesendet.
code-or-link = Sie können auch den Link in dieser E-Mail verwenden.
code-digit = Zeichen { $number } von { $count }
mail-hint = Keine E-Mail? Es kann eine Minute dauern. Sehen Sie auch im Spam-Ordner nach.
send-again = Noch einmal senden
notice-sent-again = Wir haben eine neue E-Mail gesendet. Die ältere gilt nicht mehr.

problem-code-wrong = { $left ->
    [one] Dieser Code stimmt nicht. Sie haben noch einen Versuch.
   *[other] Dieser Code stimmt nicht. Sie haben noch { $left } Versuche.
}
problem-code-expired = Dieser Code gilt nicht mehr. Lassen Sie sich einen neuen senden.
problem-too-many-mails = { $minutes ->
    [one] Es wurden zu viele E-Mails angefordert. Versuchen Sie es in einer Minute noch einmal.
   *[other] Es wurden zu viele E-Mails angefordert. Versuchen Sie es in { $minutes } Minuten noch einmal.
}
problem-too-many-tries = { $minutes ->
    [one] Es waren zu viele Versuche. Versuchen Sie es in einer Minute noch einmal.
   *[other] Es waren zu viele Versuche. Versuchen Sie es in { $minutes } Minuten noch einmal.
}

link-sent-title = Sehen Sie in Ihr Postfach
link-sent = Wir haben einen Link an { $email } gesendet.
link-sent-same-browser = Öffnen Sie ihn in diesem Browser, auf diesem Gerät.
confirm-link-title = Anmeldung fortsetzen?
confirm-link = Sie melden sich als { $email } an.
confirm-link-unexpected = Wenn Sie diese E-Mail nicht gerade angefordert haben, schließen Sie diese Seite.
link-expired-what = Dieser Link gilt nicht mehr.
link-expired-remedy = Gehen Sie zu dem Fenster zurück, in dem Sie begonnen haben, und lassen Sie sich eine neue E-Mail senden.
other-browser-what = Dieser Link gehört zu einer Anmeldung, die in einem anderen Browser begonnen wurde.
other-browser-remedy = Öffnen Sie den Link in dem Browser, in dem Sie begonnen haben, oder gehen Sie zurück zur Anwendung und melden Sie sich hier neu an.
link-done-title = Sie sind angemeldet
link-done = Kehren Sie zu dem Fenster zurück, in dem Sie begonnen haben: Dort geht es weiter. Dieses können Sie schließen.

## Welche Organisation?

organizations-title = Organisation wählen
organizations-none = { $email } gehört noch zu keiner Organisation.
organization-invited = Sie sind eingeladen: zum Beitreten auswählen
organization-invited-by = Eingeladen von { $inviter }: zum Beitreten auswählen
organization-joinable = Mit Ihrer Adresse können Sie beitreten
organization-create = Organisation anlegen
create-title = Organisation anlegen
create-introduction = Hier arbeiten Sie mit Ihrem Team zusammen.
problem-organization-name = Geben Sie einen Namen mit höchstens 200 Zeichen ein.
problem-organization-full = In dieser Organisation ist kein Platz für ein weiteres Mitglied. Fragen Sie deren Administration.
problem-organization-gone = Sie haben zu dieser Organisation keinen Zugang oder keinen mehr. Wählen Sie eine andere.

invitation-title = { $organization } beitreten
invitation = Sie sind eingeladen, { $organization } beizutreten.
invitation-by = { $inviter } lädt Sie ein, { $organization } beizutreten.
invitation-email = Die Einladung gilt für { $email }.
invitation-accept = Einladung annehmen
invitation-unexpected = Wenn Sie nicht wissen, von wem diese Einladung kommt, schließen Sie diese Seite.
invitation-expired-title = Diese Einladung gilt nicht mehr
invitation-expired = Sie ist abgelaufen, zurückgezogen oder schon verwendet. Wenn Sie sie bereits angenommen haben, melden Sie sich einfach an; sonst bitten Sie um eine neue.

## Darf ein anderes Programm für Sie handeln?

consent-title = { $client } Zugriff geben?
consent-wants = { $client } möchte { $resource } für Sie verwenden.
consent-account = Ihr Konto
consent-at = Angemeldet bei
consent-website = Website
consent-sends-to = Zugriff erhält
consent-local = Zugriff erhält ein Programm auf diesem Gerät. Erlauben Sie es nur, wenn Sie es gerade selbst gestartet haben.
consent-scopes = Es möchte
consent-allow = Erlauben
consent-deny = Ablehnen
consent-terms = Nutzungsbedingungen von { $client }
consent-privacy = Datenschutz bei { $client }
consent-unchecked = Den Namen haben die Hersteller von { $client } selbst gewählt; niemand hat ihn geprüft.
scope-openid = Wissen, wer Sie sind
scope-email = Ihre E-Mail-Adresse sehen
scope-profile = Ihren Namen und Ihr Bild sehen
scope-offline-access = Zugriff behalten, während Sie nicht da sind

## Ihr Konto

passkey-add-title = Nächstes Mal schneller anmelden?
passkey-add = Mit einem Passkey melden Sie sich mit Gesicht, Fingerabdruck oder der Sperre Ihres Geräts an. Ohne E-Mail, ohne Code.
passkey-create = Passkey anlegen
passkeys-title = Passkeys
passkeys-introduction = Mit einem Passkey melden Sie sich mit Gesicht, Fingerabdruck oder der Sperre Ihres Geräts an.
passkeys-none = Sie haben noch keinen Passkey.
passkeys-fresh = Um Ihre Passkeys zu ändern, melden Sie sich noch einmal an.
passkey-made = Angelegt { $time }
passkey-used = Zuletzt verwendet { $time }
passkey-never-used = Noch nie verwendet
change-named = { $name } ändern
sessions-title = Wo Sie angemeldet sind
sessions-introduction = Wenn Sie ein Gerät nicht kennen, melden Sie es ab.
sessions-end-others = Überall sonst abmelden
session-current = Dieses Gerät
session-active = Zuletzt aktiv { $time }
session-end-named = { $device } abmelden
device-unknown = Unbekanntes Gerät

## Identitätsanbieter

simulator-title = Simulierter Identitätsanbieter
simulator-introduction = Er steht für den Identitätsanbieter von { $organization }, damit sich Single Sign-on ausprobieren lässt. Es gibt ihn nur in Entwicklungsumgebungen.
simulator-sign-in = Anmelden
simulator-error = Was schiefgeht
simulator-fail = Mit diesem Fehler antworten
test-good-title = Die Verbindung funktioniert
test-good = Das hat der Identitätsanbieter über Sie gesagt.
test-attributes = Attribute
test-bad-title = Die Verbindung funktioniert noch nicht
test-fix = Was zu tun ist
test-details = Einzelheiten

## Das Ende

signed-out-title = Sie sind abgemeldet
signed-out = Sie können dieses Fenster schließen.
confirm-logout-title = Abmelden?
confirm-logout-stay = Um angemeldet zu bleiben, schließen Sie diese Seite.

## Fehler

error-title = Das hat nicht geklappt
error-details = Einzelheiten für den Support
error-code = Code
error-request = Anfrage
contact-support = { $email } fragen

error-expired-what = Diese Anmeldung hat zu lange gedauert oder wurde in einem anderen Browser begonnen.
error-expired-remedy = Gehen Sie zurück zur Anwendung und melden Sie sich noch einmal an. Wenn es jedes Mal geschieht, erlauben Sie Cookies für diese Seite.
error-application-what = Die Anwendung hat Sie mit einer ungültigen Anfrage hierher geschickt.
error-application-remedy = Nur die Betreiber der Anwendung können das beheben. Bitte schicken Sie ihnen die Einzelheiten unten.
error-connection-what = Single Sign-on ist für Ihre Organisation nicht eingerichtet oder abgeschaltet.
error-connection-remedy = Bitten Sie die Administration Ihrer Organisation, es einzuschalten.
error-provider-what = Ihr Identitätsanbieter hat etwas geantwortet, das sich nicht verwenden lässt.
error-provider-remedy = Versuchen Sie es noch einmal. Wenn es wieder geschieht, schicken Sie die Einzelheiten unten an die Administration Ihrer Organisation.
error-gave-up-what = Die Anmeldung bei Ihrem Identitätsanbieter wurde nicht abgeschlossen.
error-gave-up-remedy = Gehen Sie zurück zur Anwendung und melden Sie sich noch einmal an.
error-domain-what = Mit Ihrer E-Mail-Adresse können Sie sich hier nicht anmelden.
error-domain-remedy = Melden Sie sich mit der Adresse Ihrer Organisation an, oder fragen Sie deren Administration.
error-inactive-what = Ihr Konto ist abgeschaltet.
error-inactive-remedy = Bitten Sie die Administration Ihrer Organisation, es wieder einzuschalten.
error-denied-what = Der Zugang wurde abgelehnt.
error-denied-remedy = Bitten Sie die Administration Ihrer Organisation um Zugang.
error-sign-in-what = Sie müssen sich zuerst anmelden.
error-sign-in-remedy = Gehen Sie zurück zur Anwendung und melden Sie sich an.
error-server-what = Auf unserer Seite ist etwas schiefgegangen.
error-server-remedy = Versuchen Sie es gleich noch einmal. Wenn es nicht hilft, schicken Sie die Einzelheiten unten an den Support.
