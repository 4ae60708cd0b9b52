### Hosted pages in English. Each language has the same messages with the same arguments.

## Everywhere

back = Back
close-window = You can close this window.
continue = Continue
delete = Delete
email = Email address
family-name = Last name
footer-privacy = Privacy
footer-support = Support
footer-terms = Terms
given-name = First name
name = Name
not-now = Not now
or = or
organization-name = Name of the organization
other-account = Use another account
other-address = Use another address
rename = Rename
sign-in = Sign in
sign-in-again = Sign in again
sign-out = Sign out
sign-up = Sign up
signed-in-as = Signed in as { $email }
try-again = Try again

## Who are you?

sign-in-to = Sign in to { $name }
sign-up-for = Sign up for { $name }
no-account = No account yet?
have-account = Already have an account?
continue-with = Continue with { $provider }
passkey-use = Sign in with a passkey
passkey-failed = That did not work. Try again, or choose another way.
passkey-needs-script = Passkeys need JavaScript, which is turned off in this browser.

problem-email = Enter an email address, such as name@example.com.
problem-email-not-allowed = This email address cannot be used here. Use your work address.
problem-passkey = This passkey was not accepted. Try again, or choose another way.
problem-provider = Signing in with { $provider } did not work. Try again, or choose another way.

## A mail was sent

code = Code
code-title = Enter the code
code-sent-sign-in = We have sent a code to { $email }.
code-sent-sign-up = To make your account, enter the code that we have sent to { $email }.
code-sent-verify = To make sure that { $email } is yours, we have sent a code there.
code-or-link = You can also use the link in that mail.
code-digit = Character { $number } of { $count }
mail-hint = No mail? It can take a minute. Look in the spam folder, too.
send-again = Send it again
notice-sent-again = We have sent a new mail. The older one does not work any more.

problem-code-wrong = { $left ->
    [one] This code is not right. You have one try left.
   *[other] This code is not right. You have { $left } tries left.
}
problem-code-expired = This code is not valid any more. Have a new one sent.
problem-too-many-mails = { $minutes ->
    [one] Too many mails were asked for. Try again in a minute.
   *[other] Too many mails were asked for. Try again in { $minutes } minutes.
}
problem-too-many-tries = { $minutes ->
    [one] There were too many tries. Try again in a minute.
   *[other] There were too many tries. Try again in { $minutes } minutes.
}

link-sent-title = Look in your inbox
link-sent = We have sent a link to { $email }.
link-sent-same-browser = Open it in this browser, on this device.
confirm-link-title = Continue to sign in?
confirm-link = You are signing in as { $email }.
confirm-link-unexpected = If you have not just asked for this mail, close this page.
link-expired-what = This link is not valid any more.
link-expired-remedy = Go back to the window where you began and have a new mail sent.
other-browser-what = This link belongs to a sign-in that was begun in another browser.
other-browser-remedy = Open the link in the browser where you began, or go back to the application and sign in again here.
link-done-title = You are signed in
link-done = Go back to the window where you began: it goes on there. You can close this one.

## Which organization?

organizations-title = Choose an organization
organizations-none = { $email } is not in an organization yet.
organization-invited = You are invited: choose it to join
organization-invited-by = Invited by { $inviter }: choose it to join
organization-joinable = Your address lets you join
organization-create = Create an organization
create-title = Create an organization
create-introduction = It is the place where you work with your team.
problem-organization-name = Enter a name of up to 200 characters.
problem-organization-full = There is no room for another member in this organization. Ask its administrator.
problem-organization-gone = You cannot enter this organization, or not any more. Choose another one.

invitation-title = Join { $organization }
invitation = You are invited to join { $organization }.
invitation-by = { $inviter } invites you to join { $organization }.
invitation-email = The invitation is for { $email }.
invitation-accept = Accept the invitation
invitation-unexpected = If you do not know who sent this invitation, close this page.
invitation-expired-title = This invitation is not valid any more
invitation-expired = It has expired, was withdrawn or has been used. If you have accepted it already, just sign in; otherwise ask the person who invited you for a new one.

## May another program act for you?

consent-title = Allow { $client }?
consent-wants = { $client } wants to use { $resource } for you.
consent-account = Your account
consent-at = Signed in at
consent-website = Website
consent-sends-to = Access goes to
consent-local = Access goes to a program on this device. Allow it only if you have just started it.
consent-scopes = It wants to
consent-allow = Allow
consent-deny = Deny
consent-terms = Terms of { $client }
consent-privacy = Privacy at { $client }
consent-unchecked = The name was chosen by those who made { $client }; nobody has checked it.
scope-openid = Know who you are
scope-email = See your email address
scope-profile = See your name and picture
scope-offline-access = Keep access while you are away

## Your account

passkey-add-title = Sign in faster next time?
passkey-add = With a passkey you sign in with your face, your fingerprint or the lock of your device. No mail, no code.
passkey-create = Create a passkey
passkeys-title = Passkeys
passkeys-introduction = A passkey signs you in with your face, your fingerprint or the lock of your device.
passkeys-none = You have no passkey yet.
passkeys-fresh = To change your passkeys, sign in once more.
passkey-made = Created { $time }
passkey-used = Last used { $time }
passkey-never-used = Never used
change-named = Change { $name }
sessions-title = Where you are signed in
sessions-introduction = If you do not know a device, sign it out.
sessions-end-others = Sign out everywhere else
session-current = This device
session-active = Last active { $time }
session-end-named = Sign out { $device }
device-unknown = Unknown device

## Identity providers

simulator-title = Simulated identity provider
simulator-introduction = It stands for the identity provider of { $organization }, so that single sign-on can be tried. It exists in development environments only.
simulator-sign-in = Sign in
simulator-error = What goes wrong
simulator-fail = Answer with this error
test-good-title = The connection works
test-good = This is what the identity provider said about you.
test-attributes = Attributes
test-bad-title = The connection does not work yet
test-fix = What to do
test-details = Details

## The end

signed-out-title = You are signed out
signed-out = You can close this window.
confirm-logout-title = Sign out?
confirm-logout-stay = To stay signed in, close this page.

## Errors

error-title = This did not work
error-details = Details for support
error-code = Code
error-request = Request
contact-support = Ask { $email }

error-expired-what = This sign-in has taken too long, or was begun in another browser.
error-expired-remedy = Go back to the application and sign in again. If it happens each time, allow cookies for this site.
error-application-what = The application sent you here with a request that is not valid.
error-application-remedy = Only the people who run the application can fix this. Please send them the details below.
error-connection-what = Single sign-on is not set up, or is turned off, for your organization.
error-connection-remedy = Ask the administrator of your organization to turn it on.
error-provider-what = Your identity provider has given an answer that cannot be used.
error-provider-remedy = Try again. If it happens once more, send the details below to the administrator of your organization.
error-gave-up-what = Signing in at your identity provider was not finished.
error-gave-up-remedy = Go back to the application and sign in again.
error-domain-what = Your email address cannot be used to sign in here.
error-domain-remedy = Sign in with the address of your organization, or ask its administrator.
error-inactive-what = Your account is turned off.
error-inactive-remedy = Ask the administrator of your organization to turn it on again.
error-denied-what = You were not let in.
error-denied-remedy = Ask the administrator of your organization for access.
error-sign-in-what = You have to sign in first.
error-sign-in-remedy = Go back to the application and sign in.
error-server-what = Something went wrong on our side.
error-server-remedy = Try again in a moment. If it does not help, send the details below to support.
