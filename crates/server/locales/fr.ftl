### Pages de connexion en français. Chaque langue a les mêmes messages avec les mêmes arguments.

## Partout

back = Retour
close-window = Vous pouvez fermer cette fenêtre.
continue = Continuer
delete = Supprimer
email = Adresse e-mail
family-name = Nom
footer-privacy = Confidentialité
footer-support = Aide
footer-terms = Conditions
given-name = Prénom
name = Nom
not-now = Pas maintenant
or = ou
organization-name = Nom de l’organisation
other-account = Utiliser un autre compte
other-address = Utiliser une autre adresse
rename = Renommer
sign-in = Se connecter
sign-in-again = Se reconnecter
sign-out = Se déconnecter
sign-up = Créer un compte
signed-in-as = Vous êtes connecté en tant que { $email }
try-again = Réessayer

## Qui êtes-vous ?

sign-in-to = Se connecter à { $name }
sign-up-for = Créer un compte chez { $name }
no-account = Pas encore de compte ?
have-account = Vous avez déjà un compte ?
continue-with = Continuer avec { $provider }
passkey-use = Se connecter avec une clé d’accès
passkey-failed = Cela n’a pas fonctionné. Réessayez ou choisissez un autre moyen.
passkey-needs-script = Les clés d’accès ont besoin de JavaScript, qui est désactivé dans ce navigateur.

problem-email = Saisissez une adresse e-mail, par exemple nom@example.com.
problem-email-not-allowed = Cette adresse e-mail ne peut pas être utilisée ici. Prenez votre adresse professionnelle.
problem-passkey = Cette clé d’accès n’a pas été acceptée. Réessayez ou choisissez un autre moyen.
problem-provider = La connexion avec { $provider } n’a pas fonctionné. Réessayez ou choisissez un autre moyen.

## Un e-mail a été envoyé

code = Code
code-title = Saisissez le code
code-sent-sign-in = Nous avons envoyé un code à { $email }.
code-sent-sign-up = Pour créer votre compte, saisissez le code que nous avons envoyé à { $email }.
code-sent-verify = Pour vérifier que { $email } vous appartient, nous y avons envoyé un code.
code-or-link = Vous pouvez aussi utiliser le lien de cet e-mail.
code-digit = Caractère { $number } sur { $count }
mail-hint = Pas d’e-mail ? Cela peut prendre une minute. Regardez aussi dans les courriers indésirables.
send-again = Renvoyer
notice-sent-again = Nous avons envoyé un nouvel e-mail. Le précédent n’est plus valable.

problem-code-wrong = { $left ->
    [one] Ce code n’est pas correct. Il vous reste { $left } essai.
   *[other] Ce code n’est pas correct. Il vous reste { $left } essais.
}
problem-code-expired = Ce code n’est plus valable. Demandez-en un nouveau.
problem-too-many-mails = { $minutes ->
    [one] Trop d’e-mails ont été demandés. Réessayez dans { $minutes } minute.
   *[other] Trop d’e-mails ont été demandés. Réessayez dans { $minutes } minutes.
}
problem-too-many-tries = { $minutes ->
    [one] Il y a eu trop d’essais. Réessayez dans { $minutes } minute.
   *[other] Il y a eu trop d’essais. Réessayez dans { $minutes } minutes.
}

link-sent-title = Consultez votre boîte de réception
link-sent = Nous avons envoyé un lien à { $email }.
link-sent-same-browser = Ouvrez-le dans ce navigateur, sur cet appareil.
confirm-link-title = Poursuivre la connexion ?
confirm-link = Vous vous connectez en tant que { $email }.
confirm-link-unexpected = Si vous ne venez pas de demander cet e-mail, fermez cette page.
link-expired-what = Ce lien n’est plus valable.
link-expired-remedy = Revenez à la fenêtre où vous avez commencé et demandez un nouvel e-mail.
other-browser-what = Ce lien appartient à une connexion commencée dans un autre navigateur.
other-browser-remedy = Ouvrez le lien dans le navigateur où vous avez commencé, ou revenez à l’application et connectez-vous à nouveau ici.
link-done-title = Vous êtes connecté
link-done = Revenez à la fenêtre où vous avez commencé : la suite s’y passe. Vous pouvez fermer celle-ci.

## Quelle organisation ?

organizations-title = Choisissez une organisation
organizations-none = { $email } n’appartient encore à aucune organisation.
organization-invited = Vous êtes invité : choisissez-la pour la rejoindre
organization-invited-by = Invitation de { $inviter } : choisissez-la pour la rejoindre
organization-joinable = Votre adresse vous permet de la rejoindre
organization-create = Créer une organisation
create-title = Créer une organisation
create-introduction = C’est là que vous travaillez avec votre équipe.
problem-organization-name = Saisissez un nom de 200 caractères au plus.
problem-organization-full = Cette organisation n’a plus de place pour un nouveau membre. Demandez à son administrateur.
problem-organization-gone = Vous n’avez pas accès à cette organisation, ou plus maintenant. Choisissez-en une autre.

