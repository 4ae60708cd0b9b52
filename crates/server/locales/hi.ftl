### साइन-इन के पृष्ठ हिन्दी में। हर भाषा में वही संदेश हैं, उन्हीं आर्ग्युमेंट के साथ।

## हर जगह

back = वापस
close-window = आप यह विंडो बंद कर सकते हैं।
continue = जारी रखें
delete = हटाएँ
email = ईमेल पता
family-name = उपनाम
footer-privacy = निजता
footer-support = सहायता
footer-terms = शर्तें
given-name = नाम
name = नाम
not-now = अभी नहीं
or = या
organization-name = संगठन का नाम
other-account = दूसरे खाते का उपयोग करें
other-address = दूसरे पते का उपयोग करें
rename = नाम बदलें
sign-in = साइन इन करें
sign-in-again = फिर से साइन इन करें
sign-out = साइन आउट करें
sign-up = खाता बनाएँ
signed-in-as = आप { $email } के रूप में साइन इन हैं
try-again = फिर से कोशिश करें

## आप कौन हैं?

sign-in-to = { $name } में साइन इन करें
sign-up-for = { $name } पर खाता बनाएँ
no-account = अभी खाता नहीं है?
have-account = पहले से खाता है?
continue-with = { $provider } से जारी रखें
passkey-use = पासकी से साइन इन करें
passkey-failed = यह नहीं हो पाया। फिर से कोशिश करें या कोई दूसरा तरीका चुनें।
passkey-needs-script = पासकी के लिए JavaScript चाहिए, जो इस ब्राउज़र में बंद है।

problem-email = कोई ईमेल पता लिखें, जैसे name@example.com।
problem-email-not-allowed = यहाँ इस ईमेल पते का उपयोग नहीं हो सकता। अपने काम वाले पते का उपयोग करें।
problem-passkey = यह पासकी स्वीकार नहीं हुई। फिर से कोशिश करें या कोई दूसरा तरीका चुनें।
problem-provider = { $provider } से साइन इन नहीं हो पाया। फिर से कोशिश करें या कोई दूसरा तरीका चुनें।

## ईमेल भेजा गया

code = कोड
code-title = कोड डालें
code-sent-sign-in = हमने { $email } पर एक कोड भेजा है।
code-sent-sign-up = अपना खाता बनाने के लिए वह कोड डालें जो हमने { $email } पर भेजा है।
code-sent-verify = यह पक्का करने के लिए कि { $email } आपका है, हमने उस पर एक कोड भेजा है।
code-or-link = आप उस ईमेल के लिंक का उपयोग भी कर सकते हैं।
code-digit = { $count } में से अक्षर { $number }
mail-hint = ईमेल नहीं आया? इसमें एक मिनट लग सकता है। स्पैम फ़ोल्डर भी देखें।
send-again = फिर से भेजें
notice-sent-again = हमने नया ईमेल भेजा है। पुराना अब काम नहीं करेगा।

problem-code-wrong = { $left ->
    [one] यह कोड सही नहीं है। आप { $left } बार और कोशिश कर सकते हैं।
   *[other] यह कोड सही नहीं है। आप { $left } बार और कोशिश कर सकते हैं।
}
problem-code-expired = यह कोड अब मान्य नहीं है। नया कोड मँगाएँ।
problem-too-many-mails = { $minutes ->
    [one] बहुत सारे ईमेल माँगे गए। { $minutes } मिनट बाद फिर से कोशिश करें।
   *[other] बहुत सारे ईमेल माँगे गए। { $minutes } मिनट बाद फिर से कोशिश करें।
}
problem-too-many-tries = { $minutes ->
    [one] बहुत बार कोशिश की गई। { $minutes } मिनट बाद फिर से कोशिश करें।
   *[other] बहुत बार कोशिश की गई। { $minutes } मिनट बाद फिर से कोशिश करें।
}

