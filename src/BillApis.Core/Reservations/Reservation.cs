using NodaTime;

namespace BillApis;

/// <summary>A part of a quota that is set aside for work that is about to be done.</summary>
public sealed record Reservation
{
    /// <summary>The id, chosen by the caller so that a repeat is known as one.</summary>
    public required ReservationId Id { get; init; }

    /// <summary>The quota.</summary>
    public required QuotaKey Quota { get; init; }

    /// <summary>How much is set aside.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>The limit that it was held to; null for none.</summary>
    public decimal? Limit { get; init; }

    /// <summary>A second quota of the customer that it counts in as well, over the same time; null for none.</summary>
    public QuotaShare? Also { get; init; }

    /// <summary>Where it stands.</summary>
    public ReservationState State { get; init; }

    /// <summary>What was used in the end; null while that is open.</summary>
    public decimal? Actual { get; init; }

    /// <summary>When it is given back by itself, by the database's clock.</summary>
    public Instant ExpiresAt { get; init; }

    /// <summary>The subscription that an amount is spent on, where one was named.</summary>
    public SubscriptionId? Subscription => EntityId.TryParse<SubscriptionId>(Also?.Subject.Split('/')[^1] ?? "", out var id) ? id : null;

    internal QuotaKey? AlsoQuota => Also is { } share ? Quota with { Subject = share.Subject } : null;

    internal QuotaKey[] Quotas => AlsoQuota is { } also ? [Quota, also] : [Quota];

    internal decimal AlsoHeld => Also is null ? 0 : Quantity;
}

/// <summary>What a reservation takes of a second quota: the quantity that it takes of the first.</summary>
/// <param name="Subject">What it is of: <c>spend/USD/sub_…</c>.</param>
/// <param name="Limit">The limit that it was held to; null for none.</param>
public sealed record QuotaShare(string Subject, decimal? Limit);

/// <summary>Where a reservation stands.</summary>
public enum ReservationState
{
    /// <summary>Its quantity is set aside.</summary>
    Open,

    /// <summary>What was used is counted.</summary>
    Committed,

    /// <summary>It was given back.</summary>
    Released,

    /// <summary>Its time ran out, and it was given back.</summary>
    Expired,
}
