//! Connections as messages. The way back is in `updates.rs`.
use super::{
    certificates::IdpCertificate,
    lists::Listed,
    model::{ConfigurationType, Connection, ConnectionType, MASK, Provider, Status},
    ops::Whole,
    settings::{
        Binding, CodeType, EmailContent, NameIdFormat, OAuthSettings, OidcScope, OidcSettings,
        PasswordlessSettings, SamlSettings, Settings, SigningOption, TokenAuth, WebAuthnSettings,
    },
};
use crate::{
    ctx::Ctx,
    domains,
    ids::{IdpCertificateId, SpCertificateId},
    time::Timestamp,
};
use gatewright_api::scalekit::v1::connections::{
    self as pb, connection::Settings as Config, web_auth_configuration as webauthn,
};

/// Enums of the model and of the API, side by side.
macro_rules! enums {
    ($($to:ident, $from:ident: $model:ident = $pb:path { $($ours:ident = $theirs:ident),* $(,)? })*) => { $(
        fn $to(value: $model) -> i32 {
            match value { $($model::$ours => <$pb>::$theirs,)* }.into()
        }
        /// None for the unspecified one, and those that this server does not have.
        pub fn $from(number: i32) -> Option<$model> {
            match <$pb>::try_from(number) {
                $(Ok(<$pb>::$theirs) => Some($model::$ours),)*
                _ => None,
            }
        }
    )* };
}

enums! {
    kind_number, known_kind: ConnectionType = pb::ConnectionType {
        Oidc = Oidc, Saml = Saml, OAuth = Oauth, Passwordless = Passwordless, WebAuthn = Webauthn,
    }
    provider_number, known_provider: Provider = pb::ConnectionProvider {
        Okta = Okta, Google = Google, MicrosoftAd = MicrosoftAd, Auth0 = Auth0, OneLogin = Onelogin,
        PingIdentity = PingIdentity, JumpCloud = Jumpcloud, Custom = Custom, GitHub = Github, GitLab = Gitlab,
        LinkedIn = Linkedin, Salesforce = Salesforce, Microsoft = Microsoft, IdpSimulator = IdpSimulator,
        Scalekit = Scalekit, Adfs = Adfs,
    }
    status_number, known_status: Status = pb::ConnectionStatus {
        Draft = Draft, InProgress = InProgress, Completed = Completed,
    }
    configuration_number, known_configuration: ConfigurationType = pb::ConfigurationType {
        Discovery = Discovery, Manual = Manual,
    }
    scope_number, known_scope: OidcScope = pb::OidcScope {
        Openid = Openid, Profile = Profile, Email = Email, Address = Address, Phone = Phone,
    }
    token_auth_number, known_token_auth: TokenAuth = pb::TokenAuthType {
        UrlParams = UrlParams, BasicAuth = BasicAuth,
    }
    name_id_number, known_name_id: NameIdFormat = pb::NameIdFormat {
        Unspecified = Unspecified, Email = Email, Transient = Transient, Persistent = Persistent,
    }
    binding_number, known_binding: Binding = pb::RequestBinding {
        HttpPost = HttpPost, HttpRedirect = HttpRedirect,
    }
    signing_number, known_signing: SigningOption = pb::SamlSigningOptions {
        ResponseOnly = SamlOnlyResponseSigning, AssertionOnly = SamlOnlyAssertionSigning,
        Both = SamlResponseAssertionSigning, Either = SamlResponseOrAssertionSigning,
    }
    content_number, known_content: EmailContent = pb::PasswordlessType {
        Link = Link, Otp = Otp, LinkOtp = LinkOtp,
    }
    code_number, known_code: CodeType = pb::CodeChallengeType {
        Numeric = Numeric, Alphanumeric = Alphanumeric,
    }
}

/// A connection with its configuration. Secrets are masked.
pub fn connection(ctx: &Ctx, whole: Whole) -> pb::Connection {
    let Whole { connection, domains } = whole;
    let status = connection.status();
    let config = config(&connection);
    pb::Connection {
        id: connection.id.to_string(),
        provider: provider_number(connection.provider),
        r#type: kind_number(connection.kind()),
        status: status_number(status),
        enabled: connection.enabled,
        debug_enabled: connection.debug_enabled,
        organization_id: connection.organization.map(|id| id.to_string()),
        configuration_type: connection.configuration_type.map_or(0, configuration_number),
        test_connection_uri: connection.url("test"),
        ui_button_title: connection.ui_button_title,
        attribute_mapping: connection.attribute_mapping,
        create_time: Some(connection.created_at.into()),
        update_time: Some(connection.updated_at.into()),
        provider_key: connection.provider_key,
        domains: domains.into_iter().map(|domain| domains::message(ctx, domain, false)).collect(),
        // Present and empty, as the interface's samples have them.
        key_id: Some(connection.key_id.unwrap_or_default()),
        mcp_server_url: Some(String::new()),
        resolved_proxy_url: Some(String::new()),
        auth_mode: 0,
        settings: Some(config),
    }
}