link-sent-title = अपना इनबॉक्स देखें
link-sent = हमने { $email } पर एक लिंक भेजा है।
link-sent-same-browser = उसे इसी डिवाइस पर, इसी ब्राउज़र में खोलें।
confirm-link-title = साइन इन जारी रखें?
confirm-link = आप { $email } के रूप में साइन इन कर रहे हैं।
confirm-link-unexpected = अगर आपने यह ईमेल अभी नहीं माँगा है, तो यह पृष्ठ बंद कर दें।
link-expired-what = यह लिंक अब मान्य नहीं है।
link-expired-remedy = उस विंडो पर लौटें जहाँ आपने शुरू किया था और नया ईमेल मँगाएँ।
other-browser-what = यह लिंक ऐसे साइन इन का है जो किसी दूसरे ब्राउज़र में शुरू हुआ था।
other-browser-remedy = लिंक को उसी ब्राउज़र में खोलें जहाँ आपने शुरू किया था, या एप्लिकेशन पर लौटकर यहाँ फिर से साइन इन करें।
link-done-title = आप साइन इन हो गए हैं
link-done = उस विंडो पर लौटें जहाँ आपने शुरू किया था: आगे का काम वहीं होगा। इसे आप बंद कर सकते हैं।

## कौन-सा संगठन?

organizations-title = संगठन चुनें
organizations-none = { $email } अभी किसी संगठन में नहीं है।
organization-invited = आपको आमंत्रण मिला है: जुड़ने के लिए चुनें
organization-invited-by = { $inviter } का आमंत्रण: जुड़ने के लिए चुनें
organization-joinable = आप अपने पते से इसमें जुड़ सकते हैं
organization-create = संगठन बनाएँ
create-title = संगठन बनाएँ
create-introduction = यहाँ आप अपनी टीम के साथ काम करते हैं।
problem-organization-name = 200 अक्षरों तक का नाम लिखें।
problem-organization-full = इस संगठन में और सदस्यों के लिए जगह नहीं है। इसके व्यवस्थापक से पूछें।
problem-organization-gone = आप इस संगठन में नहीं जा सकते, या अब नहीं जा सकते। कोई दूसरा चुनें।

invitation-title = { $organization } से जुड़ें
invitation = आपको { $organization } से जुड़ने का आमंत्रण मिला है।
invitation-by = { $inviter } ने आपको { $organization } से जुड़ने का आमंत्रण दिया है।
invitation-email = यह आमंत्रण { $email } के लिए है।
invitation-accept = आमंत्रण स्वीकार करें
invitation-unexpected = अगर आप नहीं जानते कि यह आमंत्रण किसने भेजा है, तो यह पृष्ठ बंद कर दें।
invitation-expired-title = यह आमंत्रण अब मान्य नहीं है
invitation-expired = इसकी अवधि समाप्त हो गई, इसे वापस ले लिया गया या इसका उपयोग हो चुका है। अगर आप इसे पहले ही स्वीकार कर चुके हैं, तो बस साइन इन करें; नहीं तो भेजने वाले से नया आमंत्रण माँगें।

## क्या कोई दूसरा प्रोग्राम आपकी ओर से काम कर सकता है?

consent-title = { $client } को अनुमति दें?
consent-wants = { $client } आपकी ओर से { $resource } का उपयोग करना चाहता है।
consent-account = आपका खाता
consent-at = साइन इन यहाँ
consent-website = वेबसाइट
consent-sends-to = एक्सेस किसे मिलेगा
consent-local = एक्सेस इस डिवाइस के एक प्रोग्राम को मिलेगा। अनुमति तभी दें जब आपने उसे अभी-अभी शुरू किया हो।
consent-scopes = यह चाहता है
consent-allow = अनुमति दें
consent-deny = मना करें
consent-terms = { $client } की शर्तें
consent-privacy = { $client } की निजता नीति
consent-unchecked = यह नाम { $client } बनाने वालों ने चुना है; किसी ने इसकी जाँच नहीं की है।
scope-openid = जानना कि आप कौन हैं
scope-email = आपका ईमेल पता देखना
scope-profile = आपका नाम और तस्वीर देखना
scope-offline-access = आपकी अनुपस्थिति में भी एक्सेस बनाए रखना

## आपका खाता

