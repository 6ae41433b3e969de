//! How a course runs: referral, assessment, team, dental treatment, end; with waits, pauses, loops and drop-outs.
//!
//! Tells the days of a course in any possible order, to its end. Must not know where it happens, who registers it,
//! what is corrected, or when the deliveries stop.

use num_traits::ToPrimitive;

use crate::demo::random::Dice;

use super::code::{self, LOST_TREATED, LOST_WAITING, NEEDS};
use super::county::County;
use super::event::What;
use super::workday::workday;

/// Of 1,000 who wait or are treated, how many leave in a year.
const LEAVING: f64 = 110.0;
/// The longest planned wait for an assessment: four years.
const LONGEST: f64 = 1461.0;

/// Draws days around a median, within limits.
fn days(dice: &mut Dice, median: f64, sigma: f64, least: f64, most: f64) -> i32 {
    dice.lognormal(median, sigma).clamp(least, most).to_i32().unwrap_or(0)
}

/// All events of a person referred on a day, in order of their days; a course that ended may begin again.
pub(super) fn events(dice: &mut Dice, county: &County, referred: i32) -> Vec<(i32, What)> {
    let mut told = Vec::new();
    let mut day = Some(referred);
    while let Some(start) = day {
        let mut story = Story { dice, county, day: start, events: Vec::new(), team_open: false, treated: false };
        story.run();
        let ended = story.close();
        told.append(&mut story.events);
        day = ended.and_then(|(end, returning)| {
            dice.chance(returning).then(|| workday(end + days(dice, 200.0, 0.8, 0.0, 900.0)))
        });
    }
    told
}

struct Story<'a> {
    dice: &'a mut Dice,
    county: &'a County,
    /// How far the story has come.
    day: i32,
    events: Vec<(i32, What)>,
    team_open: bool,
    treated: bool,
}

