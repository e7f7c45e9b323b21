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

    /// <summary>Whether an event belongs to the answer; one without a timestamp happens at the start of the period.</summary>
    public bool Counts(UsageEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Metric.Counts(item) && Period.Contains(item.Timestamp ?? Period.Start) && (Subscription is not { } mine || item.SubscriptionId is not { } own || own == mine);
    }

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
