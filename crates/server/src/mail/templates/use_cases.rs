//! What templates are for, and what they may be filled with (`management.md` 12.5).
use super::super::model::UseCase;
use crate::stored::stored_enum;

stored_enum! {
    /// An occasion for a mail.
    TemplateUseCase {
        /// Former name of [`TemplateUseCase::UserLoginLink`].
        Login = "LOGIN",
        /// Former name of [`TemplateUseCase::UserLoginOtp`].
        OtpLogin = "OTP_LOGIN",
        /// An invitation to the dashboard.
        MemberInvite = "MEMBER_INVITE",
        /// An invitation to an organization.
        UserInvite = "USER_INVITE",
        /// Former name of [`TemplateUseCase::UserLoginLinkOtp`].
        UserLogin = "USER_LOGIN",
        /// Former name of [`TemplateUseCase::UserSignupLink`].
        Signup = "SIGNUP",
        /// Log in with a code.
        UserLoginOtp = "USER_LOGIN_OTP",
        /// Log in with a link.
        UserLoginLink = "USER_LOGIN_LINK",
        /// Log in with a link or a code.
        UserLoginLinkOtp = "USER_LOGIN_LINK_OTP",
        /// Sign up with a code.
        UserSignupOtp = "USER_SIGNUP_OTP",
        /// Sign up with a link.
        UserSignupLink = "USER_SIGNUP_LINK",
        /// Sign up with a link or a code.
        UserSignupLinkOtp = "USER_SIGNUP_LINK_OTP",
    }
}

impl TemplateUseCase {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Login,
        Self::OtpLogin,
        Self::MemberInvite,
        Self::UserInvite,
        Self::UserLogin,
        Self::Signup,
        Self::UserLoginOtp,
        Self::UserLoginLink,
        Self::UserLoginLinkOtp,
        Self::UserSignupOtp,
        Self::UserSignupLink,
        Self::UserSignupLinkOtp,
    ];

    /// The mail of ours that it is like.
    pub const fn like(self) -> UseCase {
        match self {
            Self::MemberInvite | Self::UserInvite => UseCase::UserInvite,
            Self::OtpLogin | Self::UserLoginOtp => UseCase::UserLoginOtp,
            Self::Login | Self::UserLoginLink => UseCase::UserLoginLink,
            Self::UserLogin | Self::UserLoginLinkOtp => UseCase::UserLoginLinkOtp,
            Self::UserSignupOtp => UseCase::UserSignupOtp,
            Self::Signup | Self::UserSignupLink => UseCase::UserSignupLink,
            Self::UserSignupLinkOtp => UseCase::UserSignupLinkOtp,
        }
    }

    /// Whether such mails are sent: the others are names of former times, or of mails to come.
    pub fn is_sent(self) -> bool {
        self.as_str() == self.like().name()
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Login => "Login (former)",
            Self::OtpLogin => "Login by code (former)",
            Self::MemberInvite => "Invitation to the dashboard",
            Self::UserInvite => "Invitation to an organization",
            Self::UserLogin => "Login by link or code (former)",
            Self::Signup => "Sign-up (former)",
            Self::UserLoginOtp => "Login by code",
            Self::UserLoginLink => "Login by link",
            Self::UserLoginLinkOtp => "Login by link or code",
            Self::UserSignupOtp => "Sign-up by code",
            Self::UserSignupLink => "Sign-up by link",
            Self::UserSignupLinkOtp => "Sign-up by link or code",
        }
    }

    /// When it is sent.
    pub const fn description(self) -> &'static str {
        match self.like() {
            UseCase::UserInvite => "Somebody is invited; the link accepts the invitation.",
            UseCase::UserLoginOtp => "A user logs in; the code proves the address.",
            UseCase::UserLoginLink => "A user logs in; the link proves the address.",
            UseCase::UserLoginLinkOtp => "A user logs in; the link or the code proves the address.",
            UseCase::UserSignupOtp => "A user signs up; the code proves the address.",
            UseCase::UserSignupLink => "A user signs up; the link proves the address.",
            UseCase::UserSignupLinkOtp => "A user signs up; the link or the code proves the address.",
        }
    }

    /// What its templates may use.
    pub fn placeholders(self) -> impl Iterator<Item = &'static Placeholder> {
        let (code, link) = match self.like() {
            UseCase::UserLoginOtp | UseCase::UserSignupOtp => (true, false),
            UseCase::UserLoginLinkOtp | UseCase::UserSignupLinkOtp => (true, true),
            UseCase::UserInvite | UseCase::UserLoginLink | UseCase::UserSignupLink => (false, true),
        };
        PLACEHOLDERS.iter().filter(move |placeholder| match placeholder.name {
            "otp" => code,
            "link" => link,
            _ => true,
        })
    }
}

/// A variable that the server fills in.
#[derive(Clone, Copy, Debug)]
pub struct Placeholder {
    /// `app_name`
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it stands for.
    pub description: &'static str,
    /// Group in which to show it.
    pub category: &'static str,
    /// Order of the group.
    pub category_priority: i32,
}

macro_rules! placeholders {
    ($($name:literal, $title:literal, $description:literal, $category:literal, $priority:literal;)*) => {
        /// All of them.
        pub const PLACEHOLDERS: &[Placeholder] = &[$(Placeholder {
            name: $name,
            title: $title,
            description: $description,
            category: $category,
            category_priority: $priority,
        }),*];
    };
}

placeholders! {
    "otp", "Code", "The code to type in.", "This mail", 1;
    "link", "Link", "The URL that accepts, logs in or signs up.", "This mail", 1;
    "expiry_time_relative", "Valid for", "How long code and link are valid, such as \"14 days, 6 hours\".", "This mail", 1;
    "user_name", "Name", "The user's name, if it is known.", "User", 2;
    "user_email", "Address", "The user's e-mail address.", "User", 2;
    "organization_name", "Organization", "The organization that it is about, if any.", "Organization", 3;
    "app_name", "Application", "The application's name.", "Application", 4;
    "app_logo_url", "Logo", "URL of the application's logo, if the call gave one.", "Application", 4;
    "app_support_email", "Support", "Address for questions, if the call gave one.", "Application", 4;
    "app_organization_meta_name", "Word for organizations", "What the application calls an organization.", "Application", 4;
}
