//! One sentence per run: what it means how it ended, and what to do. The same words in `status`, in hooks and at a run's end.

use super::ledger::Ended;
use super::{ExitCode, Outcome};

impl Outcome {
    /// What happened and what to do, in one sentence.
    pub fn sentence(&self) -> String {
        Ended::of_run(self, None).sentence()
    }
}

impl Ended {
    /// What happened and what to do, in one sentence. A run that came to its end may have several causes for its code,
    /// and not all are over when it is run again.
    pub(crate) fn sentence(&self) -> String {
        let names = |names: Vec<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let mut causes = Vec::new();
        if !self.not_fetched.is_empty() {
            causes.push(format!(
                "{} was not fetched and what is in force stands: run again later, and mend what is named if it stays so",
                names(self.not_fetched.keys().collect())
            ));
        }
        if !self.failed.is_empty() {
            causes.push(format!(
                "{} failed and keeps its last good pages and figures: mend what the error names and run again",
                names(self.failed.keys().collect())
            ));
        }
        if !self.refused.is_empty() {
            causes.push(format!(
                "{} was refused, and what was in force stands: let the sender mend it and deliver again",
                names(self.refused.iter().collect())
            ));
        }
        let several = causes.len() > 1 || (self.code == ExitCode::TryAgain && !causes.is_empty());
        if several && self.error.is_empty() { causes.join("; ") } else { self.code.advice().to_owned() }
    }
}

impl ExitCode {
    /// The same of a run of which no more is known than its code.
    pub fn advice(self) -> &'static str {
        match self {
            ExitCode::Done => "all is as it should be; nothing is to be done",
            ExitCode::Usage => "the command line names what is not there; nothing was done: mend the command",
            ExitCode::Configuration => {
                "configuration, a contract, SQL or a template is wrong and nothing was published; `speil check` says \
                 where: mend it and run again"
            }
            ExitCode::Refused => {
                "a delivery was refused, and what was in force stands; the rest was published: let the sender mend it \
                 and deliver again"
            }
            ExitCode::CheckFailed => {
                "a check failed, and the last good pages and figures stay; mend what the error names and run again"
            }
            ExitCode::Disclosure => {
                "disclosure control could not be carried out and nothing was published; mend what the error names and \
                 run again"
            }
            ExitCode::Publishing => {
                "publishing failed and the release that was shown stays; mend what the error names and run again"
            }
            ExitCode::TryAgain => {
                "another run was under way, the disk failed, or the clock is in doubt; nothing is lost: run again later, \
                 and mend what is named if it stays so"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_has_every_cause_and_none_that_is_not_there() {
        let named = |name: &str| name.to_owned();
        let not_fetched = [(named("fest"), Default::default())].into();
        let ended = Ended { not_fetched, ..Ended::with(ExitCode::TryAgain, None) };
        let told = ended.sentence();
        assert!(told.starts_with("fest was not fetched") && !told.contains("another run"), "{told}");
        let failed = [(named("too"), Vec::new())].into();
        let both = Ended { failed, refused: vec![named("lege_2026-10-31.csv")], ..ended.clone() };
        for cause in ["fest was not fetched", "too failed and keeps", "lege_2026-10-31.csv was refused"] {
            assert!(both.sentence().contains(cause), "{}", both.sentence());
        }
        assert!(!both.sentence().contains("nothing is lost"));
        // Of one cause the code's own words say enough, and so they do of a run that did not come to its end.
        let refused = Ended { refused: both.refused.clone(), ..Ended::with(ExitCode::Refused, None) };
        assert_eq!(refused.sentence(), ExitCode::Refused.advice());
        let locked = Ended { error: vec![named("another run holds it")], ..Ended::with(ExitCode::TryAgain, None) };
        assert_eq!(locked.sentence(), ExitCode::TryAgain.advice());
    }
}
