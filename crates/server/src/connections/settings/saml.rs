//! SAML 2.0: the identity provider (IdP), and what it knows of us, the service provider (SP). `auth.md` 4.1
use super::{Problems, set};
use crate::{
    connections::{certificates::IdpCertificate, saml_metadata::IdpMetadata},
    ids::SpCertificateId,
    stored::stored_enum,
    update::Change,
};
use serde::{Deserialize, Serialize};

stored_enum! {
    /// What is asked for as NameID (SAML Core §8.3).
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    NameIdFormat {
        /// Whatever the IdP has.
        Unspecified = "UNSPECIFIED",
        /// A mail address.
        #[default]
        Email = "EMAIL",
        /// Another one each time.
        Transient = "TRANSIENT",
        /// The same each time.
        Persistent = "PERSISTENT",
    }
}
stored_enum! {
    /// How a message gets to the IdP (SAML Bindings §3.4, §3.5).
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    Binding {
        /// In a form that submits itself.
        HttpPost = "HTTP_POST",
        /// In the query of a URL.
        #[default]
        HttpRedirect = "HTTP_REDIRECT",
    }
}
stored_enum! {
    /// What must be signed. That nothing need be is in the interface and never accepted (`security.md` T3).
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    SigningOption {
        /// The response.
        ResponseOnly = "SAML_ONLY_RESPONSE_SIGNING",
        /// The assertion.
        AssertionOnly = "SAML_ONLY_ASSERTION_SIGNING",
        /// Both.
        Both = "SAML_RESPONSE_ASSERTION_SIGNING",
        /// One of them.
        #[default]
        Either = "SAML_RESPONSE_OR_ASSERTION_SIGNING",
    }
}

/// Settings of a SAML connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the interface has these switches")]
pub struct SamlSettings {
    /// Where the IdP's metadata is.
    pub metadata_url: Option<String>,
    /// Who the IdP is.
    pub entity_id: Option<String>,
    /// Where a sign-in begins.
    pub sso_url: Option<String>,
    /// Where a sign-out begins.
    pub slo_url: Option<String>,
    /// Any of these may have signed.
    pub certificates: Vec<IdpCertificate>,
    /// What is asked for as NameID.
    pub name_id_format: NameIdFormat,
    /// How requests get to `sso_url`.
    pub sso_binding: Binding,
    /// How requests get to `slo_url`.
    pub slo_binding: Binding,
    /// What must be signed.
    pub signing_option: SigningOption,
    /// Whether the IdP must ask the user again.
    pub force_authn: bool,
    /// Where to after a sign-in that began at the IdP.
    pub default_redirect_uri: Option<String>,
    /// Whether assertions are encrypted.
    pub assertion_encrypted: bool,
    /// Whether requests are signed.
    pub want_request_signed: bool,
    /// Number of our certificate (`cer_…`), for the two above.
    pub certificate: Option<i64>,
    /// Whether a sign-out here also signs out there.
    pub slo_required: bool,
    /// Our entity id, if it is not the usual one.
    pub sp_entity_id: Option<String>,
    /// Our assertion consumer service, if it is not the usual one.
    pub sp_assertion_url: Option<String>,
    /// Our single logout service, if it is not the usual one.
    pub sp_slo_url: Option<String>,
    /// Whether each sign-in overwrites the user's profile.
    pub sync_user_profile_on_login: bool,
    /// Whether a first sign-in makes the user and the membership.
    pub jit_provisioning: bool,
    /// Whether a sign-in may begin at the IdP.
    pub allow_idp_initiated_login: bool,
}

impl Default for SamlSettings {
    fn default() -> Self {
        Self {
            metadata_url: None,
            entity_id: None,
            sso_url: None,
            slo_url: None,
            certificates: Vec::new(),
            name_id_format: NameIdFormat::default(),
            sso_binding: Binding::default(),
            slo_binding: Binding::default(),
            signing_option: SigningOption::default(),
            force_authn: false,
            default_redirect_uri: None,
            assertion_encrypted: false,
            want_request_signed: false,
            certificate: None,
            slo_required: false,
            sp_entity_id: None,
            sp_assertion_url: None,
            sp_slo_url: None,
            sync_user_profile_on_login: false,
            jit_provisioning: true,
            allow_idp_initiated_login: true,
        }
    }
}

