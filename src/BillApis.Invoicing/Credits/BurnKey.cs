using NodaTime;

namespace BillApis.Invoicing;

/// <summary>The place of a grant in the order in which credit is used: priority, then soonest expiry to the second, then narrowest scope, then promotional before paid, then oldest.</summary>
/// <param name="Priority">The smaller comes first.</param>
/// <param name="ExpiresAt">What ends sooner comes first; null comes last.</param>
/// <param name="ScopeWidth">How many metrics and products it is for; 0 for everything, which comes last.</param>
/// <param name="Category">Whether it was given or bought.</param>
/// <param name="CreatedAt">The older comes first.</param>
/// <param name="Id">Decides where all else is equal.</param>
public readonly record struct BurnKey(int Priority, Instant? ExpiresAt, int ScopeWidth, CreditCategory Category, Instant CreatedAt, string Id) : IComparable<BurnKey>
{
    /// <inheritdoc/>
    public int CompareTo(BurnKey other)
    {
        var (mine, its) = (Rank(this), Rank(other));
        var order = mine.CompareTo(its);
        return order != 0 ? order : string.CompareOrdinal(Id, other.Id);
    }

    private static (int Priority, long Expiry, int Width, CreditCategory Category, Instant CreatedAt) Rank(BurnKey key) =>
        (key.Priority, key.ExpiresAt?.ToUnixTimeSeconds() ?? long.MaxValue, key.ScopeWidth == 0 ? int.MaxValue : key.ScopeWidth, key.Category, key.CreatedAt);

#pragma warning disable CS1591 // Operators do what they say.
    public static bool operator <(BurnKey left, BurnKey right) => left.CompareTo(right) < 0;
    public static bool operator >(BurnKey left, BurnKey right) => left.CompareTo(right) > 0;
    public static bool operator <=(BurnKey left, BurnKey right) => left.CompareTo(right) <= 0;
    public static bool operator >=(BurnKey left, BurnKey right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}

/// <summary>Whether credit was given or bought.</summary>
public enum CreditCategory
{
    /// <summary>Given: it discounts invoices before tax.</summary>
    Promotional,

    /// <summary>Bought: it pays invoices after tax.</summary>
    Paid,
}
