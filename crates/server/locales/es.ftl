### Páginas de inicio de sesión en español. Cada idioma tiene los mismos mensajes con los mismos argumentos.

## En todas partes

back = Volver
close-window = Ya puede cerrar esta ventana.
continue = Continuar
delete = Eliminar
email = Correo electrónico
family-name = Apellidos
footer-privacy = Privacidad
footer-support = Ayuda
footer-terms = Condiciones
given-name = Nombre
name = Nombre
not-now = Ahora no
or = o
organization-name = Nombre de la organización
other-account = Usar otra cuenta
other-address = Usar otra dirección
rename = Cambiar nombre
sign-in = Iniciar sesión
sign-in-again = Volver a iniciar sesión
sign-out = Cerrar sesión
sign-up = Crear una cuenta
signed-in-as = Ha iniciado sesión como { $email }
try-again = Intentar de nuevo

## ¿Quién es usted?

sign-in-to = Inicie sesión en { $name }
sign-up-for = Cree una cuenta en { $name }
no-account = ¿Aún no tiene cuenta?
have-account = ¿Ya tiene una cuenta?
continue-with = Continuar con { $provider }
passkey-use = Iniciar sesión con una llave de acceso
passkey-failed = No ha funcionado. Inténtelo de nuevo o elija otra forma.
passkey-needs-script = Las llaves de acceso necesitan JavaScript, que está desactivado en este navegador.

problem-email = Escriba un correo electrónico, por ejemplo nombre@example.com.
problem-email-not-allowed = Este correo no se puede usar aquí. Use el de su trabajo.
problem-passkey = No se ha aceptado esta llave de acceso. Inténtelo de nuevo o elija otra forma.
problem-provider = No se ha podido iniciar sesión con { $provider }. Inténtelo de nuevo o elija otra forma.

## Se ha enviado un correo

code = Código
code-title = Introduzca el código
code-sent-sign-in = Hemos enviado un código a { $email }.
code-sent-sign-up = Para crear su cuenta, introduzca el código que hemos enviado a { $email }.
code-sent-verify = Para comprobar que { $email } es suyo, hemos enviado un código a esa dirección.
code-or-link = También puede usar el enlace de ese correo.
code-digit = Carácter { $number } de { $count }
mail-hint = ¿No llega el correo? Puede tardar un minuto. Mire también en la carpeta de spam.
send-again = Enviar otra vez
notice-sent-again = Hemos enviado un correo nuevo. El anterior ya no sirve.

problem-code-wrong = { $left ->
    [one] Este código no es correcto. Le queda un intento.
   *[other] Este código no es correcto. Le quedan { $left } intentos.
}
problem-code-expired = Este código ya no es válido. Pida uno nuevo.
problem-too-many-mails = { $minutes ->
    [one] Se han pedido demasiados correos. Inténtelo de nuevo en un minuto.
   *[other] Se han pedido demasiados correos. Inténtelo de nuevo en { $minutes } minutos.
}
problem-too-many-tries = { $minutes ->
    [one] Ha habido demasiados intentos. Inténtelo de nuevo en un minuto.
   *[other] Ha habido demasiados intentos. Inténtelo de nuevo en { $minutes } minutos.
}

link-sent-title = Revise su correo
link-sent = Hemos enviado un enlace a { $email }.
link-sent-same-browser = Ábralo en este navegador y en este dispositivo.
confirm-link-title = ¿Continuar con el inicio de sesión?
confirm-link = Va a iniciar sesión como { $email }.
confirm-link-unexpected = Si no acaba de pedir este correo, cierre esta página.
link-expired-what = Este enlace ya no es válido.
link-expired-remedy = Vuelva a la ventana en la que empezó y pida un correo nuevo.
other-browser-what = Este enlace pertenece a un inicio de sesión que se empezó en otro navegador.
other-browser-remedy = Abra el enlace en el navegador en el que empezó, o vuelva a la aplicación e inicie sesión aquí de nuevo.
link-done-title = Ha iniciado sesión
link-done = Vuelva a la ventana en la que empezó: allí continúa. Esta ya puede cerrarla.

## ¿Qué organización?

organizations-title = Elija una organización
organizations-none = { $email } todavía no pertenece a ninguna organización.
organization-invited = Tiene una invitación: elíjala para unirse
organization-invited-by = Invitación de { $inviter }: elíjala para unirse
organization-joinable = Su correo le permite unirse
organization-create = Crear una organización
create-title = Cree una organización
create-introduction = Es el lugar donde trabaja con su equipo.
problem-organization-name = Escriba un nombre de 200 caracteres como máximo.
problem-organization-full = En esta organización no hay sitio para más miembros. Pregunte a su administrador.
problem-organization-gone = No puede entrar en esta organización, o ya no. Elija otra.

