//! An organization's own session limits, which can only be stricter than the application's.
use crate::{
    environments::{ABSOLUTE, ApplicationSessionPolicy, Environment, IDLE, Limit},
    error::Error,
};

/// Whose limits count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicySource {
    /// The application's.
    #[default]
    Application,
    /// The stricter of the application's and the organization's own.
    Custom,
}

impl PolicySource {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "APPLICATION",
            Self::Custom => "CUSTOM",
        }
    }
    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        if text == "CUSTOM" { Self::Custom } else { Self::Application }
    }
}

/// An organization's session policy. The limits are remembered while the application's count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Whose limits count.
    pub source: PolicySource,
    /// Minutes that a session may last at all.
    pub absolute_minutes: Option<i32>,
    /// Whether idle sessions end.
    pub idle_enabled: Option<bool>,
    /// Minutes without use after which a session ends.
    pub idle_minutes: Option<i32>,
}

impl SessionPolicy {
    /// The organization's own limits, checked: absolute > idle > the application's access token.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn custom(
        environment: &Environment,
        absolute: Option<Limit>,
        idle_enabled: Option<bool>,
        idle: Option<Limit>,
    ) -> Result<Self, Error> {
        const ABSOLUTE_FIELD: &str = "absolute_session_timeout";
        const IDLE_FIELD: &str = "idle_session_timeout";
        let required = |field| Error::invalid(field, "required", "is required with policy_source CUSTOM");
        let absolute = absolute.ok_or_else(|| required(ABSOLUTE_FIELD))?.minutes(ABSOLUTE_FIELD, ABSOLUTE)?;
        let idle_enabled = idle_enabled.unwrap_or(idle.is_some());
        let idle = match idle {
            Some(idle) => Some(idle.minutes(IDLE_FIELD, IDLE)?),
            None if idle_enabled => return Err(required(IDLE_FIELD)),
            None => None,
        };
        let ordered = |field, ok: bool, what: String| {
            if ok { Ok(()) } else { Err(Error::invalid(field, "session_policy.order", what)) }
        };
        let token = environment.session_policy().access_token_minutes;
        let above_token = format!("must be longer than the application's access token, {token} minutes");
        if let Some(idle) = idle.filter(|_| idle_enabled) {
            ordered(IDLE_FIELD, idle > token, above_token.clone())?;
            ordered(
                ABSOLUTE_FIELD,
                absolute > idle,
                format!("must be longer than {IDLE_FIELD}, {idle} minutes"),
            )?;
        }
        ordered(ABSOLUTE_FIELD, absolute > token, above_token)?;
        Ok(Self {
            source: PolicySource::Custom,
            absolute_minutes: Some(absolute),
            idle_enabled: Some(idle_enabled),
            idle_minutes: idle,
        })
    }

    /// The limits that a new session gets: (absolute minutes, idle minutes).
    pub fn effective(&self, application: &ApplicationSessionPolicy) -> (i32, Option<i32>) {
        let of_application = application.idle_enabled.then_some(application.idle_minutes);
        if self.source == PolicySource::Application {
            return (application.absolute_minutes, of_application);
        }
        let own = self.idle_minutes.filter(|_| self.idle_enabled == Some(true));
        let idle = match (of_application, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        (
            self.absolute_minutes
                .map_or(application.absolute_minutes, |own| own.min(application.absolute_minutes)),
            idle,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_can_only_tighten() {
        let application = ApplicationSessionPolicy {
            absolute_minutes: 1000,
            idle_enabled: true,
            idle_minutes: 100,
            access_token_minutes: 5,
        };
        let policy = |absolute, idle: Option<i32>| SessionPolicy {
            source: PolicySource::Custom,
            absolute_minutes: Some(absolute),
            idle_enabled: Some(idle.is_some()),
            idle_minutes: idle,
        };
        assert_eq!(SessionPolicy::default().effective(&application), (1000, Some(100)));
        assert_eq!(policy(500, Some(50)).effective(&application), (500, Some(50)));
        assert_eq!(policy(5000, Some(500)).effective(&application), (1000, Some(100)));
        assert_eq!(policy(500, None).effective(&application), (500, Some(100)));
        let without_idle = ApplicationSessionPolicy { idle_enabled: false, ..application };
        assert_eq!(policy(500, Some(50)).effective(&without_idle), (500, Some(50)));
        assert_eq!(policy(500, None).effective(&without_idle), (500, None));
    }
}
