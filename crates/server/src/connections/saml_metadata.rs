//! Reads what an identity provider says of itself: SAML Metadata §2.
use super::{
    certificates::{self, IdpCertificate},
    problems::url_problem,
    settings::{Binding, NameIdFormat},
};
use crate::{ids::IdpCertificateId, time::Timestamp};
use uppsala::{Document, Element, NodeId, Parser};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const SAML2: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// More than metadata of one provider has (`security.md` 1.6): the parser takes time by the square of the attributes of a
/// tag, and by the product of elements and namespaces around them.
const MAX_DEPTH: u32 = 32;
const MAX_ATTRIBUTES: usize = 40;
const MAX_TAGS: usize = 20_000;
const MAX_ENTITY_ID: usize = 1024;

/// What a connection takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Who the IdP is.
    pub entity_id: String,
    /// Where and how a sign-in begins.
    pub sso: (String, Binding),
    /// Where and how a sign-out begins.
    pub slo: Option<(String, Binding)>,
    /// With which it signs; at least one.
    pub certificates: Vec<IdpCertificate>,
    /// What it offers as NameID, in its order.
    pub name_id_formats: Vec<NameIdFormat>,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which IdP, where the document has several.
    pub entity_id: Option<&'a str>,
    /// How requests shall go, if the IdP can.
    pub binding: Binding,
    /// Whether its URLs may be plain HTTP.
    pub plain_http: bool,
    /// The time now.
    pub now: Timestamp,
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it, to follow "metadata that".
pub fn parse(
    bytes: &[u8],
    wanted: Wanted<'_>,
    new_id: impl FnMut() -> IdpCertificateId,
) -> Result<IdpMetadata, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    check_shape(text)?;
    let parser = Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(MAX_DEPTH);
    let document = parser.parse(text).map_err(|error| format!("is not proper XML: {error}"))?;
    let reader = Reader { document: &document, wanted };
    let (entity, idp) = reader.provider()?;
    let entity_id = reader.attribute(entity, "entityID").ok_or("has no entityID")?.to_owned();
    if entity_id.is_empty() || entity_id.len() > MAX_ENTITY_ID {
        return Err("has an entityID that is empty or longer than 1024 characters".to_owned());
    }
    Ok(IdpMetadata {
        entity_id,
        sso: reader
            .endpoint(idp, "SingleSignOnService")?
            .ok_or("has no SingleSignOnService with the HTTP-Redirect or HTTP-POST binding")?,
        slo: reader.endpoint(idp, "SingleLogoutService")?,
        certificates: reader.certificates(idp, new_id)?,
        name_id_formats: reader.name_id_formats(idp),
    })
}

/// In well-formed XML `<` begins each tag and stands in none, and each attribute has two quotes.
fn check_shape(text: &str) -> Result<(), String> {
    let mut tags = 0;
    for part in text.split('<') {
        tags += 1;
        let quotes = part.bytes().filter(|byte| matches!(byte, b'"' | b'\'')).count();
        if tags > MAX_TAGS || quotes > 2 * MAX_ATTRIBUTES {
            return Err("is larger than that of one identity provider".to_owned());
        }
    }
    Ok(())
}

struct Reader<'d> {
    document: &'d Document<'d>,
    wanted: Wanted<'d>,
}