invitation-title = Únase a { $organization }
invitation = Tiene una invitación para unirse a { $organization }.
invitation-by = { $inviter } le invita a unirse a { $organization }.
invitation-email = La invitación es para { $email }.
invitation-accept = Aceptar la invitación
invitation-unexpected = Si no sabe de quién viene esta invitación, cierre esta página.
invitation-expired-title = Esta invitación ya no es válida
invitation-expired = Ha caducado, se ha retirado o ya se ha usado. Si ya la aceptó, simplemente inicie sesión; si no, pida una nueva a quien le invitó.

## ¿Puede otro programa actuar por usted?

consent-title = ¿Permitir el acceso a { $client }?
consent-wants = { $client } quiere usar { $resource } en su nombre.
consent-account = Su cuenta
consent-at = Sesión iniciada en
consent-website = Sitio web
consent-sends-to = El acceso va a
consent-local = El acceso va a un programa de este dispositivo. Permítalo solo si acaba de iniciarlo usted.
consent-scopes = Quiere
consent-allow = Permitir
consent-deny = Rechazar
consent-terms = Condiciones de { $client }
consent-privacy = Privacidad en { $client }
consent-unchecked = El nombre lo han elegido los autores de { $client }; nadie lo ha comprobado.
scope-openid = Saber quién es usted
scope-email = Ver su correo electrónico
scope-profile = Ver su nombre y su imagen
scope-offline-access = Conservar el acceso cuando usted no esté

## Su cuenta

passkey-add-title = ¿Entrar más rápido la próxima vez?
passkey-add = Con una llave de acceso entra con su cara, su huella o el bloqueo de su dispositivo. Sin correos ni códigos.
passkey-create = Crear una llave de acceso
passkeys-title = Llaves de acceso
passkeys-introduction = Con una llave de acceso entra con su cara, su huella o el bloqueo de su dispositivo.
passkeys-none = Todavía no tiene ninguna llave de acceso.
passkeys-fresh = Para cambiar sus llaves de acceso, inicie sesión una vez más.
passkey-made = Creada: { $time }
passkey-used = Último uso: { $time }
passkey-never-used = Nunca usada
change-named = Cambiar { $name }
sessions-title = Dónde tiene la sesión iniciada
sessions-introduction = Si no reconoce un dispositivo, cierre su sesión.
sessions-end-others = Cerrar sesión en todos los demás
session-current = Este dispositivo
session-active = Última actividad: { $time }
session-end-named = Cerrar la sesión de { $device }
device-unknown = Dispositivo desconocido

## Proveedores de identidad

simulator-title = Proveedor de identidad simulado
simulator-introduction = Representa al proveedor de identidad de { $organization } para poder probar el inicio de sesión único. Solo existe en entornos de desarrollo.
simulator-sign-in = Iniciar sesión
simulator-error = Qué falla
simulator-fail = Responder con este error
test-good-title = La conexión funciona
test-good = Esto es lo que el proveedor de identidad ha dicho de usted.
test-attributes = Atributos
test-bad-title = La conexión todavía no funciona
test-fix = Qué hacer
test-details = Detalles

## El final

signed-out-title = Ha cerrado la sesión
signed-out = Ya puede cerrar esta ventana.
confirm-logout-title = ¿Cerrar la sesión?
confirm-logout-stay = Para mantener la sesión, cierre esta página.

## Errores

error-title = No ha funcionado
error-details = Detalles para el soporte
error-code = Código
error-request = Petición
contact-support = Preguntar a { $email }

error-expired-what = Este inicio de sesión ha tardado demasiado o se empezó en otro navegador.
error-expired-remedy = Vuelva a la aplicación e inicie sesión otra vez. Si ocurre siempre, permita las cookies de este sitio.
error-application-what = La aplicación le ha enviado aquí con una petición que no es válida.
error-application-remedy = Solo los responsables de la aplicación pueden arreglarlo. Envíeles los detalles de abajo.
error-connection-what = El inicio de sesión único de su organización no está configurado o está desactivado.
error-connection-remedy = Pida al administrador de su organización que lo active.
error-provider-what = Su proveedor de identidad ha dado una respuesta que no se puede usar.
error-provider-remedy = Inténtelo de nuevo. Si vuelve a ocurrir, envíe los detalles de abajo al administrador de su organización.
error-gave-up-what = No se ha terminado de iniciar sesión en su proveedor de identidad.
error-gave-up-remedy = Vuelva a la aplicación e inicie sesión otra vez.
error-domain-what = Con su correo electrónico no se puede iniciar sesión aquí.
error-domain-remedy = Use el correo de su organización o pregunte a su administrador.
error-inactive-what = Su cuenta está desactivada.
error-inactive-remedy = Pida al administrador de su organización que la active de nuevo.
error-denied-what = No se le ha permitido entrar.
error-denied-remedy = Pida acceso al administrador de su organización.
error-sign-in-what = Primero tiene que iniciar sesión.
error-sign-in-remedy = Vuelva a la aplicación e inicie sesión.
error-server-what = Algo ha fallado por nuestra parte.
error-server-remedy = Inténtelo de nuevo dentro de un momento. Si no ayuda, envíe los detalles de abajo al soporte.
