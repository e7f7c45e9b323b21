using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Credit of one customer and what is left of it; every change adds an entry, and the balance is never negative.</summary>
public sealed record CreditGrant : IEntity<CreditGrant>
{
    /// <summary>The priority where none is named.</summary>
    public const int DefaultPriority = 100;

    /// <summary>The largest number that a priority may be.</summary>
    public const int MaxPriority = 1_000_000;

    /// <summary>The most units that a period of a recurring grant lasts.</summary>
    public const int MaxRecurrenceCount = 10;

    /// <summary>The id.</summary>
    public required CreditGrantId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Whose credit it is.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>Whether it was given or bought.</summary>
    public required CreditCategory Category { get; init; }

    /// <summary>The credit memo that it came from and is withdrawn with; null for any other.</summary>
    public CreditMemoId? Memo { get; init; }

    /// <summary>The invoice that came to less than nothing and became this; null for any other.</summary>
    public InvoiceId? Invoice { get; init; }

    /// <summary>How much it was, or is in each period; more than zero.</summary>
    public required Money Amount { get; init; }

    /// <summary>What is left, as of <see cref="AsOf"/>.</summary>
    public required Money Balance { get; init; }

    /// <summary>When it counts.</summary>
    public required GrantPeriod Period { get; init; }

    /// <summary>The smaller is used first.</summary>
    public int Priority { get; init; } = DefaultPriority;

    /// <summary>Which lines it is for.</summary>
    public CreditScope Scope { get; init; } = CreditScope.All;

    /// <summary>How it is filled up again; null for never.</summary>
    public GrantRecurrence? Recurrence { get; init; }

    /// <summary>When and how much credit is to be bought as the customer's runs out; null for never.</summary>
    public AutoTopUp? TopUp { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Until when periods and expiry are taken into account.</summary>
    public required Instant AsOf { get; init; }

    /// <summary>How many entries there are.</summary>
    public int EntryCount { get; init; }

    /// <summary>The entries since it was read; the store keeps them with it.</summary>
    [JsonIgnore]
    public ImmutableArray<CreditEntry> Entries { get; init; } = [];

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>Its place in the order of use.</summary>
    [JsonIgnore]
    public BurnKey Key => new(Priority, Period.ExpiresAt, Scope.Width, Category, CreatedAt, Id.ToString());

    /// <summary>When it next changes by itself; null where it never does.</summary>
    [JsonIgnore]
    public Instant? NextChangeAt
    {
        get
        {
            if (Period.EndsAt <= AsOf)
            {
                return null;
            }

            if (IsAhead && !(Period.EndsAt <= Period.EffectiveAt))
            {
                return Period.EffectiveAt;
            }

            var refill = Recurrence?.Next(Period.EffectiveAt, Instant.Max(AsOf, Period.EffectiveAt));
            return refill is { } next && !(Period.EndsAt <= next) ? next : Period.EndsAt;
        }
    }

    // The rule by which credit is bought as it runs out begins with the grant, and somebody has to look at the balance then.
    private bool IsAhead => TopUp is not null && AsOf < Period.EffectiveAt;

    string IEntity<CreditGrant>.Key => Id.ToString();

    string? IEntity<CreditGrant>.Alias => null;

    /// <inheritdoc/>
    public CreditGrant WithVersion(long version) => this with { Version = version };

    /// <summary>The same grant with its first entry.</summary>
    public CreditGrant Opened() => Moved(CreditEntryKind.Granted, Amount, CreatedAt);

    /// <summary>The same grant at a later instant: refilled by its periods, and empty after its end.</summary>
    public CreditGrant AdvancedTo(Instant at)
    {
        var grant = this;
        while (grant.NextChangeAt is { } change && change <= at)
        {
            grant = change == grant.Period.EndsAt
                ? grant.Moved(CreditEntryKind.Expired, -grant.Balance, change) with { AsOf = change }
                : (grant.IsAhead ? grant : grant.Refilled(change)) with { AsOf = change };
        }

        return grant;
    }

    /// <summary>Takes some for an invoice.</summary>
    /// <exception cref="InvalidOperationException">It is more than is left, or the grant does not count then.</exception>
    public CreditGrant Use(Money amount, InvoiceId invoice, Instant at) => amount >= Money.Zero(amount.Currency) && amount <= Balance && Period.IsActiveAt(at)
        ? Moved(CreditEntryKind.Used, -amount, at, invoice)
        : throw new InvalidOperationException($"{amount} cannot be taken from the grant '{Id}', which has {Balance}.");

    /// <summary>Gives back what a withdrawn invoice had used; what would have expired meanwhile, had it not been used, does so at once.</summary>
    /// <param name="amount">What was used.</param>
    /// <param name="invoice">The invoice.</param>
    /// <param name="at">When it was withdrawn.</param>
    /// <param name="history">The entries that are stored of it, in their order.</param>
    public CreditGrant Return(Money amount, InvoiceId invoice, Instant at, IEnumerable<CreditEntry> history)
    {
        var grant = AdvancedTo(at);
        var kept = Period.EndsAt <= at ? Money.Zero(amount.Currency) : Recurrence is null ? amount : CreditRollover.Left([.. history, .. grant.Entries], amount, invoice, Recurrence.Rollover);
        return grant.Moved(CreditEntryKind.Returned, amount, at, invoice).Moved(CreditEntryKind.Expired, kept - amount, at);
    }

    /// <summary>Withdraws what is left.</summary>
    /// <exception cref="BillingException">It was withdrawn already, or has ended.</exception>
    public CreditGrant Void(Instant at)
    {
        var grant = AdvancedTo(at);
        return Period.VoidedAt is not null || Period.EndsAt <= at
            ? throw new BillingException(BillingErrorCode.Conflict, $"The credit grant '{Id}' {(Period.VoidedAt is null ? "has expired" : "is voided already")} and cannot be voided.")
            : grant.Moved(CreditEntryKind.Voided, -grant.Balance, at) with { Period = Period with { VoidedAt = at }, AsOf = at };
    }

    private CreditGrant Refilled(Instant at)
    {
        var kept = Balance < Recurrence!.Rollover ? Balance : Recurrence.Rollover;
        return Moved(CreditEntryKind.Expired, kept - Balance, at).Moved(CreditEntryKind.Refilled, Amount, at);
    }

    private CreditGrant Moved(CreditEntryKind kind, Money amount, Instant at, InvoiceId? invoice = null)
    {
        if (amount.IsZero)
        {
            return this;
        }

        var balance = kind is CreditEntryKind.Granted ? amount : Balance + amount;
        var id = EntityId.Derive<CreditEntryId>(at, string.Create(CultureInfo.InvariantCulture, $"{Tenant}/{Id}/{EntryCount}"));
        return this with { Balance = balance, EntryCount = EntryCount + 1, Entries = Entries.Add(new CreditEntry(id, Id, EntryCount, kind, amount, balance, at, invoice)) };
    }
}
