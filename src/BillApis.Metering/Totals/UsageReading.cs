using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Asks for the quantity of one metric that one customer used in a half-open interval.</summary>
/// <param name="Metric">What is counted.</param>
/// <param name="Customer">Who used it.</param>
/// <param name="Period">When, from its start and up to but without its end.</param>
public sealed record UsageRequest(Metric Metric, CustomerId Customer, Interval Period)
{
    /// <summary>Leaves out events that name another subscription; events that name none always count.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The dimensions to tell apart, all or some of the metric's; none for one quantity.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>The zone whose days count, for metrics that weigh time by the day.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>The period that quantities weighed by time are divided by, where the asked one is a part of it: what lasts is carried from its start into the part; the asked one where null.</summary>
    public Interval? Whole { get; init; }

    /// <summary>The earliest instant that what lasts without recurring is carried from, where <see cref="Whole"/> starts before it.</summary>
    public Instant? CarriedFrom { get; init; }

    /// <summary>Only what was known of then: events that arrived in this half-open interval. Such an answer costs the events, not the totals.</summary>
    public Interval? Recorded { get; init; }

    /// <summary>Whether an event happened in the period and belongs to the answer; one without a timestamp happens at the start.</summary>
    public bool Counts(UsageEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Period.Contains(item.Timestamp ?? Period.Start) && Matches(item);
    }

    /// <summary>Whether an event belongs to the answer, be it that it happened before the period and what it says goes on.</summary>
    public bool Reaches(UsageEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Reach.Contains(item.Timestamp ?? Period.Start) && Matches(item);
    }

    /// <summary>The period, and the time before it of which something goes on in it: all of it where the metric recurs, the rest of the whole period where it weighs by time, as far as it may be carried.</summary>
    internal Interval Reach => new(Metric.Recurring ? Instant.MinValue : Metric.Lasts ? Instant.Min(Instant.Max(Divisor.Start, CarriedFrom ?? Instant.MinValue), Period.Start) : Period.Start, Period.End);

    /// <summary>Whether something of before the period goes on in it.</summary>
    internal bool IsCarried => Reach.Start < Period.Start;

    /// <summary>Whether an event had arrived by when the request says.</summary>
    internal bool Knows(StoredEvent item) => Recorded is not { } recorded || recorded.Contains(item.RecordedAt);

    /// <summary>Whether time is weighed by the day; a period without a whole day is weighed by the second.</summary>
    internal bool WeighsByDay => Metric.Weighting is TimeWeighting.Day && Time.Days(Divisor.Start, Divisor.End, Zone) > 0;

    /// <summary>The length that quantities weighed by time are divided by: days or microseconds, and 1 where there is none.</summary>
    internal long WholeLength => Math.Max(1, Length(Divisor.Start, Divisor.End));

    private Interval Divisor => Whole ?? Period;

    /// <summary>A length of time as this request weighs it.</summary>
    internal long Length(Instant start, Instant end) => WeighsByDay ? Time.Days(start, end, Zone) : Time.Microseconds(end - start);

    private bool Matches(UsageEvent item) => Metric.Counts(item) && (Subscription is not { } mine || item.SubscriptionId is not { } own || own == mine);

    /// <summary>Refuses a dimension that the metric does not count apart.</summary>
    /// <exception cref="BillingException">The metric is not grouped by one of the names.</exception>
    public void Validate()
    {
        if (GroupBy.Except(Metric.GroupBy, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw BillingException.Field("group_by", $"names '{unknown}', but the metric '{Metric.Code}' is grouped by {(Metric.GroupBy.IsEmpty ? "nothing" : string.Join(", ", Metric.GroupBy))}");
        }
    }
}

/// <summary>What was used.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Groups">One group where nothing is told apart, else each group that has events, in the order of its dimensions.</param>
public sealed record UsageReading(UsageRequest Request, ImmutableArray<UsageGroup> Groups)
{
    /// <summary>How many events the quantities came from.</summary>
    public long Events => Groups.Sum(group => group.Events);
}

/// <summary>What was used in one group.</summary>
/// <param name="Dimensions">What the events of the group share.</param>
/// <param name="Value">The quantity, rounded as the metric says.</param>
/// <param name="Events">How many events it came from.</param>
public sealed record UsageGroup(Dimensions Dimensions, decimal Value, long Events);
