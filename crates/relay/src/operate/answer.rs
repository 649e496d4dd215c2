//! What a subcommand has to say, for people or for programs, and the exit code that goes with it.

use domain::{Chain, Fault};
use serde_json::{Value, json};
use std::io::Write;

/// What came of a subcommand.
#[derive(Debug)]
pub(super) struct Answer {
    /// For people: lines, tables.
    pub(super) text: String,
    /// The same for programs.
    pub(super) json: Value,
    /// Whether all is well.
    pub(super) is_fine: bool,
}

/// Why a subcommand came to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The environment is wrong: every mistake in it.
    Environment(Vec<String>),
    /// The arguments contradict each other.
    Asked(String),
    /// What was asked for cannot be done; nothing was changed.
    Refused(String),
    /// A dependency failed at this.
    Failed(&'static str, Fault),
}

impl Trouble {
    fn code(&self) -> u8 {
        match self {
            Self::Environment(_) | Self::Asked(_) => USAGE,
            Self::Refused(_) | Self::Failed(..) => FINDING,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Environment(mistakes) => {
                format!("the environment is wrong:\n{}", mistakes.join("\n"))
            }
            Self::Asked(why) | Self::Refused(why) => why.clone(),
            Self::Failed(doing, fault) if fault.may_have_happened() => format!(
                "cannot {doing}: {}; it may have happened all the same, `relay show` tells",
                Chain(fault)
            ),
            Self::Failed(doing, fault) => format!("cannot {doing}: {}", Chain(fault)),
        }
    }
}

/// `.map_err(failed("read the order"))`.
pub(super) fn failed(doing: &'static str) -> impl Fn(Fault) -> Trouble {
    move |fault| Trouble::Failed(doing, fault)
}

/// Says it, and returns the exit code. Programs get their object also where it failed.
pub(super) fn say(done: Result<Answer, Trouble>, is_json: bool) -> u8 {
    let (text, json, code) = match done {
        Ok(Answer { text, json, is_fine }) => (text, json, if is_fine { 0 } else { FINDING }),
        Err(trouble) => {
            let text = trouble.text();
            let _ = writeln!(std::io::stderr(), "relay: {text}");
            (String::new(), json!({ "error": text }), trouble.code())
        }
    };
    let said = if is_json { format!("{json}\n") } else { text };
    // Whoever reads may have heard enough: `relay parked | head`.
    let _ = std::io::stdout().write_all(said.as_bytes());
    code
}

/// Something failed, or is not as it should be.
const FINDING: u8 = 1;
/// Asked wrongly; the same as for arguments.
const USAGE: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_question_is_code_2() {
        assert_eq!(Trouble::Environment(vec![]).code(), 2);
        assert_eq!(Trouble::Asked(String::new()).code(), 2);
        assert_eq!(Trouble::Refused(String::new()).code(), 1);
        assert_eq!(Trouble::Failed("x", Fault::Conflict).code(), 1);
    }

    #[test]
    fn a_lost_answer_says_where_to_look() {
        let lost = failed("release it")(Fault::Unanswered("cut".into())).text();
        assert_eq!(
            lost,
            "cannot release it: no answer: cut; it may have happened all the same, `relay show` tells"
        );
    }
}
