using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A discount that subscriptions may redeem.</summary>
public sealed record Coupon : IMasterData<Coupon>
{
    /// <summary>The most redemptions that a coupon may allow.</summary>
    public const int MaxMaxRedemptions = 1_000_000_000;

    /// <inheritdoc/>
    public static string Kind => "coupon";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public CouponId Id { get; init; } = EntityId.New<CouponId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, which customers may type; without white space.</summary>
    public required string Code { get; init; }

    /// <summary>What customers read on the invoice; the code where null.</summary>
    public string? Name { get; init; }

    /// <summary>What it takes off.</summary>
    public required CouponTerms Terms { get; init; }

    /// <summary>How many subscriptions may redeem it; null for any number.</summary>
    public int? MaxRedemptions { get; init; }

    /// <summary>Until when it may be redeemed, that instant not included; null for ever.</summary>
    public Instant? RedeemBy { get; init; }

    /// <summary>How many subscriptions redeemed it.</summary>
    public int Redemptions { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<Coupon>.Key => Id.ToString();

    string? IEntity<Coupon>.Alias => Code;

    /// <inheritdoc/>
    public Coupon WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Coupon Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Coupon Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Text("name", Name);
        Check.Range("max_redemptions", MaxRedemptions ?? 1, 1, MaxMaxRedemptions);
        Check.Metadata(Metadata);
        ArgumentNullException.ThrowIfNull(Terms);
        Terms.Validate();
    }

    /// <summary>Counts one more subscription, for an invoice currency.</summary>
    /// <exception cref="BillingException">It is archived, its time is over, it was redeemed as often as allowed, or it is in another currency.</exception>
    public Coupon Redeem(Currency currency, Instant at)
    {
        var refusal = ArchivedAt is not null ? "is archived"
            : RedeemBy <= at ? $"could be redeemed until {RedeemBy} only"
            : Redemptions >= MaxRedemptions ? $"was redeemed {Redemptions} times, as often as it may be"
            : Terms.AmountOff is { } amount && amount.Currency != currency ? $"is in {amount.Currency}, not in {currency}"
            : null;
        return refusal is null
            ? this with { Redemptions = Redemptions + 1 }
            : throw new BillingException(BillingErrorCode.Conflict, $"The coupon '{Code}' {refusal} and cannot be redeemed.");
    }
}