impl Story<'_> {
    /// The whole course; nothing where it stopped on the way.
    fn run(&mut self) -> Option<()> {
        self.wait_for_assessment()?;
        self.be_assessed()?;
        // Some are treated at once, since a team was part of an earlier offer.
        if !self.dice.chance(18) {
            self.go_through_team()?;
        }
        self.be_treated()
    }

    fn add(&mut self, what: What) {
        self.events.push((self.day, what));
    }

    fn after(&mut self, first: i32, last: i32) -> i32 {
        workday(self.day + self.dice.between(first, last))
    }

    fn wait_for_assessment(&mut self) -> Option<()> {
        let what = code::referral(self.dice);
        self.add(what);
        if self.dice.chance(24) {
            // Rejected on paper.
            self.day = self.after(7, 70);
            self.add(What::NotQualified);
            return None;
        }
        // Waits shorten by some per cent a year.
        let years = f64::from(self.day) / 365.25 - 51.0;
        let median = self.county.assessment * (1.05 - 0.03 * years).max(0.5);
        let wait = days(self.dice, median, 0.42, 7.0, LONGEST);
        if wait > 14 && self.dice.chance(340) {
            let day = self.after(4, (wait - 4).min(60));
            let need = code::draw(self.dice, NEEDS);
            self.events.push((day, What::NeedAssessed(need)));
        }
        if wait > 40 && self.dice.chance(5) {
            // Referred a second time while waiting.
            let again = (self.after(5, 35), code::referral(self.dice));
            self.events.push(again);
        }
        if self.dice.chance(600) {
            let mut contact = 60 + self.dice.between(0, 90);
            while contact < wait - 7 {
                self.events.push((workday(self.day + contact), What::Contacted));
                contact += self.dice.between(90, 260);
            }
        }
        self.wait(wait, 10)?;
        if self.dice.chance(90) {
            // Did not come, and gets another time.
            let what = code::visit(self.dice, 700);
            self.add(what);
            let next = self.dice.between(14, 60);
            self.wait(next, 30)?;
        }
        Some(())
    }

    fn be_assessed(&mut self) -> Option<()> {
        if self.dice.chance(8) {
            // No assessment was registered.
            return Some(());
        }
        if self.dice.chance(80) {
            self.add(What::Assessed { groups: "" });
            // On the same day, or after some thought.
            if !self.dice.chance(300) {
                self.add(What::Visit("mott"));
                self.day = self.after(1, 21);
            }
            self.add(What::NotQualified);
            return None;
        }
        let what = code::assessment(self.dice);
        self.add(what);
        if self.dice.chance(850) {
            self.add(What::Visit("mott"));
        }
        let wait = days(self.dice, self.county.team, 0.6, 2.0, 500.0);
        self.wait(wait, 40)
    }

    fn go_through_team(&mut self) -> Option<()> {
        self.work_in_team()?;
        if self.dice.chance(80) {
            // The dentist begins while the team goes on.
            let end = self.after(7, 40);
            self.events.push((end, What::TeamEnd));
            self.team_open = false;
            return Some(());
        }
        self.end_team();
        if self.dice.chance(70) {
            let rest = self.dice.between(30, 120);
            self.wait(rest, 20)?;
            self.work_in_team()?;
            self.end_team();
        }
        if self.dice.chance(40) {
            return Some(());
        }
        let wait = days(self.dice, self.county.treatment, 0.6, 1.0, 600.0);
        self.wait(wait, 25)
    }

    /// Six to twelve weeks of exposure.
    fn work_in_team(&mut self) -> Option<()> {
        self.add(What::TeamStart);
        self.team_open = true;
        self.treated = true;
        let length = self.dice.between(42, 84);
        self.visits(length, 9, 85);
        if self.dice.chance(12) {
            let needed = self.after(2, 14);
            let done = workday(needed + self.dice.between(3, 20));
            self.events.extend([(needed, What::AnaesthesiaNeeded), (done, What::AnaesthesiaDone)]);
        }
        if self.dice.chance(30) {
            let again = (self.after(14, 38), code::assessment(self.dice));
            self.events.push(again);
        }
        self.wait(length, 90)
    }

    fn end_team(&mut self) {
        self.add(What::TeamEnd);
        self.team_open = false;
    }

    /// Months to years until the teeth are restored.
    fn be_treated(&mut self) -> Option<()> {
        self.add(What::DentalStart);
        self.treated = true;
        let mut length = days(self.dice, 300.0, 0.6, 45.0, 1300.0);
        if self.dice.chance(165) {
            length = self.be_anaesthetised(length);
        }
        if length > 250 && self.dice.chance(80) {
            // Back to the team for a while.
            let start = self.after(60, length - 150);
            let end = workday(start + self.dice.between(20, 70));
            let again = workday(end + self.dice.between(0, 40));
            self.events.extend([(start, What::TeamStart), (end, What::TeamEnd), (again, What::DentalStart)]);
        }
        self.visits(length, 38, 70);
        if self.dice.chance(40) {
            // Lingers: the teeth may be done, but nobody ends the course.
            return None;
        }
        self.wait(length, 60)?;
        let tests = (self.dice.chance(970), self.dice.chance(930));
        let tests = if self.dice.chance(20) { None } else { Some(tests) };
        self.end(self.day, "ferdigbehandlet", tests);
        Some(())
    }

    /// A need for narkose and what becomes of it; gives how long the treatment then takes.
    fn be_anaesthetised(&mut self, length: i32) -> i32 {
        let needed = self.after(5, (length / 2).max(6));
        self.events.push((needed, What::AnaesthesiaNeeded));
        if self.dice.chance(60) {
            self.events.push((workday(needed + 12), What::AnaesthesiaNeeded));
        }
        if self.dice.chance(120) {
            return length;
        }
        let done = workday(needed + days(self.dice, 85.0, 0.55, 18.0, 420.0));
        self.events.push((done, What::AnaesthesiaDone));
        length.max(done - self.day + 20)
    }

    fn visits(&mut self, length: i32, every: i32, absent: u32) {
        let mut after = self.dice.between(every / 2, every);
        loop {
            let day = workday(self.day + after);
            if day >= self.day + length {
                break;
            }
            let what = code::visit(self.dice, absent);
            self.events.push((day, what));
            after += self.dice.between(every / 2, every + every / 2);
        }
    }

    /// Lets so many days pass, pauses added; nothing when the course stops meanwhile.
    ///
    /// Of 1,000, `leaving` stop because of what they wait for; time takes others.
    fn wait(&mut self, length: i32, leaving: u32) -> Option<()> {
        let mut length = length.max(0);
        if length > 30 && self.dice.chance(u32::try_from(20 + length / 8).unwrap_or(0).min(130)) {
            length = self.pause(length)?;
        }
        let to = workday(self.day + length);
        let years = -(1.0 - self.dice.unit()).ln() * 1000.0 / LEAVING;
        let mut stop = self.day + 1 + (years * 365.25).to_i32().unwrap_or(i32::MAX / 2);
        if self.dice.chance(leaving) {
            stop = stop.min(self.day + 1 + self.dice.between(0, length));
        }
        if stop < to {
            self.leave(stop);
            return None;
        }
        self.day = to;
        Some(())
    }

    /// A pause in a wait; gives the wait with it, or nothing when the person is not heard of again.
    fn pause(&mut self, length: i32) -> Option<i32> {
        let start = self.after(4, length - 15);
        let what = code::pause(self.dice);
        self.events.push((start, what));
        let pause = days(self.dice, 65.0, 0.7, 10.0, 420.0);
        match self.dice.below(100) {
            0..8 => {
                self.events.retain(|(day, _)| *day <= start);
                None
            }
            // The end was not registered.
            8..13 => Some(length + pause),
            _ => {
                let end = workday(start + pause);
                self.events.retain(|(day, what)| {
                    *day <= start || *day > end || !matches!(what, What::Visit(_) | What::Contacted)
                });
                self.events.push((end, What::PauseTo));
                Some(length + pause + 3)
            }
        }
    }

    /// Ends the course before it is done, and takes back what would have come.
    fn leave(&mut self, day: i32) {
        let cause = code::draw(self.dice, if self.treated { LOST_TREATED } else { LOST_WAITING });
        let day = if cause == "dod" { day } else { workday(day) };
        self.events.retain(|(other, _)| *other < day);
        if self.team_open && self.dice.chance(700) {
            self.events.push((day - 1, What::TeamEnd));
        }
        let tests = match cause {
            "avbrutt_pasient" | "avbrutt_team" if self.treated => Some((self.dice.chance(150), self.dice.chance(120))),
            _ => None,
        };
        self.end(day, cause, tests);
    }

    fn end(&mut self, day: i32, cause: &'static str, tests: Option<(bool, bool)>) {
        self.events.push((day, What::Ended { cause, tests }));
    }

    /// Puts the events in order; the day of the end, and of 1,000 how many return after such an end.
    fn close(&mut self) -> Option<(i32, u32)> {
        self.events.sort_by_key(|(day, _)| *day);
        let (day, last) = self.events.last()?;
        match last {
            What::NotQualified => Some((*day, 80)),
            What::Ended { cause: "ferdigbehandlet", .. } => Some((*day, 30)),
            What::Ended { cause: "avbrutt_pasient" | "avbrutt_team" | "ikke_kontakt", .. } => Some((*day, 110)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::random::{Seed, Subject};
    use crate::demo::too::county::COUNTIES;

    fn courses() -> impl Iterator<Item = Vec<(i32, What)>> {
        (0..6_000_u32).map(|nth| {
            let dice = &mut Seed(3).dice(Subject::Test, &[u64::from(nth)]);
            let county = &COUNTIES[usize::try_from(nth % 15).unwrap()];
            events(dice, county, 18_628 + i32::try_from(nth % 1000).unwrap())
        })
    }

    /// The place of an event among those of its day.
    fn rank(what: What) -> u32 {
        match what {
            What::Referred { .. } => 1,
            What::Assessed { .. } => 2,
            What::NotQualified => 3,
            What::NeedAssessed(_) => 4,
            What::TeamStart => 5,
            What::TeamEnd => 6,
            What::DentalStart => 7,
            What::Ended { .. } => 0,
            _ => 8,
        }
    }

    #[test]
    fn every_course_runs_in_a_possible_order() {
        for mut course in courses() {
            course.sort_by_key(|(day, what)| (*day, rank(*what)));
            let (mut open, mut team, mut paused) = (false, false, false);
            for (day, what) in &course {
                match what {
                    What::Referred { .. } if !open => (open, team, paused) = (true, false, false),
                    _ => assert!(open, "{what:?} of {day} after the end of {course:?}"),
                }
                match what {
                    What::TeamStart => assert!(!std::mem::replace(&mut team, true), "{course:?}"),
                    What::TeamEnd => assert!(std::mem::replace(&mut team, false), "{course:?}"),
                    What::PauseFrom(_) => paused = true,
                    What::PauseTo => assert!(std::mem::replace(&mut paused, false), "{course:?}"),
                    What::NotQualified | What::Ended { .. } => open = false,
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn courses_have_the_shares_of_the_scheme() {
        let (mut all, mut unqualified, mut completed, mut anaesthesia, mut again) = (0, 0, 0, 0, 0);
        let (mut came, mut absent) = (0, 0);
        for course in courses() {
            let has = |wanted: &dyn Fn(&What) -> bool| course.iter().any(|(_, what)| wanted(what));
            let referred = course.iter().filter(|(_, what)| matches!(what, What::Referred { .. })).count();
            all += 1;
            again += u32::from(referred > 1);
            unqualified += u32::from(has(&|what| matches!(what, What::NotQualified)));
            if has(&|what| matches!(what, What::Ended { cause: "ferdigbehandlet", .. })) {
                completed += 1;
                anaesthesia += u32::from(has(&|what| matches!(what, What::AnaesthesiaDone)));
            }
            came += course.iter().filter(|(_, what)| matches!(what, What::Visit("mott"))).count();
            absent += course.iter().filter(|(_, what)| matches!(what, What::Visit("ikke_mott"))).count();
        }
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of);
        assert!((0.08..0.12).contains(&share(unqualified, all)), "{unqualified} of {all}");
        assert!((0.40..0.60).contains(&share(completed, all)), "{completed} of {all}");
        assert!((0.13..0.18).contains(&share(anaesthesia, completed)), "{anaesthesia} of {completed}");
        assert!((0.03..0.12).contains(&share(again, all)), "{again} of {all}");
        let (came, absent) = (u32::try_from(came).unwrap(), u32::try_from(absent).unwrap());
        assert!((0.07..0.09).contains(&share(absent, came + absent)), "{absent} absent, {came} came");
    }
}
