using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What is owed at an instant, by customer and currency, and for how long it has been due.</summary>
/// <param name="AsOf">The instant.</param>
/// <param name="Lines">One line for each customer and currency that something is owed in.</param>
public sealed record ReceivablesAging(Instant AsOf, ImmutableArray<AgedReceivable> Lines)
{
    private static readonly ImmutableArray<int> Days = [30, 60, 90];

    /// <summary>Sorts the open invoices by the whole days since they were due.</summary>
    public static ReceivablesAging Of(IEnumerable<Invoice> invoices, Instant asOf) => new(
        asOf,
        [.. invoices.Where(invoice => !invoice.Due.IsZero)
            .GroupBy(invoice => (invoice.Customer, invoice.Currency))
            .Select(group => new AgedReceivable(
                group.Key.Customer,
                [.. Enumerable.Range(0, Days.Length + 2).Select(bucket => group.Where(invoice => BucketOf(invoice, asOf) == bucket).Aggregate(Money.Zero(group.Key.Currency), (sum, invoice) => sum + invoice.Due))]))
            .OrderBy(line => line.Customer.ToString(), StringComparer.Ordinal).ThenBy(line => line.Total.Currency.Code, StringComparer.Ordinal)]);

    // 0 is not due yet; then up to 30, 60 and 90 days late, and longer.
    private static int BucketOf(Invoice invoice, Instant asOf)
    {
        var late = asOf - (invoice.DueAt ?? asOf);
        return late <= Duration.Zero ? 0 : 1 + Days.Count(days => late > Duration.FromDays(days));
    }
}

/// <summary>What a customer owes in one currency, by age.</summary>
/// <param name="Customer">Who owes it.</param>
/// <param name="Buckets">Not due yet, then 1 to 30, 31 to 60, 61 to 90, and more than 90 days late.</param>
public sealed record AgedReceivable(CustomerId Customer, ImmutableArray<Money> Buckets)
{
    /// <summary>All of it.</summary>
    public Money Total => Buckets.Aggregate((sum, amount) => sum + amount);
}
