//! The courses of the tiny world, one line each as `world_files.rs` reads them: every trap of C1–C6, with what it is a trap for.
//!
//! It must not know how anything is computed.

/// Written by hand.
pub const COURSES: &[&str] = &[
    // C1. A replacement moves the assessment from 56 days (goal met) to 57.
    "A01 03: 2022-01-03 henvist, 2022-02-28 vurdert id=1, 2022-03-01 vurdert M=1 id=2 reg=2022-07-05",
    // A cancelled assessment: still waiting.
    "A02 03: 2022-01-10 henvist, 2022-03-01 vurdert id=3, 2022-03-01 vurdert C=3 id=4 reg=2022-08-01",
    // Replaced twice by chain, cancelled by the chain's end: nothing is left of it.
    "A03 46: 2022-01-12 henvist, 2022-02-10 vurdert id=5, 2022-02-11 vurdert M=5 id=6 reg=2022-07-01, 2022-02-11 vurdert C=6 id=7 reg=2022-07-02",
    // Cancelled, then replaced after all: the last wins.
    "A04 46: 2022-01-14 henvist, 2022-02-10 vurdert id=8, 2022-02-10 vurdert C=8 id=9 reg=2022-07-01, 2022-02-17 vurdert M=8 id=10 reg=2022-07-02",
    // Two replacements of the same; the one registered last is the first in the file and has the lower id.
    "A05 50: 2022-02-01 henvist, 2022-03-01 vurdert id=13, 2022-03-05 vurdert M=13 id=11 reg=2022-09-02, 2022-03-09 vurdert M=13 id=12 reg=2022-09-01",
    // Registered in the same second, written with two offsets: the higher guid wins.
    "A06 50: 2022-02-02 henvist, 2022-03-01 vurdert id=16, 2022-03-20 vurdert M=16 id=14 reg=2022-09-02T13:00:00+02:00, 2022-03-10 vurdert M=16 id=15 reg=2022-09-02T11:00:00Z",
    // Unknown target, and a replacement of that one: both wait.
    "A07 18: 2022-02-03 henvist, 2022-03-01 vurdert M=900 id=17 reg=2022-07-01, 2022-03-02 vurdert M=17 id=18 reg=2022-07-02",
    // Registered on another course by mistake, then moved here.
    "A08 18: 2022-02-07 henvist, 2022-03-21 vurdert forlop=A07 id=19, 2022-03-21 vurdert M=19 id=20 reg=2022-07-03",
    // A replacement that changes the type.
    "A09 30: 2022-02-08 henvist, 2022-04-04 ikke_kvalifisert id=21, 2022-04-04 vurdert M=21 id=22 reg=2022-10-01, 2022-05-02 team_start",
    // C2. Late: happened in 2023, registered under the old county in January 2024.
    "B01 30: 2023-06-01 henvist, 2023-12-20 vurdert reg=2024-01-15",
    // Registered on the last evening of September by UTC, in October in Norway.
    "B02 18: 2024-05-02 henvist, 2024-09-20 vurdert reg=2024-09-30T22:30:00Z",
    // Nothing of 50 after August 2024 and of 46 after May 2025 is known.
    "B03 50: 2024-03-01 henvist, 2024-08-30 vurdert, 2024-09-02 team_start, 2025-02-03 tannbehandling_start",
    "B04 46: 2025-01-07 henvist, 2025-05-31 vurdert, 2025-06-01 team_start",
    // Moved to 46 when nothing is known of it any more: still in the stock of 03; and back.
    "B05 03: 2025-04-01 henvist, 2025-09-01 overfort fylke=46, 2025-10-01 vurdert",
    "B06 03: 2025-04-02 henvist, 2025-09-01 overfort fylke=46, 2026-02-02 overfort fylke=03, 2026-03-02 vurdert",
    // Its team started where nothing is known, so that the end of the team has no beginning.
    "B07 50: 2024-05-06 henvist, 2024-06-10 vurdert, 2024-09-10 team_start, 2024-10-01 overfort fylke=18, 2024-11-11 team_slutt",
    // C3. Referred twice while open; after the end a second course.
    "C01 03: 2022-03-01 henvist, 2022-04-01 henvist, 2022-05-02 vurdert, 2022-06-01 avsluttet, 2023-01-09 henvist, 2023-03-06 vurdert, 2023-04-03 team_start",
    // Ended and referred again on one day; the assessment of that day belongs to the new course.
    "C02 03: 2022-03-02 henvist, 2022-09-01 vurdert, 2022-09-01 henvist, 2022-09-01 avsluttet",
    // Referred, assessed and ended on one day: nothing was open before, so the end comes last.
    "C03 18: 2022-09-05 avsluttet, 2022-09-05 vurdert, 2022-09-05 henvist",
    // A whole course on one day, written backwards.
    "C04 18: 2023-02-01 tannbehandling_start, 2023-02-01 team_slutt, 2023-02-01 team_start, 2023-02-01 vurdert, 2023-02-01 henvist",
    // Rejected on the day of a second referral: the referral comes first and is a double one.
    "C05 46: 2022-05-02 henvist, 2022-08-01 ikke_kvalifisert, 2022-08-01 henvist",
    // Never referred: no clock from M0. Referred while that is open: a double referral.
    "C06 46: 2022-05-03 vurdert, 2022-06-14 team_start",
    "C07 50: 2022-05-04 behov_vurdert, 2022-06-01 henvist, 2022-07-01 vurdert, 2022-08-01 team_start",
    // Orders that cannot be.
    "C08 03: 2022-05-05 henvist, 2022-06-01 team_slutt, 2022-07-01 vurdert",
    "C09 03: 2022-05-06 henvist, 2022-06-01 pause_til, 2022-07-01 vurdert",
    "C10 18: 2022-05-09 henvist, 2022-06-01 vurdert, 2022-07-01 avsluttet, 2022-08-01 team_start, 2022-10-03 henvist",
    // The end comes first on a day when the course was open: the visit and the assessment of that day come after it.
    "C11 50: 2022-05-10 henvist, 2022-07-01 vurdert, 2023-05-10 avsluttet, 2023-05-10 time",
    "C12 50: 2022-05-11 henvist, 2022-07-01 vurdert, 2022-07-01 avsluttet",
    // C4. Two rounds in the team; the last end before the dentist counts.
    "D01 03: 2022-06-01 henvist, 2022-07-01 vurdert, 2022-08-01 team_start, 2022-11-01 team_slutt, 2023-01-09 team_start, 2023-03-01 team_slutt, 2023-03-30 tannbehandling_start, 2023-10-02 avsluttet",
    // Without a dentist: the last end, unless the team starts again.
    "D02 03: 2022-06-02 henvist, 2022-07-04 vurdert, 2022-08-01 team_start, 2022-11-01 team_slutt",
    "D03 18: 2022-06-03 henvist, 2022-07-04 vurdert, 2022-08-01 team_start, 2022-11-01 team_slutt, 2024-02-05 team_start",
    // The team goes on when the dentist begins: no wait. So too after an earlier round.
    "D04 18: 2022-06-07 henvist, 2022-07-05 vurdert, 2022-08-02 team_start, 2022-12-01 tannbehandling_start, 2023-02-01 team_slutt",
    "D05 46: 2022-06-08 henvist, 2022-07-06 vurdert, 2022-08-03 team_start, 2022-10-03 team_slutt, 2022-11-01 team_start, 2022-12-05 tannbehandling_start",
    // Sent back to the team after the dentist, and a second start at the dentist.
    "D06 46: 2022-06-09 henvist, 2022-07-07 vurdert, 2022-08-04 team_start, 2022-10-04 team_slutt, 2022-11-02 tannbehandling_start, 2023-05-02 team_start, 2023-06-01 team_slutt, 2023-06-15 narkose_behov, 2023-07-14 narkose_utfort, 2023-08-01 tannbehandling_start, 2024-01-08 avsluttet",
    // Steps left out: no assessment; the assessment after the team had started; neither team nor assessment.
    "D07 50: 2022-06-10 henvist, 2022-08-08 team_start, 2022-11-08 team_slutt, 2022-12-07 tannbehandling_start",
    "D08 50: 2022-06-13 henvist, 2022-08-08 team_start, 2022-09-08 vurdert, 2022-11-08 team_slutt",
    "D09 30: 2022-06-14 henvist, 2023-01-16 tannbehandling_start",
    "D10 30: 2022-06-15 henvist, 2022-08-15 vurdert, 2023-01-17 tannbehandling_start, 2023-04-17 team_start, 2023-06-19 team_slutt",
    // Rejected on paper, and after the assessment (also on the same day).
    "D11 03: 2022-06-16 henvist, 2022-07-15 ikke_kvalifisert",
    "D12 03: 2022-06-17 henvist, 2022-07-18 vurdert, 2022-08-19 ikke_kvalifisert",
    "D13 03: 2022-06-20 henvist, 2022-07-19 vurdert, 2022-07-19 ikke_kvalifisert",
    // C5. Goals to the day: 28 and 29 days.
    "E01 18: 2022-07-01 henvist, 2022-08-26 vurdert, 2022-09-23 team_start, 2022-12-01 team_slutt, 2022-12-29 tannbehandling_start",
    "E02 18: 2022-07-01 henvist, 2022-08-27 vurdert, 2022-09-25 team_start, 2022-12-01 team_slutt, 2022-12-30 tannbehandling_start",
    // Pauses: deducted, not deducted (the service's, unknown), both causes.
    "E03 03: 2022-07-04 henvist, 2022-07-11 pause_fra aarsak=pasient, 2022-08-01 pause_til, 2022-09-12 vurdert",
    "E04 03: 2022-07-05 henvist, 2022-07-12 pause_fra aarsak=tjeneste, 2022-08-02 pause_til, 2022-08-03 pause_fra, 2022-08-10 pause_til, 2022-09-13 vurdert",
    "E05 46: 2022-07-06 henvist, 2022-07-13 pause_fra aarsak=medisinsk, 2022-08-03 pause_til, 2022-09-14 vurdert",
    // Two that overlap count once.
    "E06 46: 2022-07-07 henvist, 2022-07-14 pause_fra aarsak=pasient, 2022-07-21 pause_fra aarsak=medisinsk, 2022-07-28 pause_til, 2022-08-04 pause_til, 2022-09-15 vurdert",
    // Over the borders of the step: begins before Ma, ends after Mb.
    "E07 50: 2022-07-08 henvist, 2022-08-12 pause_fra aarsak=pasient, 2022-09-16 vurdert, 2022-09-30 pause_til, 2022-10-10 pause_fra aarsak=medisinsk, 2022-10-28 team_start, 2022-11-11 pause_til",
    // Open, to the assessment and to this day; of no length; still paused at the end of a month.
    "E08 50: 2022-07-11 henvist, 2022-08-15 pause_fra aarsak=pasient, 2022-09-19 vurdert",
    "E09 18: 2022-07-12 henvist, 2022-08-16 pause_fra aarsak=medisinsk",
    "E10 18: 2022-07-13 henvist, 2022-08-17 pause_fra aarsak=pasient, 2022-08-17 pause_til, 2022-09-20 vurdert",
    "E11 30: 2022-07-14 henvist, 2022-08-18 pause_fra aarsak=pasient, 2022-10-05 pause_til, 2022-11-21 vurdert",
    // Waits of exactly 8, 26, 52, 104 and 208 weeks at the end of a month, and a day more: 30 September, 31 October 2026.
    "E12 03: 2026-08-05 henvist, 2026-08-26 kontakt_venteliste",
    "E13 03: 2026-09-05 henvist",
    "E14 03: 2026-08-04 henvist",
    "E15 18: 2026-04-01 henvist",
    "E16 18: 2026-05-02 henvist",
    "E17 03: 2025-10-01 henvist",
    "E18 18: 2024-10-02 henvist",
    "E19 03: 2022-10-05 henvist",
    "E20 03: 2022-11-04 henvist",
    // The last day of a period belongs to it, for the start and for the end.
    "E21 31: 2024-04-30 henvist, 2024-08-31 vurdert",
    // C6. Moved: before, on the day of (the county at the day's end) and after the assessment.
    "F01 03: 2023-01-02 henvist, 2023-03-01 overfort fylke=18, 2023-05-02 vurdert, 2023-06-05 team_start",
    "F02 03: 2023-01-03 henvist, 2023-05-03 overfort fylke=18, 2023-05-03 vurdert fylke=03, 2023-06-06 team_start fylke=18",
    "F03 46: 2023-01-04 henvist, 2023-05-04 vurdert, 2023-05-31 overfort fylke=50, 2023-08-08 team_start",
    // Any event says where the course is.
    "F04 46: 2023-01-05 henvist, 2023-06-30 kontakt_venteliste fylke=50",
    // Open when 30 was split: its unit went to 31, to 32, to 33; to 31 and from March 2025 to 33; was closed; is still said to be
    // in 30; is in no register.
    "F05 30: 2023-02-01 henvist, 2024-02-01 vurdert fylke=31",
    "F06 30: 2023-02-02 henvist org=6",
    "F07 30: 2023-02-03 henvist org=7, 2023-04-03 vurdert, 2025-01-20 team_start fylke=33",
    "F08 30: 2023-02-06 henvist org=8, 2023-05-08 vurdert",
    "F09 30: 2023-02-07 henvist org=9, 2023-05-09 vurdert",
    "F10 30: 2023-02-08 henvist org=10",
    "F11 30: 2023-02-09 henvist org=11, 2023-09-04 vurdert",
    // The unit of the last event, not of the first.
    "F12 30: 2023-02-10 henvist org=7, 2023-11-01 time org=6",
    // Rettighet on the last event is out, on an earlier one is not.
    "G01 03: 2022-08-01 henvist, 2022-10-03 vurdert fin=rettighet",
    "G02 03: 2022-08-02 henvist fin=rettighet, 2022-10-04 vurdert",
    "G03 18: 2022-08-03 henvist, 2022-10-05 vurdert, 2026-06-01 time fin=rettighet",
];
