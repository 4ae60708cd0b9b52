//! Which organization: one of the person's, one that can be joined, or a new one.
use super::{
    Look, Text,
    page::{Forms, page},
};

/// The organizations of a person. Its form posts `csrf`, and `organization_id` or `create=1`.
#[derive(Clone, Debug, Default)]
pub struct ChooseOrganization {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// Who chooses.
    pub email: String,
    /// What was wrong with the last choice.
    pub problem: Option<Text>,
    /// In the order in which they are shown.
    pub organizations: Vec<OrganizationChoice>,
    /// Whether a new one may be made.
    pub can_create: bool,
    /// To start again as somebody else.
    pub sign_out_href: String,
}

/// One organization.
#[derive(Clone, Debug)]
pub struct OrganizationChoice {
    /// `org_…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo_url: Option<String>,
    /// What the person is to it.
    pub status: OrganizationStatus,
}

/// What a person is to an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationStatus {
    /// In it.
    Member,
    /// Asked to come; choosing it accepts.
    Invited {
        /// Who asked.
        inviter: Option<String>,
    },
    /// The domain of the person's address lets in.
    Joinable,
}

impl OrganizationChoice {
    /// What is said below its name.
    fn note(&self, look: &Look) -> Option<String> {
        match &self.status {
            OrganizationStatus::Member => None,
            OrganizationStatus::Invited { inviter: None } => Some(look.t("organization-invited")),
            OrganizationStatus::Invited { inviter: Some(inviter) } => {
                Some(look.with("organization-invited-by", "inviter", inviter))
            }
            OrganizationStatus::Joinable => Some(look.t("organization-joinable")),
        }
    }

    /// Its first letter, where it has no logo.
    fn initial(&self) -> String {
        let letter = self.name.chars().find(|letter| letter.is_alphanumeric());
        letter.map_or_else(String::new, |letter| letter.to_uppercase().collect())
    }
}

page!(ChooseOrganization, "choose_organization", "pages/choose_organization.html", Forms::Leave);

impl ChooseOrganization {
    fn examples() -> Vec<Self> {
        let choice = |id: u32, name: &str, status| OrganizationChoice {
            id: format!("org_{id}"),
            name: name.to_owned(),
            logo_url: None,
            status,
        };
        let plain = Self {
            csrf: "csrf".to_owned(),
            action: "/a/auth/organizations?request=req_1".to_owned(),
            email: "ada@example.com".to_owned(),
            problem: None,
            organizations: vec![choice(1, "Acme", OrganizationStatus::Member)],
            can_create: false,
            sign_out_href: "/a/auth/sign-out?request=req_1".to_owned(),
        };
        let invited =
            |inviter: Option<&str>| OrganizationStatus::Invited { inviter: inviter.map(str::to_owned) };
        let long = "Vereinigte Donaudampfschifffahrtsgesellschaftskapitänsvereinigungen & Partner";
        let many = vec![
            choice(1, "Acme", OrganizationStatus::Member),
            choice(2, long, OrganizationStatus::Member),
            choice(3, "<b>株式会社アナリティカル</b>", invited(Some("Grace Hopper"))),
            choice(4, "Globex", invited(None)),
            choice(5, "Initech", OrganizationStatus::Joinable),
        ];
        vec![
            Self { organizations: many, can_create: true, ..plain.clone() },
            Self { organizations: Vec::new(), can_create: true, ..plain.clone() },
            Self { problem: Some(Text::new("problem-organization-full")), ..plain.clone() },
            plain,
        ]
    }
}

/// A new organization. Posts `csrf`, `organization_name`, and if asked `given_name` and `family_name`.
#[derive(Clone, Debug, Default)]
pub struct CreateOrganization {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// What is in the field for its name.
    pub name: String,
    /// What is in that field.
    pub given_name: String,
    /// What is in that field.
    pub family_name: String,
    /// Whether the person's names are asked, too.
    pub ask_names: bool,
    /// What was wrong with the last try.
    pub problem: Option<Text>,
    /// To the choice of organizations, if there is one.
    pub back_href: Option<String>,
}

page!(CreateOrganization, "create_organization", "pages/create_organization.html", Forms::Leave);

impl CreateOrganization {
    fn examples() -> Vec<Self> {
        let plain = Self {
            csrf: "csrf".to_owned(),
            action: "/a/auth/create?request=req_1".to_owned(),
            back_href: Some("/a/auth/organizations?request=req_1".to_owned()),
            ..Self::default()
        };
        vec![
            plain.clone(),
            Self {
                ask_names: true,
                given_name: "Ada".to_owned(),
                family_name: "Lovelace".to_owned(),
                name: "\"Acme\" & <Co>".to_owned(),
                problem: Some(Text::new("problem-organization-name")),
                back_href: None,
                ..plain
            },
        ]
    }
}

/// An invitation was opened: the button accepts it. Posts `csrf`.
#[derive(Clone, Debug, Default)]
pub struct AcceptInvitation {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// Where to.
    pub organization_name: String,
    /// Who asks.
    pub inviter: Option<String>,
    /// Who is asked.
    pub email: String,
}

page!(AcceptInvitation, "accept_invitation", "pages/accept_invitation.html", Forms::Leave);

impl AcceptInvitation {
    fn introduction(&self) -> Text {
        let text = match &self.inviter {
            Some(inviter) => Text::new("invitation-by").with("inviter", inviter.as_str()),
            None => Text::new("invitation"),
        };
        text.with("organization", self.organization_name.as_str())
    }

    fn examples() -> Vec<Self> {
        let [csrf, action, organization_name, email] =
            ["csrf", "/invitation/abc", "Acme", "ada@example.com"].map(str::to_owned);
        let by = Self { csrf, action, organization_name, inviter: Some("Grace Hopper".to_owned()), email };
        vec![by.clone(), Self { inviter: None, ..by }]
    }
}

/// An invitation was opened that is not valid any more.
#[derive(Clone, Copy, Debug, Default)]
pub struct InvitationExpired {}

page!(InvitationExpired, "invitation_expired", "pages/invitation_expired.html", Forms::None);

impl InvitationExpired {
    fn examples() -> Vec<Self> {
        vec![Self {}]
    }
}
