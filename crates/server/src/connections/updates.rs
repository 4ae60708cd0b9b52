//! Updates of connections from their messages. What a request leaves out is none.
use super::{
    certificates::{self, IdpCertificate},
    messages::{
        known_binding, known_code, known_configuration, known_content, known_kind, known_name_id,
        known_provider, known_scope, known_signing, known_token_auth,
    },
    model::{ConnectionType, ConnectionUpdate, Provider},
    settings::{
        Attestation, Authenticators, OAuthUpdate, OidcUpdate, PasswordlessUpdate, RelyingParty, SamlUpdate,
        Selection, SettingsUpdate, Timeouts, WebAuthnUpdate,
    },
};
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
    ids,
    secret::Secret,
    update::Change,
};
use gatewright_api::scalekit::v1::connections::{
    self as pb, update_connection::Settings as Config, web_auth_configuration as webauthn,
};

type Reply<T> = Result<T, Error>;

/// The value of an enum; none for the unspecified one.
fn known<T>(field: &'static str, number: i32, known: impl Fn(i32) -> Option<T>) -> Reply<Option<T>> {
    match (number, known(number)) {
        (0, _) => Ok(None),
        (_, Some(value)) => Ok(Some(value)),
        (_, None) => Err(Error::invalid(field, "enum.defined_only", "is no value that is possible here")),
    }
}

/// Not empty, if it is there.
fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The provider that a request names.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub fn provider(number: i32) -> Reply<Option<Provider>> {
    known("connection.provider", number, known_provider)
}

/// The type that a request names.
///
/// # Errors
/// `INVALID_ARGUMENT`, also for the types of agent connectors.
pub fn kind(field: &'static str, number: i32) -> Reply<Option<ConnectionType>> {
    match (number, known_kind(number)) {
        (0, _) => Ok(None),
        (_, Some(kind)) => Ok(Some(kind)),
        (_, None) => {
            let text =
                "must be OIDC, SAML, OAUTH, PASSWORDLESS or WEBAUTHN: others are not built in this server";
            Err(Error::invalid(field, "connection.type", text))
        }
    }
}

