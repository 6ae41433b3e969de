//! One sentence per exit code: what it means, and what to do. The same words in `status`, in hooks and at a run's end.

use super::ExitCode;

impl ExitCode {
    /// What happened and what to do, in one sentence.
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
                "another run was under way, a source was not fetched, or the disk failed; nothing is lost: run again \
                 later, and mend what is named if it stays so"
            }
        }
    }
}
