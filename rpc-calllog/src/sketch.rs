//! The distribution of run times, small enough to be stored by the thousand.

use std::sync::LazyLock;
use std::time::Duration;

use sketches_ddsketch::Config;
use thiserror::Error;

/// The bins: 2 % wide, and the same everywhere, so that any two sketches merge.
static BINS: LazyLock<Config> = LazyLock::new(Config::defaults);

/// A run time at most: about 292 years.
const LONGEST: u64 = i64::MAX as u64;

/// A distribution of run times, as a DDSketch (Masson, Rim and Lee, VLDB 2019): percentiles are within 1 % of a run time that
/// was there, from a nanosecond on. Any two sketches merge, in any order, to what one sketch of all run times would be.
///
/// It holds how many run times fell into each bin, and nothing for bins without any. A store may add the counts of equal bins
/// up itself; see [`bins`](Self::bins).
///
/// ```
/// use std::time::Duration;
/// use rpc_calllog::Sketch;
///
/// let mut sketch = Sketch::default();
/// (1..=1000).for_each(|millis| sketch.add(Duration::from_millis(millis)));
/// let [p50, p99] = sketch.quantiles([0.5, 0.99]).unwrap();
/// assert!((495..=505).contains(&p50.as_millis()) && (980..=1000).contains(&p99.as_millis()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch(Vec<(u16, u64)>);

/// The bytes are not a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("these bytes are no sketch of run times")]
pub struct SketchError;

impl Sketch {
    /// Adds a run time.
    pub fn add(&mut self, runtime: Duration) {
        let nanos = u64::try_from(runtime.as_nanos()).unwrap_or(u64::MAX).clamp(1, LONGEST);
        let bin = u16::try_from(BINS.key(nanos as f64)).unwrap_or_default();
        self.add_to(bin, 1);
    }