/// What an update says.
///
/// # Errors
/// `INVALID_ARGUMENT`; `UNIMPLEMENTED` for the settings of agent connectors.
pub fn update(ctx: &Ctx, new: pb::UpdateConnection) -> Reply<ConnectionUpdate> {
    let settings = match new.settings {
        None => None,
        Some(Config::OidcConfig(config)) => Some(SettingsUpdate::Oidc(oidc(config)?)),
        Some(Config::SamlConfig(config)) => Some(SettingsUpdate::Saml(saml(ctx, config)?)),
        Some(Config::OauthConfig(config)) => Some(SettingsUpdate::OAuth(oauth(config))),
        Some(Config::PasswordlessConfig(config)) => Some(SettingsUpdate::Passwordless(passwordless(config)?)),
        Some(Config::WebauthnConfig(config)) => Some(SettingsUpdate::WebAuthn(passkeys(config))),
        Some(Config::StaticConfig(_) | Config::GoogleDwdConfig(_)) => {
            let text = "static_config and google_dwd_config are of agent connectors, which are not built in this server";
            return Err(Error::new(Kind::Unimplemented, text));
        }
    };
    Ok(ConnectionUpdate {
        kind: kind("connection.type", new.r#type)?,
        provider: provider(new.provider)?,
        provider_key: given(new.provider_key),
        key_id: new.key_id.and_then(given),
        debug_enabled: new.debug_enabled,
        ui_button_title: new.ui_button_title,
        configuration_type: known(
            "connection.configuration_type",
            new.configuration_type,
            known_configuration,
        )?,
        // On the wire an empty map is none.
        attribute_mapping: Some(new.attribute_mapping).filter(|mapping| !mapping.is_empty()),
        settings,
    })
}

fn oidc(config: pb::OidcConnectionConfig) -> Reply<OidcUpdate> {
    let mut scopes = Vec::new();
    for number in config.scopes {
        let scope = known("connection.oidc_config.scopes", number, known_scope)?;
        scopes.extend(scope.filter(|scope| !scopes.contains(scope)));
    }
    Ok(OidcUpdate {
        issuer: config.issuer,
        discovery_endpoint: config.discovery_endpoint,
        authorize_uri: config.authorize_uri,
        token_uri: config.token_uri,
        user_info_uri: config.user_info_uri,
        jwks_uri: config.jwks_uri,
        client_id: config.client_id,
        client_secret: config.client_secret.map(Secret::new),
        scopes: Some(scopes).filter(|scopes| !scopes.is_empty()),
        token_auth: known(
            "connection.oidc_config.token_auth_type",
            config.token_auth_type,
            known_token_auth,
        )?,
        pkce_enabled: config.pkce_enabled,
        idp_logout_required: config.idp_logout_required,
        sync_user_profile_on_login: config.sync_user_profile_on_login,
        jit_provisioning: config.jit_provisioning_with_sso_enabled,
        discovered: None,
    })
}

fn oauth(config: pb::OAuthConnectionConfig) -> OAuthUpdate {
    OAuthUpdate {
        authorize_uri: config.authorize_uri,
        token_uri: config.token_uri,
        user_info_uri: config.user_info_uri,
        client_id: config.client_id,
        client_secret: config.client_secret.map(Secret::new),
        scopes: Some(config.scopes).filter(|scopes| !scopes.is_empty()),
        pkce_enabled: config.pkce_enabled,
        prompt: config.prompt,
        access_type: config.access_type,
        token_access_type: config.token_access_type,
        custom_scope_name: config.custom_scope_name,
        tenant_id: config.tenant_id,
        token_endpoint_auth_method: config.token_endpoint_auth_method,
        sync_user_profile_on_login: config.sync_user_profile_on_login,
        use_platform_creds: config.use_platform_creds,
    }
}

fn saml(ctx: &Ctx, config: pb::SamlConnectionConfigRequest) -> Reply<SamlUpdate> {
    let certificate = match config.certificate_id {
        None => Change::Keep,
        Some(id) if id.is_empty() => Change::Clear,
        Some(id) => Change::Set(ids::parse("connection.saml_config.certificate_id", &id)?),
    };
    let binding = |field, number| known(field, number, known_binding);
    Ok(SamlUpdate {
        metadata_url: config.idp_metadata_url,
        entity_id: config.idp_entity_id,
        sso_url: config.idp_sso_url,
        slo_url: config.idp_slo_url,
        certificates: idp_certificates(ctx, config.idp_certificate)?,
        name_id_format: known(
            "connection.saml_config.idp_name_id_format",
            config.idp_name_id_format,
            known_name_id,
        )?,
        sso_binding: binding(
            "connection.saml_config.idp_sso_request_binding",
            config.idp_sso_request_binding,
        )?,
        slo_binding: binding(
            "connection.saml_config.idp_slo_request_binding",
            config.idp_slo_request_binding,
        )?,
        signing_option: signing_option(config.saml_signing_option)?,
        force_authn: config.force_authn,
        default_redirect_uri: config.default_redirect_uri,
        assertion_encrypted: config.assertion_encrypted,
        want_request_signed: config.want_request_signed,
        certificate,
        slo_required: config.idp_slo_required,
        sp_entity_id: config.sp_entity_id,
        sp_assertion_url: config.sp_assertion_url,
        sp_slo_url: config.sp_slo_url,
        sync_user_profile_on_login: config.sync_user_profile_on_login,
        jit_provisioning: config.jit_provisioning_with_sso_enabled,
        ui_button_title: config.ui_button_title,
        metadata: None,
    })
}

/// An empty text takes all away.
fn idp_certificates(ctx: &Ctx, text: Option<String>) -> Reply<Option<Vec<IdpCertificate>>> {
    let Some(text) = text else { return Ok(None) };
    if text.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let parsed = certificates::parse(&text, ctx.now(), || ctx.new_id());
    parsed
        .map(Some)
        .map_err(|why| Error::invalid("connection.saml_config.idp_certificate", "certificate", why))
}

/// `security.md` T3
fn signing_option(number: i32) -> Reply<Option<super::settings::SigningOption>> {
    const FIELD: &str = "connection.saml_config.saml_signing_option";
    if number == i32::from(pb::SamlSigningOptions::NoSigning) {
        let text = "must not be NO_SIGNING: anybody could sign in as anybody";
        return Err(Error::invalid(FIELD, "signing", text));
    }
    known(FIELD, number, known_signing)
}

fn passwordless(config: pb::PasswordLessConfig) -> Reply<PasswordlessUpdate> {
    let code_type = config.code_challenge_type.unwrap_or_default();
    Ok(PasswordlessUpdate {
        content: known("connection.passwordless_config.type", config.r#type, known_content)?,
        frequency: config.frequency,
        validity: config.validity,
        enforce_same_browser_origin: config.enforce_same_browser_origin,
        code_length: config.code_challenge_length,
        code_type: known("connection.passwordless_config.code_challenge_type", code_type, known_code)?,
        regenerate_on_resend: config.regenerate_passwordless_credentials_on_resend,
    })
}

fn passkeys(config: pb::WebAuthConfiguration) -> WebAuthnUpdate {
    let seconds = |duration: Option<prost_types::Duration>, usual| duration.map_or(usual, |it| it.seconds);
    let usual = Timeouts::default();
    WebAuthnUpdate {
        rp: config.rp.map(|rp| RelyingParty { ids: rp.ids, origins: rp.origins }),
        attestation: config.attestation.map(|new| Attestation {
            conveyance_preference: new
                .conveyance_preference
                .unwrap_or_else(|| Attestation::default().conveyance_preference),
            enterprise_approved_ids: new.enterprise_approved_ids,
        }),
        authenticators: config.authenticators.map(authenticators),
        selection: config.authenticator_selection.map(|new| Selection {
            user_verification: new
                .user_verification
                .unwrap_or_else(|| Selection::default().user_verification),
            attachment: new.authenticator_attachment.and_then(given),
        }),
        timeouts: config.timeout.map(|new| Timeouts {
            registration: seconds(new.registration, usual.registration),
            registration_uvd: seconds(new.registration_uvd, usual.registration_uvd),
            login: seconds(new.login, usual.login),
            login_uvd: seconds(new.login_uvd, usual.login_uvd),
        }),
        auto_registration: config.enable_auto_registration,
        show_button: config.show_passkey_button,
        conditional_login: config.enable_conditional_login,
    }
}

fn authenticators(new: webauthn::Authenticators) -> Authenticators {
    let usual = Authenticators::default();
    Authenticators {
        validate_entry: new.validate_entry.unwrap_or(usual.validate_entry),
        validate_entry_permit_zero_aaguid: new
            .validate_entry_permit_zero_aaguid
            .unwrap_or(usual.validate_entry_permit_zero_aaguid),
        validate_anchors: new.validate_anchors.unwrap_or(usual.validate_anchors),
        validate_status: new.validate_status.unwrap_or(usual.validate_status),
        validate_attestation_type: new.validate_attestation_type.unwrap_or(usual.validate_attestation_type),
        desired_status: new.desired_authenticator_status,
        undesired_status: new.undesired_authenticator_status,
    }
}
