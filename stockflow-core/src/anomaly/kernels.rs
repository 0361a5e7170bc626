//! The detectors of a symbol in one piece of memory.

use std::any::Any;

use super::{
    AnomalyDetector, Drift, FeedGap, FlatLine, Hampel, OpenGap, PercentChange, PriceLevel,
    RangeBreak, ReturnZScore, SuspectedSplit, Verdict, VolumeSpike, drift, feed_gap, flat_line,
    hampel, kernel::Kernel, open_gap, percent_change, price_level, range_break, return_zscore,
    suspected_split, volume_spike,
};
use crate::{
    Quality, Quote,
    session::{Following, Needs},
};

/// A seat for one kernel of each kind, and what is done with all that are there, in order, without a call through a pointer.
macro_rules! kernels {
    ($($field:ident: $detector:ident),* $(,)?) => {
        /// The kernels of a symbol, at most one of each kind: side by side, each as large as it is.
        #[derive(Debug, Default)]
        pub(crate) struct Kernels {
            $($field: Option<$field::State>,)*
        }

        impl Kernels {
            pub(crate) const SEATS: usize = [$(stringify!($field)),*].len();

            /// Seats the kernel of `detector` and says where; gives the detector back if there is no seat for it, or another in it.
            pub(crate) fn seat(
                &mut self,
                detector: Box<dyn AnomalyDetector>,
            ) -> Result<usize, Box<dyn AnomalyDetector>> {
                let (any, mut seats): (&dyn Any, _) = (detector.as_ref(), 0..);
                $(
                    let seat = seats.next().unwrap_or_default();
                    if let Some(known) = any.downcast_ref::<$detector>()
                        && known.sessions.is_new()
                        && self.$field.is_none()
                    {
                        self.$field = Some(known.kernel.clone());
                        return Ok(seat);
                    }
                )*
                Err(detector)
            }

            /// By seat.
            pub(crate) fn each(&mut self) -> [Option<&mut dyn Kernel>; Self::SEATS] {
                [$(self.$field.as_mut().map(|kernel| kernel as _)),*]
            }

            pub(crate) fn needs(&self) -> Needs {
                let needs = [$(self.$field.as_ref().map(Kernel::needs)),*];
                needs.into_iter().flatten().fold(Needs::default(), Needs::and)
            }

            pub(crate) fn update(&mut self, quote: &Quote, following: &Following<'_>) {
                $(if let Some(kernel) = &mut self.$field {
                    kernel.update(quote, following);
                })*
            }

            /// Hands the verdict of each to `take`, with its seat.
            #[inline(always)]
            pub(crate) fn judge(
                &mut self,
                quote: &Quote,
                quality: Quality,
                following: &Following<'_>,
                mut take: impl FnMut(usize, Verdict),
            ) {
                let mut seats = 0..;
                $(
                    let seat = seats.next().unwrap_or_default();
                    if let Some(kernel) = &mut self.$field {
                        take(seat, kernel.judge(quote, quality, following));
                    }
                )*
            }
        }
    };
}

kernels! {
    percent_change: PercentChange,
    return_zscore: ReturnZScore,
    hampel: Hampel,
    range_break: RangeBreak,
    drift: Drift,
    volume_spike: VolumeSpike,
    open_gap: OpenGap,
    flat_line: FlatLine,
    feed_gap: FeedGap,
    price_level: PriceLevel,
    suspected_split: SuspectedSplit,
}
