using System.Collections.Immutable;
using System.Globalization;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>What a customer spent on usage in one month, by subscription, as it was posted to the ledger.</summary>
public sealed record SpendRecord : IEntity<SpendRecord>
{
    /// <summary>How many decimals spend is kept with.</summary>
    public const int Scale = 8;

    /// <summary>The id, which follows from customer and month.</summary>
    public required SpendRecordId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Who spent it.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>The month, in the customer's zone.</summary>
    public required Interval Month { get; init; }

    /// <summary>What each subscription spent in units of 8 decimals.</summary>
    public ImmutableSortedDictionary<string, SubscriptionSpend> Spent { get; init; } = ImmutableSortedDictionary<string, SubscriptionSpend>.Empty;

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<SpendRecord>.Key => Id.ToString();

    string? IEntity<SpendRecord>.Alias => null;

    /// <inheritdoc/>
    public SpendRecord WithVersion(long version) => this with { Version = version };

    /// <summary>The record of a month in which nothing was posted yet.</summary>
    public static SpendRecord Of(Customer customer, Interval month, Instant now)
    {
        ArgumentNullException.ThrowIfNull(customer);
        return new SpendRecord
        {
            Id = EntityId.Derive<SpendRecordId>(month.Start, string.Create(CultureInfo.InvariantCulture, $"{customer.Tenant}/{customer.Id}/{month.Start.ToUnixTimeTicks()}")),
            Tenant = customer.Tenant,
            Customer = customer.Id,
            Month = month,
            CreatedAt = now,
        };
    }

    /// <summary>Moves to what was spent by now, and says what has to be posted for it; the same record where nothing moved.</summary>
    public (SpendRecord Record, ImmutableArray<Transfer> Posting) MoveTo(IReadOnlyDictionary<SubscriptionId, SubscriptionSpend> spent, Instant now)
    {
        ArgumentNullException.ThrowIfNull(spent);
        var (moved, transfers) = (Spent, new List<Transfer>());
        foreach (var (subscription, amount) in spent.OrderBy(item => item.Key.ToString(), StringComparer.Ordinal))
        {
            var before = Spent.GetValueOrDefault(subscription.ToString());
            if ((before?.Units ?? 0) != amount.Units)
            {
                moved = moved.SetItem(subscription.ToString(), amount);
                transfers.Add(Postings.SpendMoved(Tenant, subscription, Customer, new Asset(amount.Currency.Code, Scale), amount.Units - (before?.Units ?? 0), string.Create(CultureInfo.InvariantCulture, $"{Id}/{Version + 1}"), now));
            }
        }

        return transfers.Count == 0 ? (this, []) : (this with { Spent = moved }, [.. transfers.Select((transfer, index) => transfer with { Linked = index < transfers.Count - 1 })]);
    }

    /// <summary>What was spent in a currency, by one subscription or by all.</summary>
    public decimal Total(Currency currency, SubscriptionId? subscription = null) =>
        Spent.Where(item => item.Value.Currency == currency && (subscription is null || item.Key == subscription.ToString())).Sum(item => item.Value.Amount);
}

/// <summary>What one subscription spent.</summary>
/// <param name="Currency">Its currency.</param>
/// <param name="Units">The amount in units of 8 decimals.</param>
public sealed record SubscriptionSpend(Currency Currency, long Units)
{
    /// <summary>The amount.</summary>
    public decimal Amount => new Asset(Currency.Code, SpendRecord.Scale).ToMajorUnits(Units);

    /// <summary>An exact amount, rounded once to 8 decimals, half away from zero.</summary>
    /// <exception cref="OverflowException">It does not fit.</exception>
    public static SubscriptionSpend Of(Currency currency, decimal amount) =>
        new(currency, checked((long)(Math.Round(amount, SpendRecord.Scale, MidpointRounding.AwayFromZero) * 100_000_000m)));
}
