using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a customer could use at instants of the past, from the entries alone.</summary>
public static class BalanceHistory
{
    /// <summary>The balance at each of several instants: of every grant that counted then, what its last entry left.</summary>
    /// <param name="grants">The customer's grants in one currency, also those that have ended.</param>
    /// <param name="entries">All that moved them, in any order; what falls due by itself after the last of them is worked out.</param>
    /// <param name="instants">When.</param>
    /// <param name="currency">The currency.</param>
    public static IReadOnlyList<BalancePoint> At(IReadOnlyCollection<CreditGrant> grants, IEnumerable<CreditEntry> entries, IReadOnlyList<Instant> instants, Currency currency)
    {
        ArgumentNullException.ThrowIfNull(grants);
        ArgumentNullException.ThrowIfNull(instants);
        var stored = entries.ToLookup(entry => entry.Grant);
        var moved = grants.Where(grant => grant.Amount.Currency == currency)
            .Select(grant => (Grant: grant, Entries: stored[grant.Id].Concat(grant.AdvancedTo(instants.Count == 0 ? grant.AsOf : instants.Max()).Entries).OrderBy(entry => entry.Number).ToList())).ToList();
        return [.. instants.Select(at => new BalancePoint(at, Sum(CreditCategory.Paid, at), Sum(CreditCategory.Promotional, at)))];

        Money Sum(CreditCategory category, Instant at) => moved.Where(item => item.Grant.Category == category && item.Grant.Period.IsActiveAt(at))
            .Aggregate(Money.Zero(currency), (sum, item) => item.Entries.FindLast(entry => entry.At <= at) is { } last ? sum + last.Balance : sum);
    }
}

/// <summary>What a customer could use at an instant.</summary>
/// <param name="At">When.</param>
/// <param name="Paid">Of what it had bought.</param>
/// <param name="Promotional">Of what it was given.</param>
public sealed record BalancePoint(Instant At, Money Paid, Money Promotional)
{
    /// <summary>Both together.</summary>
    public Money Total => Paid + Promotional;
}
