using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>The periods of a schedule; the last two that were asked for are known, as the prices that share it are asked for the same.</summary>
internal sealed class SchedulePeriods(BillingSchedule schedule)
{
    private Known? _last;
    private Known? _before;

    public BillingSchedule Schedule => schedule;

    /// <summary>The period that an instant lies in.</summary>
    public BillingPeriod At(Instant at)
    {
        var (last, before) = (_last, _before);
        if (last?.Period.Contains(at) == true)
        {
            return last.Period;
        }

        if (before?.Period.Contains(at) == true)
        {
            return before.Period;
        }

        var period = schedule.PeriodAt(schedule.IndexAt(at));
        (_before, _last) = (last, new Known(period));
        return period;
    }

    /// <summary>The same as <see cref="BillingSchedule.IsBoundary"/>.</summary>
    public bool IsBoundary(Instant at) => at >= schedule.Start && At(at).Start == at;

    /// <summary>The same as <see cref="BillingSchedule.NextBoundary"/>.</summary>
    public Instant NextBoundary(Instant after) => after < schedule.Start ? schedule.Start : At(after).End;

    // One reference, so that whoever reads beside a writer sees a whole period.
    private sealed record Known(BillingPeriod Period);
}