invitation-title = Rejoindre { $organization }
invitation = Vous êtes invité à rejoindre { $organization }.
invitation-by = { $inviter } vous invite à rejoindre { $organization }.
invitation-email = L’invitation est pour { $email }.
invitation-accept = Accepter l’invitation
invitation-unexpected = Si vous ne savez pas de qui vient cette invitation, fermez cette page.
invitation-expired-title = Cette invitation n’est plus valable
invitation-expired = Elle a expiré, a été retirée ou a déjà servi. Si vous l’avez déjà acceptée, connectez-vous simplement ; sinon, demandez-en une nouvelle à la personne qui vous a invité.

## Un autre programme peut-il agir pour vous ?

consent-title = Autoriser { $client } ?
consent-wants = { $client } souhaite utiliser { $resource } en votre nom.
consent-account = Votre compte
consent-at = Connecté à
consent-website = Site web
consent-sends-to = L’accès va à
consent-local = L’accès va à un programme de cet appareil. Autorisez-le seulement si vous venez de le lancer.
consent-scopes = Il souhaite
consent-allow = Autoriser
consent-deny = Refuser
consent-terms = Conditions de { $client }
consent-privacy = Confidentialité chez { $client }
consent-unchecked = Le nom a été choisi par les auteurs de { $client } ; personne ne l’a vérifié.
scope-openid = Savoir qui vous êtes
scope-email = Voir votre adresse e-mail
scope-profile = Voir votre nom et votre photo
scope-offline-access = Garder l’accès en votre absence

## Votre compte

passkey-add-title = Vous connecter plus vite la prochaine fois ?
passkey-add = Avec une clé d’accès, vous vous connectez avec votre visage, votre empreinte ou le verrouillage de votre appareil. Sans e-mail ni code.
passkey-create = Créer une clé d’accès
passkeys-title = Clés d’accès
passkeys-introduction = Avec une clé d’accès, vous vous connectez avec votre visage, votre empreinte ou le verrouillage de votre appareil.
passkeys-none = Vous n’avez pas encore de clé d’accès.
passkeys-fresh = Pour modifier vos clés d’accès, connectez-vous une nouvelle fois.
passkey-made = Créée : { $time }
passkey-used = Dernière utilisation : { $time }
passkey-never-used = Jamais utilisée
change-named = Modifier { $name }
sessions-title = Où vous êtes connecté
sessions-introduction = Si vous ne reconnaissez pas un appareil, déconnectez-le.
sessions-end-others = Se déconnecter partout ailleurs
session-current = Cet appareil
session-active = Dernière activité : { $time }
session-end-named = Déconnecter { $device }
device-unknown = Appareil inconnu

## Fournisseurs d’identité

simulator-title = Fournisseur d’identité simulé
simulator-introduction = Il joue le fournisseur d’identité de { $organization }, pour essayer l’authentification unique. Il n’existe que dans les environnements de développement.
simulator-sign-in = Se connecter
simulator-error = Ce qui échoue
simulator-fail = Répondre par cette erreur
test-good-title = La connexion fonctionne
test-good = Voici ce que le fournisseur d’identité a dit de vous.
test-attributes = Attributs
test-bad-title = La connexion ne fonctionne pas encore
test-fix = Que faire
test-details = Détails

## La fin

signed-out-title = Vous êtes déconnecté
signed-out = Vous pouvez fermer cette fenêtre.
confirm-logout-title = Se déconnecter ?
confirm-logout-stay = Pour rester connecté, fermez cette page.

## Erreurs

error-title = Cela n’a pas fonctionné
error-details = Détails pour l’assistance
error-code = Code
error-request = Requête
contact-support = Demander à { $email }

error-expired-what = Cette connexion a pris trop de temps ou a été commencée dans un autre navigateur.
error-expired-remedy = Revenez à l’application et connectez-vous à nouveau. Si cela se produit chaque fois, autorisez les cookies pour ce site.
error-application-what = L’application vous a envoyé ici avec une requête qui n’est pas valable.
error-application-remedy = Seuls les responsables de l’application peuvent y remédier. Veuillez leur envoyer les détails ci-dessous.
error-connection-what = L’authentification unique n’est pas configurée, ou est désactivée, pour votre organisation.
error-connection-remedy = Demandez à l’administrateur de votre organisation de l’activer.
error-provider-what = Votre fournisseur d’identité a donné une réponse inutilisable.
error-provider-remedy = Réessayez. Si cela se reproduit, envoyez les détails ci-dessous à l’administrateur de votre organisation.
error-gave-up-what = La connexion chez votre fournisseur d’identité n’a pas été terminée.
error-gave-up-remedy = Revenez à l’application et connectez-vous à nouveau.
error-domain-what = Votre adresse e-mail ne permet pas de se connecter ici.
error-domain-remedy = Connectez-vous avec l’adresse de votre organisation, ou demandez à son administrateur.
error-inactive-what = Votre compte est désactivé.
error-inactive-remedy = Demandez à l’administrateur de votre organisation de le réactiver.
error-denied-what = L’accès vous a été refusé.
error-denied-remedy = Demandez l’accès à l’administrateur de votre organisation.
error-sign-in-what = Vous devez d’abord vous connecter.
error-sign-in-remedy = Revenez à l’application et connectez-vous.
error-server-what = Une erreur s’est produite de notre côté.
error-server-remedy = Réessayez dans un instant. Si cela n’aide pas, envoyez les détails ci-dessous à l’assistance.
