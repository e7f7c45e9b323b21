using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.SubscriptionStatus;

namespace BillApis;

/// <summary>The entries that a change adds to a timeline; refuses what the status does not allow.</summary>
internal static class ChangeEntries
{
    /// <exception cref="BillingException">The change is not allowed now, or a field breaks a rule.</exception>
    public static IReadOnlyList<TimelineEntry> Of(SubscriptionChange change, ChangeContext context)
    {
        CheckGiven(change);
        Check.Text("reason", change.Reason);
        IReadOnlyList<TimelineEntry> entries = change switch
        {
            Cancel => OfCancel(change, context),
            Reactivate reactivate => OfReactivate(reactivate, context),
            Renew renew => OfRenew(renew, context),
            ChangePlan plan => PlanChanges.Of(plan, context),
            ChangeZone zone => OfZone(zone, context),
            ChangeQuantities quantities => PriceChanges.Of(quantities, context),
            ChangePrices prices => PriceChanges.Of(prices, context),
            AddAddOn addOn => PriceChanges.Of(addOn, context),
            RemoveAddOn addOn => PriceChanges.Of(addOn, context),
            Pause pause => OfPause(pause, context),
            Resume => OfResume(change, context),
            Suspend suspend => OfSuspend(suspend, context),
            Reinstate reinstate => OfReinstate(reinstate, context),
            Withdraw withdraw => [Withdrawn(context, withdraw.Entry)],
            _ => throw new InvalidOperationException($"Nothing is done about {change}."),
        };
        return [.. entries.Select(entry => entry with { Reason = change.Reason })];
    }

    private static void CheckGiven(SubscriptionChange change)
    {
        Given.Known(change.When ?? default, nameof(change.When));
        Given.Known(change.Proration ?? default, nameof(change.Proration));
        switch (change)
        {
            case ChangePlan asked:
                ArgumentNullException.ThrowIfNull(asked.Quantities, nameof(change));
                break;
            case ChangeQuantities asked:
                ArgumentNullException.ThrowIfNull(asked.Quantities, nameof(change));
                break;
            case ChangePrices asked:
                Given.Terms(asked.Prices, nameof(change));
                break;
            case ChangeZone asked:
                ArgumentNullException.ThrowIfNull(asked.Zone, nameof(change));
                break;
            case Suspend asked:
                Given.Known(asked.Cause, nameof(change));
                break;
            case Reinstate asked:
                Given.Known(asked.Cause, nameof(change));
                break;
        }
    }

    public static TimelineEntry Entry(TimelineKind kind, Instant at, SubscriptionChange change, ChangeContext context) =>
        new(0, kind, at, context.Now) { Proration = change.Proration ?? ChangeProration.Prorate };

    /// <summary>Takes an entry back that has not taken effect yet.</summary>
    public static TimelineEntry Withdrawn(ChangeContext context, int entry) => context.Scheduled.Any(scheduled => scheduled.Number == entry)
        ? new TimelineEntry(0, TimelineKind.Withdrawn, context.Now, context.Now) { Entry = entry }
        : throw context.Refused($"has no change {entry} that could be withdrawn; {(context.Scheduled.Any() ? $"these can: {string.Join(", ", context.Scheduled.Select(item => item.Number))}" : "nothing is scheduled")}");

    // Canceling at once takes the place of a later end; asking twice for the same is refused.
    private static IReadOnlyList<TimelineEntry> OfCancel(SubscriptionChange change, ChangeContext context)
    {
        context.Require("canceled", Pending, Trialing, Active, PastDue, Paused, Suspended);
        var scheduled = context.Scheduled.FirstOrDefault(entry => entry.Kind is TimelineKind.Canceled);
        var at = context.EffectiveAt(change, ChangeWhen.PeriodEnd);
        if (scheduled is not null && at >= scheduled.At)
        {
            throw context.Refused($"is canceled already, as of {scheduled.At}; withdraw that, or cancel it earlier");
        }

        var entry = Entry(TimelineKind.Canceled, at, change, context);
        return scheduled is null ? [entry] : [Withdrawn(context, scheduled.Number), entry];
    }

    // An end that is still ahead is taken back.
    private static IReadOnlyList<TimelineEntry> OfReactivate(Reactivate change, ChangeContext context)
    {
        if (context.Scheduled.FirstOrDefault(entry => entry.Kind is TimelineKind.Canceled) is { } scheduled && context.State.EndedAt is null)
        {
            return [Withdrawn(context, scheduled.Number)];
        }

        context.Require("reactivated", Canceled, Expired);
        var at = context.EffectiveAt(change, ChangeWhen.Immediate, context.State.EndedAt);
        return [Entry(TimelineKind.Reactivated, at, change, context) with { Until = Later("end_at", change.EndAt, Instant.Max(at, context.Now)) }];
    }

    private static IReadOnlyList<TimelineEntry> OfRenew(Renew change, ChangeContext context)
    {
        context.Require("renewed (after its end, reactivate lets it go on, and takes an end_at too)", Pending, Trialing, Active, PastDue, Paused, Suspended);
        return [Entry(TimelineKind.Renewed, context.Now, change, context) with { Until = Later("end_at", change.EndAt, context.Now) }];
    }

    // Without proration the hours between the two zones would be charged twice, or not at all.
    private static IReadOnlyList<TimelineEntry> OfZone(ChangeZone change, ChangeContext context)
    {
        context.Require("moved to another zone", Pending, Trialing, Active, PastDue, Suspended);
        return change.Proration is ChangeProration.None or ChangeProration.Full
            ? throw BillingException.Field("proration", "must be prorate: a change of zone splits the period that runs")
            : change.Zone.Equals(context.State.Zone) ? []
            : [Entry(TimelineKind.ZoneChanged, context.EffectiveAt(change, ChangeWhen.Immediate), change, context) with { Zone = change.Zone }];
    }

    private static IReadOnlyList<TimelineEntry> OfPause(Pause change, ChangeContext context)
    {
        context.Require("paused", Active, PastDue);
        var at = context.EffectiveAt(change, ChangeWhen.Immediate);
        Horizon.Ahead("resume_at", change.ResumeAt, context.Now);
        return change.ResumeAt <= at
            ? throw BillingException.Field("resume_at", $"must be after {at}, when the pause begins")
            : [Entry(TimelineKind.Paused, at, change, context) with { Until = change.ResumeAt }];
    }

    private static IReadOnlyList<TimelineEntry> OfResume(SubscriptionChange change, ChangeContext context)
    {
        context.Require("resumed", Paused, Suspended);
        return context.Status is Paused
            ? [Entry(TimelineKind.Resumed, context.EffectiveAt(change, ChangeWhen.Immediate, context.State.PausedAt), change, context)]
            : [.. context.State.Causes.Select(cause => Entry(TimelineKind.Reinstated, context.Now, change, context) with { Cause = cause })];
    }

    private static IReadOnlyList<TimelineEntry> OfSuspend(Suspend change, ChangeContext context)
    {
        context.Require("suspended", Trialing, Active, PastDue, Suspended);
        return context.State.Causes.Contains(change.Cause) ? [] : [Entry(TimelineKind.Suspended, context.Now, change, context) with { Cause = change.Cause }];
    }

    private static IReadOnlyList<TimelineEntry> OfReinstate(Reinstate change, ChangeContext context) =>
        context.State.Causes.Contains(change.Cause) ? [Entry(TimelineKind.Reinstated, context.Now, change, context) with { Cause = change.Cause }] : [];

    private static Instant? Later(string field, Instant? end, Instant start) =>
        end <= start ? throw BillingException.Field(field, $"must be after {start}") : end;
}
