using System.Numerics;

namespace BillApis.Metering;

/// <summary>Makes the one quantity of what is known of a group.</summary>
internal static class UsageQuantity
{
    private static readonly QuantityRounding Finest = new(RoundingDirection.HalfUp, Limits.FractionDigits);

    /// <exception cref="BillingException">The quantity has more digits than can be billed.</exception>
    public static decimal Of(UsageRequest request, UsageSpans spans, UsageTallyGroup group)
    {
        // A sum as it is has the finest digits already.
        if (request.Metric is { Aggregation: Aggregation.Sum, Rounding: null } && group.Whole.Sum is { IsDecimal: true } sum)
        {
            return Floored(request, sum.Value);
        }

        var (numerator, denominator) = Exactly(request, spans, group);
        try
        {
            return Floored(request, (request.Metric.Rounding ?? Finest).Round(numerator, denominator));
        }
        catch (OverflowException exception)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The usage of the metric '{request.Metric.Code}' comes to {numerator / denominator}, which has more digits than can be billed.", exception);
        }
    }

    private static decimal Floored(UsageRequest request, decimal quantity) => request.Metric.FloorAtZero && request.GroupBy.IsEmpty ? Math.Max(quantity, 0) : quantity;

    private static (BigInteger Numerator, BigInteger Denominator) Exactly(UsageRequest request, UsageSpans spans, UsageTallyGroup group)
    {
        var total = group.Whole;
        return request.Metric.Aggregation switch
        {
            Aggregation.Count => (total.Events, 1),
            Aggregation.Sum => (total.Sum?.Units ?? 0, ExactSum.One),
            Aggregation.Average => (total.Sum?.Units ?? 0, ExactSum.One * Math.Max(total.Events, 1)),
            Aggregation.Max => Fraction(Greatest(spans, group)),
            Aggregation.Min => Fraction(total.Min),
            Aggregation.Latest => Fraction(total.Latest?.Value),
            Aggregation.UniqueCount when request.Metric.Weighting is not null => (UsagePresence.Sum(request, group.Histories.Values), request.WholeLength),
            Aggregation.UniqueCount => (group.Items.Values.Count(item => item.IsThere), 1),
            Aggregation.WeightedSum => Weighted(request, spans, group),
            _ => Fraction(Percentile(request.Metric.Percentile!.Value, group)),
        };
    }

    // A level that was reported before the period holds in it until the next report.
    private static decimal? Greatest(UsageSpans spans, UsageTallyGroup group)
    {
        var carried = spans.HasBefore ? group.Totals[0]?.Latest?.Value : null;
        var greatest = group.Totals[^1]?.Max;
        return carried > greatest ? carried : greatest ?? carried;
    }

    // Each change lasts from when it came to the end: sum × length − moment. By days it lasts from the start of its day.
    private static (BigInteger Numerator, BigInteger Denominator) Weighted(UsageRequest request, UsageSpans spans, UsageTallyGroup group)
    {
        var weighted = BigInteger.Zero;
        for (var span = 0; span < spans.All.Length; span++)
        {
            if (group.Totals[span] is { Sum: { } sum } total)
            {
                var isBefore = spans.HasBefore && span == 0;
                var length = request.Length(isBefore ? request.Period.Start : spans.All[span].Start, request.Period.End);
                weighted += (sum.Units * length) - (request.WeighsByDay || isBefore ? 0 : total.Moment!.Value.Units);
            }
        }

        return (weighted, ExactSum.One * request.WholeLength);
    }

    // Nearest rank: the least value such that at least this percentage of the events are not above it.
    private static decimal? Percentile(decimal percentile, UsageTallyGroup group)
    {
        var rank = decimal.Ceiling(Exact.Multiply(percentile, group.Items.Values.Sum(item => item.Events)) / 100);
        foreach (var (value, events) in group.Items.Select(pair => (Value: Value(pair.Key), pair.Value.Events)).OrderBy(pair => pair.Value))
        {
            rank -= events;
            if (rank <= 0)
            {
                return value;
            }
        }

        return null;
    }

    private static decimal Value(string text) => Exact.TryParse(text, out var value) ? value : throw new InvalidOperationException($"'{text}' is not a number.");

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(decimal? value) => (ExactSum.Of(value ?? 0).Units, ExactSum.One);
}