/// What to change; what is none stays, an empty text takes the value away.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "see SamlSettings")]
pub struct SamlUpdate {
    pub metadata_url: Option<String>,
    pub entity_id: Option<String>,
    pub sso_url: Option<String>,
    pub slo_url: Option<String>,
    pub certificates: Option<Vec<IdpCertificate>>,
    pub name_id_format: Option<NameIdFormat>,
    pub sso_binding: Option<Binding>,
    pub slo_binding: Option<Binding>,
    pub signing_option: Option<SigningOption>,
    pub force_authn: Option<bool>,
    pub default_redirect_uri: Option<String>,
    pub assertion_encrypted: Option<bool>,
    pub want_request_signed: Option<bool>,
    pub certificate: Change<SpCertificateId>,
    pub slo_required: Option<bool>,
    pub sp_entity_id: Option<String>,
    pub sp_assertion_url: Option<String>,
    pub sp_slo_url: Option<String>,
    pub sync_user_profile_on_login: Option<bool>,
    pub jit_provisioning: Option<bool>,
    pub ui_button_title: Option<String>,
    /// The metadata that the request names, read.
    pub metadata: Option<IdpMetadata>,
}

impl SamlUpdate {
    /// Whether the request enters the IdP itself.
    pub fn has_endpoints(&self) -> bool {
        let url = self.sso_url.as_ref().is_some_and(|url| !url.is_empty());
        url || self.certificates.as_ref().is_some_and(|certificates| !certificates.is_empty())
    }
}

impl SamlSettings {
    /// Who the IdP is, where, and how its signatures are checked; our own key, where one is needed.
    pub(super) fn is_complete(&self) -> bool {
        let needs_key = self.want_request_signed || self.assertion_encrypted;
        self.entity_id.is_some()
            && self.sso_url.is_some()
            && !self.certificates.is_empty()
            && (!needs_key || self.certificate.is_some())
    }

    /// Takes over what the IdP says of itself. Certificates that are known keep their ids.
    pub fn take_over(&mut self, metadata: IdpMetadata) {
        self.entity_id = Some(metadata.entity_id);
        (self.sso_url, self.sso_binding) = (Some(metadata.sso.0), metadata.sso.1);
        match metadata.slo {
            Some((url, binding)) => (self.slo_url, self.slo_binding) = (Some(url), binding),
            None => self.slo_url = None,
        }
        if let Some(first) = metadata.name_id_formats.first()
            && !metadata.name_id_formats.contains(&self.name_id_format)
        {
            self.name_id_format = *first;
        }
        self.set_certificates(metadata.certificates);
    }

    fn set_certificates(&mut self, mut new: Vec<IdpCertificate>) {
        for certificate in &mut new {
            let known = self.certificates.iter().find(|known| known.der == certificate.der);
            if let Some(known) = known {
                certificate.clone_from(known);
            }
        }
        self.certificates = new;
    }

    pub(super) fn update(&mut self, update: SamlUpdate, problems: &mut Problems) {
        problems.set_url("idp_metadata_url", &mut self.metadata_url, update.metadata_url);
        if let Some(metadata) = update.metadata {
            self.take_over(metadata);
        }
        problems.set_text("idp_entity_id", &mut self.entity_id, update.entity_id);
        problems.set_url("idp_sso_url", &mut self.sso_url, update.sso_url);
        problems.set_url("idp_slo_url", &mut self.slo_url, update.slo_url);
        if let Some(certificates) = update.certificates {
            self.set_certificates(certificates);
        }
        problems.set_url("default_redirect_uri", &mut self.default_redirect_uri, update.default_redirect_uri);
        problems.set_text("sp_entity_id", &mut self.sp_entity_id, update.sp_entity_id);
        problems.set_url("sp_assertion_url", &mut self.sp_assertion_url, update.sp_assertion_url);
        problems.set_url("sp_slo_url", &mut self.sp_slo_url, update.sp_slo_url);
        set(&mut self.name_id_format, update.name_id_format);
        set(&mut self.sso_binding, update.sso_binding);
        set(&mut self.slo_binding, update.slo_binding);
        set(&mut self.signing_option, update.signing_option);
        set(&mut self.force_authn, update.force_authn);
        set(&mut self.assertion_encrypted, update.assertion_encrypted);
        set(&mut self.want_request_signed, update.want_request_signed);
        set(&mut self.slo_required, update.slo_required);
        set(&mut self.sync_user_profile_on_login, update.sync_user_profile_on_login);
        set(&mut self.jit_provisioning, update.jit_provisioning);
        match update.certificate {
            Change::Keep => {}
            Change::Set(id) => self.certificate = Some(id.as_i64()),
            Change::Clear => self.certificate = None,
        }
    }
}
