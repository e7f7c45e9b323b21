using NodaTime;

namespace BillApis;

/// <summary>Keeps instants that somebody asks for near enough that all that falls due until then can be computed.</summary>
internal static class Horizon
{
    /// <summary>Refuses an instant later than <see cref="Limits.SubscriptionHorizon"/> from now; null is none.</summary>
    /// <exception cref="BillingException">It is.</exception>
    public static void Ahead(string field, Instant? at, Instant now)
    {
        if (at > now + Limits.SubscriptionHorizon)
        {
            throw Refused(field);
        }
    }

    /// <summary>Refuses an instant further from now than that, back or ahead.</summary>
    /// <exception cref="BillingException">It is.</exception>
    public static void Around(string field, Instant at, Instant now)
    {
        if (at < now - Limits.SubscriptionHorizon)
        {
            throw Refused(field);
        }

        Ahead(field, at, now);
    }

    private static BillingException Refused(string field) => BillingException.Field(field, $"must be within {Limits.SubscriptionHorizon.Days} days of now");
}
