using NodaTime;

namespace BillApis;

/// <summary>What is to be set aside: a quantity of a feature, or an amount of money.</summary>
/// <param name="Customer">The customer's id or external id.</param>
public sealed record NewReservation(string Customer)
{
    /// <summary>The feature's id or code; null for an amount of money.</summary>
    public string? Feature { get; init; }

    /// <summary>How much of the feature.</summary>
    public decimal Quantity { get; init; } = 1;

    /// <summary>How much money, against the customer's spend limits that suspend or block.</summary>
    public Money? Amount { get; init; }

    /// <summary>The id of the subscription that the amount is spent on, whose own limits hold then as well; null for the customer's alone.</summary>
    public string? Subscription { get; init; }

    /// <summary>How long it is set aside, by the database's clock; it is given back by itself then.</summary>
    public Duration Lifetime { get; init; } = Duration.FromMinutes(1);

    /// <summary>The id that makes a repeat known as one; a new one where null.</summary>
    public ReservationId? Id { get; init; }

    /// <summary>Refuses what breaks a rule.</summary>
    /// <exception cref="BillingException">A field is missing or out of its range; the message names it and what is allowed.</exception>
    public void Validate()
    {
        if (Feature is null == Amount is null)
        {
            throw BillingException.Field("feature_id", "must be given, or else an amount");
        }

        if (Subscription is not null && Amount is null)
        {
            throw BillingException.Field("subscription_id", "is only for an amount; a feature's quota is the customer's");
        }

        Check.Range("quantity", Quantity, 0, Limits.Magnitude);
        if (Amount is { MinorUnits: < 0 })
        {
            throw BillingException.Field("amount", "must not be negative");
        }

        if (Lifetime < Duration.FromSeconds(1) || Lifetime > Limits.ReservationLifetime)
        {
            throw BillingException.Field("ttl_seconds", $"must be between 1 and {(long)Limits.ReservationLifetime.TotalSeconds}");
        }
    }
}