/// A connection in a list.
pub fn listed(listed: Listed) -> pb::ListConnection {
    let (organization_id, organization_name) =
        listed.organization.map(|(id, name)| (id.to_string(), name)).unwrap_or_default();
    pb::ListConnection {
        id: listed.id.to_string(),
        provider: provider_number(listed.provider),
        r#type: kind_number(listed.kind),
        status: status_number(listed.status),
        enabled: listed.enabled,
        organization_id,
        ui_button_title: listed.ui_button_title,
        domains: listed.domains,
        organization_name,
        provider_key: listed.provider_key,
        key_id: listed.key_id.unwrap_or_default(),
        created_at: Some(listed.created_at.into()),
        mcp_server_url: String::new(),
        auth_mode: 0,
    }
}

fn config(connection: &Connection) -> Config {
    match &connection.settings {
        Settings::Oidc(settings) => Config::OidcConfig(oidc(connection, settings)),
        Settings::Saml(settings) => Config::SamlConfig(saml(connection, settings)),
        Settings::OAuth(settings) => {
            Config::OauthConfig(oauth(connection, settings.effective(connection.provider)))
        }
        Settings::Passwordless(settings) => Config::PasswordlessConfig(passwordless(settings)),
        Settings::WebAuthn(settings) => Config::WebauthnConfig(passkeys(settings)),
    }
}

impl Connection {
    /// A URL of its own, below that of its type.
    pub fn url(&self, path: &str) -> String {
        let kind = self.kind().as_str().to_ascii_lowercase();
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}/sso/v1/{kind}/{}{slash}{path}", self.base_url, self.id)
    }

    fn masked_secret(&self) -> Option<String> {
        self.secret_sealed.as_ref().map(|_| MASK.to_owned())
    }
}

fn oidc(connection: &Connection, settings: &OidcSettings) -> pb::OidcConnectionConfig {
    let settings = settings.clone();
    pb::OidcConnectionConfig {
        issuer: settings.issuer,
        discovery_endpoint: settings.discovery_endpoint,
        authorize_uri: settings.authorize_uri,
        token_uri: settings.token_uri,
        user_info_uri: settings.user_info_uri,
        jwks_uri: settings.jwks_uri,
        client_id: settings.client_id,
        client_secret: connection.masked_secret(),
        scopes: settings.scopes.into_iter().map(scope_number).collect(),
        token_auth_type: token_auth_number(settings.token_auth),
        redirect_uri: connection.url("callback"),
        pkce_enabled: Some(settings.pkce_enabled),
        idp_logout_required: Some(settings.idp_logout_required),
        post_logout_redirect_uri: Some(connection.url("logout/callback")),
        backchannel_logout_redirect_uri: Some(connection.url("backchannel-logout")),
        sync_user_profile_on_login: Some(settings.sync_user_profile_on_login),
        jit_provisioning_with_sso_enabled: Some(settings.jit_provisioning),
    }
}

fn oauth(connection: &Connection, settings: OAuthSettings) -> pb::OAuthConnectionConfig {
    pb::OAuthConnectionConfig {
        authorize_uri: settings.authorize_uri,
        token_uri: settings.token_uri,
        user_info_uri: settings.user_info_uri,
        client_id: settings.client_id,
        client_secret: connection.masked_secret(),
        scopes: settings.scopes,
        redirect_uri: connection.url("callback"),
        pkce_enabled: Some(settings.pkce_enabled),
        prompt: settings.prompt,
        use_platform_creds: Some(settings.use_platform_creds),
        access_type: settings.access_type,
        custom_scope_name: settings.custom_scope_name,
        sync_user_profile_on_login: Some(settings.sync_user_profile_on_login),
        token_access_type: settings.token_access_type,
        tenant_id: settings.tenant_id,
        token_endpoint_auth_method: settings.token_endpoint_auth_method,
        ..Default::default()
    }
}

