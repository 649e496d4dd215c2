//! Images of nothing but one static binary each.

use crate::{package, run};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const PROGRAMS: [&str; 3] = ["api", "relay", "emulator"];
/// The label of every container of a run; its value is the process id of the run.
pub(crate) const LABEL: &str = "outbox.e2e";

/// Images that are removed with this value.
pub(crate) struct Images;

impl Images {
    /// Makes the images of api, relay and emulator.
    pub(crate) fn make(root: &Path) -> Result<Self> {
        let folder = package::binaries(root, &PROGRAMS, package::Profile::Container)?;
        let started = Instant::now();
        let images = Self;
        for program in PROGRAMS {
            let context = Path::new("target/images").join(program);
            fs::create_dir_all(&context).context("cannot make the folder of the images")?;
            fs::copy(folder.join(program), context.join(program))
                .with_context(|| format!("cannot copy {program}"))?;
            fs::write(context.join("Dockerfile"), dockerfile(program))
                .context("cannot write a Dockerfile")?;
            let mut build = Command::new("docker");
            build.args(["build", "--tag", &name(program)]).arg(&context);
            // The engine's own builder: what replaces it is a plugin, and has nothing to do here.
            build.env("DOCKER_BUILDKIT", "0");
            run::quietly(&format!("image of {program}"), &mut build)?;
        }
        run::step("made the images of api, relay, emulator", started);
        Ok(images)
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        let mut remove = Command::new("docker");
        remove.args(["image", "rm", "--force"]).args(PROGRAMS.map(name));
        // What stays takes space and nothing else; the next run replaces it.
        let _ = remove.output();
    }
}

/// Removes the containers that a test of this run left behind when it was killed.
pub(crate) fn sweep(run: &str) -> Result<()> {
    let filter = format!("label={LABEL}={run}");
    let list =
        Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &filter]).output();
    let list =
        String::from_utf8_lossy(&list.context("cannot list containers")?.stdout).into_owned();
    if list.trim().is_empty() {
        return Ok(());
    }
    let mut remove = Command::new("docker");
    remove.args(["rm", "--force", "--volumes"]).args(list.split_whitespace());
    run::quietly("removing containers left behind", &mut remove)
}

fn name(program: &str) -> String {
    format!("localhost/{program}:e2e")
}

fn dockerfile(program: &str) -> String {
    format!("FROM scratch\nCOPY {program} /{program}\nENTRYPOINT [\"/{program}\"]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_one_binary_and_nothing_else() {
        let expected = "FROM scratch\nCOPY api /api\nENTRYPOINT [\"/api\"]\n";
        assert_eq!(dockerfile("api"), expected);
    }
}