passkey-add-title = अगली बार और जल्दी साइन इन करें?
passkey-add = पासकी से आप अपने चेहरे, फ़िंगरप्रिंट या डिवाइस के लॉक से साइन इन करते हैं। न ईमेल, न कोड।
passkey-create = पासकी बनाएँ
passkeys-title = पासकी
passkeys-introduction = पासकी से आप अपने चेहरे, फ़िंगरप्रिंट या डिवाइस के लॉक से साइन इन करते हैं।
passkeys-none = आपके पास अभी कोई पासकी नहीं है।
passkeys-fresh = अपनी पासकी बदलने के लिए एक बार फिर साइन इन करें।
passkey-made = बनाई गई: { $time }
passkey-used = पिछला उपयोग: { $time }
passkey-never-used = कभी उपयोग नहीं हुई
change-named = { $name } बदलें
sessions-title = आप कहाँ-कहाँ साइन इन हैं
sessions-introduction = अगर आप किसी डिवाइस को नहीं पहचानते, तो उसे साइन आउट कर दें।
sessions-end-others = बाकी सब जगह से साइन आउट करें
session-current = यह डिवाइस
session-active = पिछली गतिविधि: { $time }
session-end-named = { $device } को साइन आउट करें
device-unknown = अनजान डिवाइस

## पहचान प्रदाता

simulator-title = नक़ली पहचान प्रदाता
simulator-introduction = यह { $organization } के पहचान प्रदाता की जगह काम करता है, ताकि सिंगल साइन-ऑन आज़माया जा सके। यह केवल विकास के परिवेशों में होता है।
simulator-sign-in = साइन इन करें
simulator-error = क्या ग़लत हो
simulator-fail = इस त्रुटि के साथ उत्तर दें
test-good-title = कनेक्शन काम कर रहा है
test-good = पहचान प्रदाता ने आपके बारे में यह बताया।
test-attributes = विशेषताएँ
test-bad-title = कनेक्शन अभी काम नहीं कर रहा है
test-fix = क्या करें
test-details = विवरण

## अंत

signed-out-title = आप साइन आउट हो गए हैं
signed-out = आप यह विंडो बंद कर सकते हैं।
confirm-logout-title = साइन आउट करें?
confirm-logout-stay = साइन इन बने रहने के लिए यह पृष्ठ बंद कर दें।

## त्रुटियाँ

error-title = यह नहीं हो पाया
error-details = सहायता के लिए विवरण
error-code = कोड
error-request = अनुरोध
contact-support = { $email } से पूछें

error-expired-what = इस साइन इन में बहुत समय लग गया, या यह किसी दूसरे ब्राउज़र में शुरू हुआ था।
error-expired-remedy = एप्लिकेशन पर लौटें और फिर से साइन इन करें। अगर हर बार ऐसा हो, तो इस साइट के लिए कुकी की अनुमति दें।
error-application-what = एप्लिकेशन ने आपको ऐसे अनुरोध के साथ यहाँ भेजा है जो मान्य नहीं है।
error-application-remedy = इसे केवल एप्लिकेशन चलाने वाले ठीक कर सकते हैं। कृपया उन्हें नीचे का विवरण भेजें।
error-connection-what = आपके संगठन के लिए सिंगल साइन-ऑन सेट नहीं है या बंद है।
error-connection-remedy = अपने संगठन के व्यवस्थापक से इसे चालू करने को कहें।
error-provider-what = आपके पहचान प्रदाता ने ऐसा उत्तर दिया जिसका उपयोग नहीं हो सकता।
error-provider-remedy = फिर से कोशिश करें। अगर दोबारा ऐसा हो, तो नीचे का विवरण अपने संगठन के व्यवस्थापक को भेजें।
error-gave-up-what = आपके पहचान प्रदाता पर साइन इन पूरा नहीं हुआ।
error-gave-up-remedy = एप्लिकेशन पर लौटें और फिर से साइन इन करें।
error-domain-what = आपके ईमेल पते से यहाँ साइन इन नहीं हो सकता।
error-domain-remedy = अपने संगठन के पते से साइन इन करें, या उसके व्यवस्थापक से पूछें।
error-inactive-what = आपका खाता बंद है।
error-inactive-remedy = अपने संगठन के व्यवस्थापक से इसे फिर से चालू करने को कहें।
error-denied-what = आपको प्रवेश नहीं मिला।
error-denied-remedy = अपने संगठन के व्यवस्थापक से एक्सेस माँगें।
error-sign-in-what = पहले आपको साइन इन करना होगा।
error-sign-in-remedy = एप्लिकेशन पर लौटें और साइन इन करें।
error-server-what = हमारी ओर से कुछ गड़बड़ हो गई।
error-server-remedy = थोड़ी देर में फिर से कोशिश करें। अगर बात न बने, तो नीचे का विवरण सहायता टीम को भेजें।
