using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>All that a change of a subscription follows from, beside the change.</summary>
/// <param name="Subscription">The subscription as it is.</param>
/// <param name="Versions">The versions of its plans, with the one that it is to have.</param>
/// <param name="Now">The time.</param>
/// <param name="Target">The plan that it is to have; null for every other change.</param>
/// <param name="AddOn">The price that it is to be charged beside the plan's; null for every other change.</param>
internal sealed record ChangeContext(Subscription Subscription, PlanVersions Versions, Instant Now, PlanTarget? Target = null, Price? AddOn = null)
{
    public TimelineState State => Subscription.Timeline.StateAt(Now);

    public SubscriptionStatus Status => Subscription.StatusAt(Now);

    public PlanVersion Plan => PlanAt(Now);

    public PlanVersion PlanAt(Instant at) => Versions[Subscription.Timeline.StateAt(at).Plan];

    /// <summary>The entries that have not taken effect yet.</summary>
    public IEnumerable<TimelineEntry> Scheduled => Subscription.Timeline.InEffect.Where(entry => entry.At > Now);

    /// <summary>The same of a change that ends what began at an instant: it cannot end before it.</summary>
    public Instant EffectiveAt(SubscriptionChange change, ChangeWhen otherwise, Instant? since)
    {
        var at = EffectiveAt(change, otherwise);
        return at < since ? throw BillingException.Field("when", $"must not be before {since}, since when the subscription is {Name(Status)}") : at;
    }

    /// <summary>When a change takes effect that says so by word or by instant.</summary>
    public Instant EffectiveAt(SubscriptionChange change, ChangeWhen otherwise)
    {
        if (change.At is not { } at)
        {
            return (change.When ?? otherwise) is ChangeWhen.Immediate ? Now : PeriodEnd;
        }

        Horizon.Ahead("when", at, Now);

        var earliest = Instant.Max(Subscription.BilledUntil ?? Instant.MinValue, Subscription.Timeline.StartAt);
        return at >= Now || at > earliest ? at : throw BillingException.Field("when", $"must not be before {(earliest < Now ? earliest : Now)}, up to which it is billed");
    }

    // Before the start there is nothing to wait for, in a trial its end; what does not recur ends at once.
    private Instant PeriodEnd =>
        Now < Subscription.Timeline.StartAt ? Subscription.Timeline.StartAt
        : Now < Subscription.Timeline.BillingStartAt ? Subscription.Timeline.BillingStartAt
        : ChargeSchedule.Of(Subscription.Timeline, Versions).PeriodAt(Now)?.End ?? Now;

    /// <exception cref="BillingException">The status is not one of those that allow it.</exception>
    public void Require(string action, params ReadOnlySpan<SubscriptionStatus> allowed)
    {
        if (!allowed.Contains(Status))
        {
            throw Refused($"is {Name(Status)} and cannot be {action}; that is possible while it is {string.Join(", ", allowed.ToArray().Select(Name))}");
        }
    }

    public BillingException Refused(string why) => new(BillingErrorCode.Conflict, $"The subscription '{Subscription.Id}' {why}.");

    private static string Name(SubscriptionStatus status) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());
}

/// <summary>The plan that a subscription is to have, and by which rule.</summary>
internal sealed record PlanTarget(Plan Current, Plan Plan, PlanVersion Version);
