using BillApis.Pricing;
using BillApis.Storage;

namespace BillApis;

/// <summary>What is asked of a subscription, with its instants as they will be read back: what is billed at once is of the same instants as what is billed later.</summary>
internal static class StoredInstants
{
    public static NewSubscription ToStored(this NewSubscription request) => request with
    {
        StartAt = request.StartAt?.ToStored(),
        EndAt = request.EndAt?.ToStored(),
        TrialEndAt = request.TrialEndAt?.ToStored(),
        Anchor = ToStored(request.Anchor),
        Phases = [.. request.Phases.Select(phase => phase with { StartAt = phase.StartAt.ToStored() })],
    };

    public static SubscriptionChange ToStored(this SubscriptionChange change)
    {
        var stored = change switch
        {
            Reactivate asked => asked with { EndAt = asked.EndAt?.ToStored() },
            Renew asked => asked with { EndAt = asked.EndAt?.ToStored() },
            Pause asked => asked with { ResumeAt = asked.ResumeAt?.ToStored() },
            ChangePlan asked => asked with { Anchor = ToStored(asked.Anchor) },
            _ => change,
        };
        return stored with { At = change.At?.ToStored() };
    }

    private static BillingAnchor? ToStored(BillingAnchor? anchor) => anchor is InstantAnchor at ? BillingAnchor.At(at.Boundary.ToStored()) : anchor;
}