    /// Adds all run times of another sketch.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&(bin, count)| self.add_to(bin, count));
    }

    /// How many run times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// The bins that are not empty, in order, each with the number of run times in it. Numbers of bins stay below 2,200.
    pub fn bins(&self) -> impl ExactSizeIterator<Item = (u16, u64)> {
        self.0.iter().copied()
    }

    /// Makes a sketch of bins, in any order; counts of the same bin are added up.
    pub fn from_bins(bins: impl IntoIterator<Item = (u16, u64)>) -> Self {
        let mut sketch = Self::default();
        bins.into_iter().for_each(|(bin, count)| sketch.add_to(bin, count));
        sketch
    }

    /// The run times below which the given parts of all run times are: 0.5 for the median. `None` when there are none.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, parts: [f64; N]) -> Option<[Duration; N]> {
        let last = self.count().checked_sub(1)?;
        Some(parts.map(|part| {
            let rank = (part.clamp(0.0, 1.0) * last as f64) as u64;
            Duration::from_nanos(BINS.value(self.bin_at(rank).into()) as u64)
        }))
    }

    /// Encodes the sketch, in a few bytes a bin: pairs of the distance to the bin before and the count, both in LEB128.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut bytes, mut before) = (Vec::with_capacity(self.0.len() * 2), 0);
        for &(bin, count) in &self.0 {
            write_number(&mut bytes, u64::from(bin - before));
            write_number(&mut bytes, count);
            before = bin;
        }
        bytes
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    ///
    /// The bytes are cut, or something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, SketchError> {
        let (mut sketch, mut bin) = (Self(Vec::with_capacity(bytes.len() / 2)), 0_u16);
        while !bytes.is_empty() {
            let distance = read_number(&mut bytes).and_then(|distance| u16::try_from(distance).ok());
            bin = distance.and_then(|distance| bin.checked_add(distance)).ok_or(SketchError)?;
            sketch.add_to(bin, read_number(&mut bytes).ok_or(SketchError)?);
        }
        Ok(sketch)
    }

    /// The bin of the run time with that many before it.
    fn bin_at(&self, rank: u64) -> u16 {
        let mut before = 0_u64;
        let reached = self.0.iter().find(|(_, count)| {
            before = before.saturating_add(*count);
            before > rank
        });
        reached.or(self.0.last()).map_or(0, |(bin, _)| *bin)
    }

    fn add_to(&mut self, bin: u16, count: u64) {
        // Bins mostly come in order.
        if count > 0 && self.0.last().is_none_or(|(last, _)| *last < bin) {
            self.0.push((bin, count));
            return;
        }
        match self.0.binary_search_by_key(&bin, |(other, _)| *other) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(count),
            Err(place) if count > 0 => self.0.insert(place, (bin, count)),
            Err(_) => {}
        }
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        number |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use sketches_ddsketch::DDSketch;

    use super::{BINS, Sketch, SketchError};

    fn sketch(nanos: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        nanos.iter().for_each(|nanos| sketch.add(Duration::from_nanos(*nanos)));
        sketch
    }

    #[test]
    fn every_bin_holds_its_own_middle() {
        for bin in 0..2200_u16 {
            assert_eq!(BINS.key(BINS.value(bin.into())), i32::from(bin));
        }
        assert!(sketch(&[u64::MAX]).bins().all(|(bin, _)| bin < 2200));
        assert_eq!(sketch(&[0, 1]).bins().collect::<Vec<_>>(), [(0, 2)]);
    }

    #[test]
    fn a_sketch_of_nothing_has_no_quantiles() {
        assert_eq!(Sketch::default().quantiles([0.5]), None);
        assert_eq!(Sketch::from_bytes(&[]), Ok(Sketch::default()));
    }

    #[test]
    fn a_minute_of_calls_takes_a_few_hundred_bytes() {
        let nanos: Vec<u64> = (0..60_000).map(|number| 500_000 + number * 50).collect();
        assert!(sketch(&nanos).to_bytes().len() < 400, "{}", sketch(&nanos).to_bytes().len());
    }

    proptest! {
        #[test]
        fn quantiles_are_within_one_percent(mut nanos in vec(1_u64..10_000_000_000_000, 1..300)) {
            let quantiles = sketch(&nanos).quantiles([0.5, 0.95, 0.99]).unwrap();
            let mut library = DDSketch::new(*BINS);
            nanos.iter().for_each(|nanos| library.add(*nanos as f64));
            nanos.sort_unstable();
            for (part, quantile) in [0.5, 0.95, 0.99].into_iter().zip(quantiles) {
                let exact = nanos[(part * (nanos.len() - 1) as f64) as usize] as f64;
                let found = quantile.as_nanos() as f64;
                prop_assert!((found - exact).abs() <= exact * 0.01 + 1.0, "{} for {}", found, exact);
                prop_assert_eq!(quantile.as_nanos() as f64, library.quantile(part).unwrap().unwrap().floor());
            }
        }

        #[test]
        fn parts_merge_to_the_whole_in_any_order(nanos in vec(any::<u64>(), 0..200), cut in 0_usize..200) {
            let (one, other) = nanos.split_at(cut.min(nanos.len()));
            let (mut forth, mut back) = (sketch(one), sketch(other));
            forth.merge(&sketch(other));
            back.merge(&sketch(one));
            prop_assert_eq!(&forth, &sketch(&nanos));
            prop_assert_eq!(&back, &forth);
            prop_assert_eq!(forth.count(), nanos.len() as u64);
        }

        #[test]
        fn bytes_and_bins_bring_a_sketch_back(bins in vec((0_u16..2200, any::<u64>()), 0..100)) {
            let sketch = Sketch::from_bins(bins);
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch.clone()));
            prop_assert_eq!(Sketch::from_bins(sketch.bins()), sketch);
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_never_panic(bytes in vec(any::<u8>(), 0..64)) {
            if let Ok(sketch) = Sketch::from_bytes(&bytes) {
                prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Ok(sketch));
            }
        }
    }

    #[test]
    fn cut_bytes_are_refused() {
        let bytes = sketch(&[5, 1_000_000]).to_bytes();
        assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), Err(SketchError));
        assert_eq!(Sketch::from_bytes(&[0xff; 12]), Err(SketchError));
    }
}
