//! How small and how large hidden counts can be: none is below 0, none is larger than what holds it, and sums leave the rest.
//!
//! It must not know what a count is.

/// No count is so large.
const MANY: i64 = 1 << 40;

/// Lowest and highest, by count.
pub struct Bounds(pub Vec<(i64, i64)>);

impl Bounds {
    /// `start` gives a known count's value, and else whether it may be below 0.
    pub fn start(n: usize, known: impl Fn(usize) -> Option<i64>, signed: impl Fn(usize) -> bool) -> Bounds {
        let start = |at| match known(at) {
            Some(value) => (value, value),
            None if signed(at) => (-MANY, MANY),
            None => (0, MANY),
        };
        Bounds((0..n).map(start).collect())
    }

    pub fn between(&mut self, at: usize, (least, most): (i64, i64)) {
        self.at_least(at, least);
        self.at_most(at, most);
    }

    /// Narrows until nothing changes, or many rounds have changed little. `sums` are 0; of `nested` the first is no smaller than
    /// the second.
    pub fn narrow(&mut self, sums: &[Vec<(usize, i64)>], nested: &[(usize, usize)]) {
        for _ in 0..60 {
            let mut changed = false;
            for sum in sums {
                changed |= self.by_sum(sum);
            }
            for (more, fewer) in nested {
                changed |= self.at_least(*more, self.0[*fewer].0);
                changed |= self.at_most(*fewer, self.0[*more].1);
            }
            if !changed {
                break;
            }
        }
    }

    fn by_sum(&mut self, sum: &[(usize, i64)]) -> bool {
        let ends = |(at, times): &(usize, i64), bounds: &[(i64, i64)]| {
            let (low, high) = bounds[*at];
            let (a, b) = (low.saturating_mul(*times), high.saturating_mul(*times));
            (a.min(b), a.max(b))
        };
        let all: Vec<(i64, i64)> = sum.iter().map(|term| ends(term, &self.0)).collect();
        // One that is open is all that a sum can bear and still say something of that one.
        let open = |end: i64| end.abs() >= MANY;
        let (low_open, high_open) =
            (all.iter().filter(|ends| open(ends.0)).count(), all.iter().filter(|ends| open(ends.1)).count());
        let low: i64 = all.iter().filter(|ends| !open(ends.0)).map(|ends| ends.0).sum();
        let high: i64 = all.iter().filter(|ends| !open(ends.1)).map(|ends| ends.1).sum();
        let mut changed = false;
        for ((at, times), own) in sum.iter().zip(&all) {
            if times.abs() != 1 {
                continue;
            }
            // times · x = −(the others).
            let others_low = (low_open == usize::from(open(own.0))).then(|| low - if open(own.0) { 0 } else { own.0 });
            let others_high =
                (high_open == usize::from(open(own.1))).then(|| high - if open(own.1) { 0 } else { own.1 });
            let (most, least) = (others_low.map(|low| -low), others_high.map(|high| -high));
            let (least, most) = if *times == 1 { (least, most) } else { (most.map(|n| -n), least.map(|n| -n)) };
            changed |= least.is_some_and(|least| self.at_least(*at, least));
            changed |= most.is_some_and(|most| self.at_most(*at, most));
        }
        changed
    }

    fn at_least(&mut self, at: usize, least: i64) -> bool {
        let is_news = least > self.0[at].0;
        if is_news {
            self.0[at].0 = least;
        }
        is_news
    }

    fn at_most(&mut self, at: usize, most: i64) -> bool {
        let is_news = most < self.0[at].1;
        if is_news {
            self.0[at].1 = most;
        }
        is_news
    }
}