fn saml(connection: &Connection, settings: &SamlSettings) -> pb::SamlConnectionConfigResponse {
    let certificates = settings.certificates.iter().map(certificate).collect();
    let ours = settings.certificate.map(|number| SpCertificateId::from_i64(number).to_string());
    let settings = settings.clone();
    pb::SamlConnectionConfigResponse {
        sp_entity_id: settings.sp_entity_id.unwrap_or_else(|| connection.url("")),
        sp_assertion_url: settings.sp_assertion_url.unwrap_or_else(|| connection.url("callback")),
        sp_metadata_url: connection.url("metadata"),
        idp_metadata_url: settings.metadata_url,
        idp_entity_id: settings.entity_id,
        idp_sso_url: settings.sso_url,
        idp_certificates: certificates,
        idp_slo_url: settings.slo_url,
        ui_button_title: Some(connection.ui_button_title.clone()).filter(|title| !title.is_empty()),
        idp_name_id_format: name_id_number(settings.name_id_format),
        idp_sso_request_binding: binding_number(settings.sso_binding),
        idp_slo_request_binding: binding_number(settings.slo_binding),
        saml_signing_option: signing_number(settings.signing_option),
        allow_idp_initiated_login: Some(settings.allow_idp_initiated_login),
        force_authn: Some(settings.force_authn),
        default_redirect_uri: settings.default_redirect_uri,
        assertion_encrypted: Some(settings.assertion_encrypted),
        want_request_signed: Some(settings.want_request_signed),
        certificate_id: ours,
        idp_slo_required: Some(settings.slo_required),
        sp_slo_url: Some(settings.sp_slo_url.unwrap_or_else(|| connection.url("slo"))),
        sync_user_profile_on_login: Some(settings.sync_user_profile_on_login),
        jit_provisioning_with_sso_enabled: Some(settings.jit_provisioning),
    }
}

fn certificate(certificate: &IdpCertificate) -> pb::IdpCertificate {
    pb::IdpCertificate {
        certificate: certificate.der.clone(),
        create_time: Some(Timestamp::from_micros(certificate.created_at).into()),
        expiry_time: Some(Timestamp::from_micros(certificate.expires_at).into()),
        id: IdpCertificateId::from_i64(certificate.id).to_string(),
        issuer: certificate.issuer.clone(),
    }
}

fn passwordless(settings: &PasswordlessSettings) -> pb::PasswordLessConfig {
    pb::PasswordLessConfig {
        r#type: content_number(settings.content),
        frequency: Some(settings.frequency),
        validity: Some(settings.validity),
        enforce_same_browser_origin: Some(settings.enforce_same_browser_origin),
        code_challenge_length: Some(settings.code_length),
        code_challenge_type: Some(code_number(settings.code_type)),
        regenerate_passwordless_credentials_on_resend: Some(settings.regenerate_on_resend),
    }
}

fn passkeys(settings: &WebAuthnSettings) -> pb::WebAuthConfiguration {
    let settings = settings.clone();
    let duration = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let authenticators = settings.authenticators;
    pb::WebAuthConfiguration {
        rp: Some(webauthn::Rp { ids: settings.rp.ids, origins: settings.rp.origins }),
        attestation: Some(webauthn::Attestation {
            conveyance_preference: Some(settings.attestation.conveyance_preference),
            enterprise_approved_ids: settings.attestation.enterprise_approved_ids,
        }),
        authenticators: Some(webauthn::Authenticators {
            validate_entry: Some(authenticators.validate_entry),
            validate_entry_permit_zero_aaguid: Some(authenticators.validate_entry_permit_zero_aaguid),
            validate_anchors: Some(authenticators.validate_anchors),
            validate_status: Some(authenticators.validate_status),
            validate_attestation_type: Some(authenticators.validate_attestation_type),
            desired_authenticator_status: authenticators.desired_status,
            undesired_authenticator_status: authenticators.undesired_status,
        }),
        authenticator_selection: Some(webauthn::AuthenticatorSelection {
            user_verification: Some(settings.selection.user_verification),
            authenticator_attachment: settings.selection.attachment,
        }),
        timeout: Some(webauthn::Timeout {
            registration: duration(settings.timeouts.registration),
            registration_uvd: duration(settings.timeouts.registration_uvd),
            login: duration(settings.timeouts.login),
            login_uvd: duration(settings.timeouts.login_uvd),
        }),
        enable_auto_registration: settings.auto_registration,
        show_passkey_button: settings.show_button,
        enable_conditional_login: settings.conditional_login,
    }
}
