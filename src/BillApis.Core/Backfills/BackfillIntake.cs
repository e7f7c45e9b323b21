using BillApis.Metering;

namespace BillApis;

/// <summary>Decides which events a backfill takes.</summary>
internal static class BackfillIntake
{
    /// <summary>What is wrong with an event for the backfill, or null and the event ready to be kept; however old it is, since it comes late on purpose.</summary>
    public static FieldError? Stamp(this UsageBackfill backfill, Intake intake, UsageEvent item, out StampedEvent? stamped)
    {
        stamped = null;
        if (item.Timestamp is not { } at)
        {
            return new FieldError("timestamp", "is required in a backfill");
        }

        if (intake.Stamp(item, out stamped, received: at) is { } wrong)
        {
            return wrong;
        }

        return !backfill.Period.Contains(stamped!.At) ? new FieldError("timestamp", $"must lie in the timeframe of the backfill, from {backfill.Period.Start} and before {backfill.Period.End}")
            : backfill.EventType is { } type && item.Type != type ? new FieldError("type", $"must be '{type}', the type that the backfill is about")
            : Orphaned(stamped, item) is { } orphaned ? orphaned
            : backfill.Customer is { } customer && stamped.Customer != customer ? new FieldError("customer_id", $"must be '{customer}', the customer that the backfill is about")
            : null;
    }

    // What nobody can be billed for must not take the place of what somebody is.
    private static FieldError? Orphaned(StampedEvent stamped, UsageEvent item) => stamped.Orphan switch
    {
        OrphanReason.UnknownCustomer => new FieldError("customer_id", item.Customer is "" ? "is required" : $"names '{item.Customer}', and there is no such customer"),
        OrphanReason.UnknownSubscription => new FieldError("subscription_id", $"names '{item.SubscriptionId}', which the customer does not have"),
        OrphanReason.NoMetric => new FieldError("type", $"must be counted by a metric; none counts events of the type '{item.Type}' with these properties"),
        _ => null,
    };
}
