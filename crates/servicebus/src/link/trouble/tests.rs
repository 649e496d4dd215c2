//! What the library reports, and what it means for what was sent and what was not.

use std::num::NonZeroU16;

use fe2o3_amqp_management::error::StatusError;
use fe2o3_amqp_management::status::StatusCode;
use fe2o3_amqp_types::definitions::{AmqpError, ConnectionError};

use super::*;

fn not_found() -> definitions::Error {
    definitions::Error::new(AmqpError::NotFound, Some("no such topic".to_owned()), None)
}

fn status(code: u16) -> CallError {
    let code = StatusCode(NonZeroU16::new(code).unwrap());
    CallError::Status(StatusError { code, description: Some("said so".to_owned()) })
}

#[test]
fn the_condition_is_found_however_deep_the_library_hides_it() {
    let stop = || {
        SessionStopReason::ConnectionStopped(ConnectionStopReason::RemoteClosedWithError(
            not_found(),
        ))
    };
    let troubles = [
        Trouble::from(OpenError::RemoteClosedWithError(not_found())),
        Trouble::from(BeginError::RemoteEndedWithError(not_found())),
        Trouble::from(SenderAttachError::RemoteClosedWithError(not_found())),
        Trouble::from(ReceiverAttachError::SessionStopped(stop())),
        Trouble::from(DetachError::RemoteClosedWithError(not_found())),
        Trouble::from(SendError::LinkStateError(LinkStateError::SessionStopped(stop()))),
        Trouble::from(RecvError::LinkStateError(LinkStateError::SessionStopped(stop()))),
    ];
    for trouble in troubles {
        assert_eq!(trouble.to_string(), "amqp:not-found: no such topic");
        assert!(matches!(trouble.unsent(), Fault::Misconfigured { .. }));
        assert!(matches!(trouble.unsettled(), Fault::Unanswered(_)));
    }
}

#[test]
fn a_forced_close_is_passing() {
    let error = definitions::Error::new(ConnectionError::ConnectionForced, None, None);
    let trouble = Trouble::from(OpenError::RemoteClosedWithError(error));
    assert!(matches!(trouble.unsent(), Fault::Unavailable(_)));
}

#[test]
fn a_token_is_taken_with_any_status_of_success() {
    assert!(of_put_token(Ok(())).is_ok());
    assert!(of_put_token(Err(status(200))).is_ok());
}

#[test]
fn a_refused_token_is_a_matter_of_the_set_up_and_a_failing_service_is_not() {
    for code in [400, 401, 403, 404] {
        let trouble = of_put_token(Err(status(code))).unwrap_err();
        assert!(matches!(trouble.unsent(), Fault::Misconfigured { .. }), "{code}: {trouble}");
    }
    for code in [408, 500, 502] {
        let trouble = of_put_token(Err(status(code))).unwrap_err();
        assert!(matches!(trouble.unsent(), Fault::Unavailable(_)), "{code}: {trouble}");
    }
    let busy = of_put_token(Err(status(503))).unwrap_err();
    assert!(matches!(busy.unsent(), Fault::Throttled { .. }));
}

#[test]
fn silence_and_a_refused_connection_are_outages() {
    let namespace = Namespace::from_host("contoso.example").unwrap();
    let refused = Trouble::unreachable(&namespace, io::ErrorKind::ConnectionRefused.into());
    let silent = Trouble::Silent { what: "a session", within: Duration::from_secs(3) };
    assert_eq!(silent.to_string(), "no session within 3s");
    for trouble in [refused, silent] {
        assert!(matches!(trouble.unsent(), Fault::Unavailable(_)), "{trouble}");
    }
    let untrusted = Trouble::untrusted(&namespace, "self-signed");
    assert!(matches!(untrusted.unsent(), Fault::Misconfigured { .. }));
}

#[test]
fn a_login_that_is_refused_is_a_mistake_in_the_set_up_and_a_passing_refusal_is_not() {
    let refused = |code| Trouble::from(OpenError::SaslError { code, additional_data: None });
    for code in [SaslCode::Auth, SaslCode::SysPerm] {
        assert!(matches!(refused(code).unsent(), Fault::Misconfigured { .. }));
    }
    assert!(matches!(refused(SaslCode::SysTemp).unsent(), Fault::Unavailable(_)));
}