impl Reader<'_> {
    fn children(&self, node: NodeId, name: &str) -> Vec<NodeId> {
        self.document.child_elements_by_name_ns(node, MD, name)
    }

    /// An attribute of SAML's own: those have no namespace.
    fn attribute(&self, node: NodeId, name: &str) -> Option<&str> {
        let attributes = &self.document.element(node)?.attributes;
        let found = attributes
            .iter()
            .find(|attribute| attribute.name.namespace_uri.is_none() && attribute.name.local_name == name);
        found.map(|attribute| attribute.value.as_ref().trim())
    }

    /// The entity that is an IdP, and its role as one.
    fn provider(&self) -> Result<(NodeId, NodeId), String> {
        let root = self.document.document_element().ok_or("is empty")?;
        let is =
            |name| self.document.element(root).is_some_and(|e: &Element<'_>| e.matches_name_ns(MD, name));
        self.check_expiry(root)?;
        let entities = if is("EntityDescriptor") {
            vec![root]
        } else if is("EntitiesDescriptor") {
            self.children(root, "EntityDescriptor")
        } else {
            return Err("is not SAML metadata: its root must be EntityDescriptor".to_owned());
        };
        let mut providers = entities.iter().filter_map(|&entity| {
            let is_wanted = match self.wanted.entity_id {
                Some(id) if entities.len() > 1 => self.attribute(entity, "entityID") == Some(id),
                _ => true,
            };
            let roles = self.children(entity, "IDPSSODescriptor");
            let role = roles.into_iter().find(|&role| {
                let protocols = self.attribute(role, "protocolSupportEnumeration").unwrap_or_default();
                protocols.split_ascii_whitespace().any(|protocol| protocol == SAML2)
            });
            role.filter(|_| is_wanted).map(|role| (entity, role))
        });
        let found = providers.next().ok_or("has no identity provider for SAML 2.0 (IDPSSODescriptor)")?;
        if providers.next().is_some() {
            return Err("has several identity providers; say which one with idp_entity_id".to_owned());
        }
        self.check_expiry(found.0)?;
        Ok(found)
    }

    fn check_expiry(&self, node: NodeId) -> Result<(), String> {
        let Some(until) = self.attribute(node, "validUntil") else { return Ok(()) };
        let until: jiff::Timestamp =
            until.parse().map_err(|_| "has a validUntil that is no time in UTC".to_owned())?;
        if until.as_microsecond() <= self.wanted.now.as_micros() {
            return Err(format!("was valid until {until} only"));
        }
        Ok(())
    }

    /// Where a service is, by the binding that is wanted if it has it.
    fn endpoint(&self, idp: NodeId, service: &str) -> Result<Option<(String, Binding)>, String> {
        let found: Vec<(String, Binding)> = self
            .children(idp, service)
            .into_iter()
            .filter_map(|node| {
                let binding = match self.attribute(node, "Binding")? {
                    REDIRECT => Binding::HttpRedirect,
                    POST => Binding::HttpPost,
                    _ => return None,
                };
                Some((self.attribute(node, "Location")?.to_owned(), binding))
            })
            .collect();
        let best = found.iter().find(|(_, binding)| *binding == self.wanted.binding).or(found.first());
        let Some((url, binding)) = best else { return Ok(None) };
        match url_problem(url, self.wanted.plain_http) {
            Some(problem) => Err(format!("has a Location of {service} that {problem}")),
            None => Ok(Some((url.clone(), *binding))),
        }
    }

    /// Those for signatures. A key without a use is for everything (§2.4.1.1).
    fn certificates(
        &self,
        idp: NodeId,
        mut new_id: impl FnMut() -> IdpCertificateId,
    ) -> Result<Vec<IdpCertificate>, String> {
        let mut found: Vec<IdpCertificate> = Vec::new();
        for key in self.children(idp, "KeyDescriptor") {
            if self.attribute(key, "use").is_some_and(|purpose| purpose != "signing") {
                continue;
            }
            for info in self.document.child_elements_by_name_ns(key, DS, "KeyInfo") {
                for data in self.document.child_elements_by_name_ns(info, DS, "X509Data") {
                    for node in self.document.child_elements_by_name_ns(data, DS, "X509Certificate") {
                        let text = self.document.text_content_deep(node);
                        let parsed = certificates::parse(&text, self.wanted.now, &mut new_id);
                        for certificate in parsed.map_err(|why| format!("has a certificate that {why}"))? {
                            if found.iter().all(|known| known.der != certificate.der) {
                                found.push(certificate);
                            }
                        }
                    }
                }
            }
        }
        match found.len() {
            0 => Err("has no certificate for signatures".to_owned()),
            count if count > certificates::MAX => {
                Err("has more than 10 certificates for signatures".to_owned())
            }
            _ => Ok(found),
        }
    }

    fn name_id_formats(&self, idp: NodeId) -> Vec<NameIdFormat> {
        let known = |node| match self.document.text_content_deep(node).trim() {
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" => Some(NameIdFormat::Email),
            "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" => Some(NameIdFormat::Unspecified),
            "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" => Some(NameIdFormat::Transient),
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" => Some(NameIdFormat::Persistent),
            _ => None,
        };
        self.children(idp, "NameIDFormat").into_iter().filter_map(known).collect()
    }
}

#[cfg(test)]
mod tests;
